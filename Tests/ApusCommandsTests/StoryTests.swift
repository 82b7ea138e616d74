import FleetModel
import FoundationEssentials
import Journal
import Testing

@testable import ApusCommands

@Suite("The story that apus show tells")
struct StoryTests {
    private static let choice = MovePlan.Choice(
        "strategy", "pre-copy", because: "it converges and costs the guest least")
    private static let plan =
        #"{"schema":1,"a_later_field":[],"method":{"is_live":true,"slows_guest_down":false,"allows_post_copy":false},"#
        + #""choices":[{"subject":"strategy","choice":"pre-copy","reason":"it converges and costs the guest least"}]}"#

    private static func move(
        _ outcome: MoveRecord.Outcome, code: String? = nil, actual: PastMove? = nil, plan: String = plan
    ) -> MoveRecord {
        MoveRecord(
            id: "3f2a1b2c4d5e6f70", guest: GuestIdentity(name: "web01", uuid: "u"), source: "alpha",
            destination: "beta", began: 1_700_000_000, plan: plan, forecast: nil, outcome: outcome,
            code: code,
            actual: actual)
    }

    private static let entries = [
        MoveEntry(at: .zero, .phase(.preMigration)),
        MoveEntry(at: .milliseconds(40), .phase(.reservation)),
        MoveEntry(at: .milliseconds(640), .phase(.preCopy)),
        MoveEntry(at: .milliseconds(900), .sample(JobSample(memoryRemaining: .mebibytes(300), round: 1))),
        MoveEntry(
            at: .seconds(2),
            .decision(Decision(.setDowntimeLimit(.milliseconds(250)), because: "the link gives 900 Mbit/s"))),
        MoveEntry(at: .seconds(3), .remark("the connection to alpha broke\nand came back")),
        MoveEntry(at: .seconds(4), .phase(.stopAndCopy)),
    ]

    private static func text(
        _ move: MoveRecord, _ entries: [MoveEntry] = [], unfinished: Journal.Unfinished? = nil
    ) -> String {
        MoveStory(move: move, entries: entries, unfinished: unfinished)
            .text(width: 60, style: Chart.Style { _ in nil })
    }

    @Test("is told in plain words, in its order, with each reason and each phase's time")
    func finished() {
        let actual = PastMove(
            strategy: .preCopy, total: .seconds(5), downtime: .milliseconds(56), wire: .mebibytes(400),
            rounds: 3)
        #expect(
            Self.text(Self.move(.moved, actual: actual), Self.entries) == """
                web01 moved from alpha to beta in 5 s.
                  move       3f2a1b2c4d5e6f70, begun 2023-11-14 22:13:20 UTC
                  strategy   pre-copy: it converges and costs the guest least

                               FORECAST  ACTUAL
                  total time   -         5 s
                  downtime     -         56 ms
                  on the wire  -         400 MiB
                  rounds       -         3

                What happened:
                  +0 ms    pre-migration (took 40 ms)
                  +40 ms   reservation (took 600 ms)
                  +640 ms  pre-copy (took 3.36 s)
                  +2 s       downtime limit set to 250 ms: the link gives 900 Mbit/s
                  +3 s       the connection to alpha broke and came back
                  +4 s     stop-and-copy (took 1 s)
                  +5 s     the end: moved
                """)
    }

    @Test(
        "begins with how it ended, and with which code",
        arguments: [
            (
                move(.failed, code: "migration-failed"),
                "web01 stayed on alpha: its move to beta failed [migration-failed]."
            ),
            (
                move(.aborted, code: "interrupted"),
                "web01 stayed on alpha: its move to beta was aborted [interrupted]."
            ),
            (
                move(.notKnown, code: "state-not-known"),
                "Where web01 is after its move from alpha to beta is not known [state-not-known]."
            ),
            (move(.open), "The move of web01 from alpha to beta was left unfinished."),
            (move(.moved), "web01 moved from alpha to beta."),
        ])
    func headline(move: MoveRecord, expected: String) {
        #expect(Self.text(move).hasPrefix(expected + "\n"))
    }

    @Test("shows the sealed forecast beside what came")
    func forecast() {
        let input = ForecastInput(memory: .mebibytes(400))
        func flat<Value>(_ value: Value) -> Estimate<Value> {
            Estimate(low: value, likely: value, high: value)
        }
        let forecast = Forecast(
            input: input, basis: .sampled,
            strategies: [
                StrategyForecast(
                    strategy: .preCopy,
                    total: Estimate(low: .seconds(4), likely: .seconds(6), high: .seconds(9)),
                    downtime: flat(.milliseconds(40)), wire: flat(.mebibytes(380)), rounds: flat(3),
                    confidence: 0.8,
                    converges: true, reason: "")
            ])
        let move = MoveRecord(
            id: "a1", guest: GuestIdentity(name: "web01", uuid: "u"), source: "alpha", destination: "beta",
            began: 0,
            plan: Self.plan, forecast: JSON.text(forecast), outcome: .failed, code: "timed-out")
        let text = Self.text(move)
        #expect(text.contains("\n  total time   6 s (4 s to 9 s)  -\n"))
        #expect(text.contains("\n  rounds       3                 -"))
    }

    @Test("says of a move that has not ended who is at work on it, or what to do")
    func unfinished() throws {
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "apus-story-\(UInt64.random(in: 0 ... .max))"
        )
        .path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let journal = try Journal.open(directory: directory)
        let move = Self.move(.open)
        let me = Journal.currentProcess()
        try journal.begin(
            move,
            Reservation(
                move: move.id, guest: move.guest, source: "alpha", destination: "beta", memory: .zero,
                owner: me,
                since: 1))
        try journal.note(Self.entries, of: move.id)
        let held = try #require(try journal.unfinished().first)
        let running = Self.text(move, try journal.entries(of: move.id), unfinished: held)
        #expect(running.hasPrefix("web01 is being moved from alpha to beta by process \(me.pid).\n"))
        #expect(!running.contains("apus repair"))
        #expect(
            running.contains("+4 s     stop-and-copy\n") == false
                && running.hasSuffix("+4 s     stop-and-copy"))

        try journal.note(
            UndoRecord(
                id: "u", run: move.id, purpose: .move, host: "beta", uri: "x", trace: .file("/f"),
                owner: ProcessMark(pid: 1, started: 1, boot: "an earlier boot")))
        try journal.finish(id: move.id, outcome: .failed, code: "migration-failed", actual: nil)
        let left = try #require(try journal.unfinished().first)
        let failed = Self.text(left.move, unfinished: left)
        #expect(failed.contains("\n  next       apus repair web01\n"))
        #expect(failed.contains("it may have left something on beta"))
        #expect(
            UnfinishedMoves.text(left)
                == "the move of web01 from alpha to beta (3f2a1b2c) has ended (failed) and left something behind: apus repair web01"
        )
    }

    @Test(
        "tells of a plan that another version wrote as much as can be read",
        arguments: ["", "{}", "[]", #"{"choices":7}"#])
    func strangePlan(plan: String) {
        #expect(Self.text(Self.move(.moved, plan: plan)).hasPrefix("web01 moved from alpha to beta.\n"))
    }

    @Test("is in JSON what it is in words")
    func json() throws {
        let report = ShowReport(
            MoveStory(move: Self.move(.failed, code: "x"), entries: Self.entries, unfinished: nil))
        let text = JSON.text(report)
        for part in [
            #""id":"3f2a1b2c4d5e6f70""#, #""began":"2023-11-14T22:13:20Z""#, #""outcome":"failed""#,
            #""code":"x""#,
            #""needs_repair":false"#, #""choices":[{"choice":"pre-copy","#,
            #"{"at_seconds":0.64,"name":"pre-copy","phase":2,"seconds":3.36}"#,
            #"{"at_seconds":0.9,"kind":"sample","sample":{"remaining_bytes":314572800,"round":1}}"#,
            #"{"at_seconds":2,"downtime_limit_seconds":0.25,"kind":"decision","reason":"the link gives 900 Mbit/s","#
                + #""step":"set-downtime-limit"}"#,
            #"{"at_seconds":3,"kind":"remark","text":"the connection to alpha broke\nand came back"}"#,
        ] { #expect(text.contains(part), "\(part)\n\(text)") }
    }
}
