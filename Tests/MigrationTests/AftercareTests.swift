import FleetModel
import Policy
import Testing

@testable import Migration

@Suite("What is done for a guest that has arrived", .timeLimit(.minutes(1)))
struct AftercareTests {
    private static let clock = Conclusion.setClock(
        GuestClockReading(ahead: .milliseconds(-3), error: .milliseconds(1)))

    private let plan = LiveMigrationTests().plan(conclusions: [clock, .autostart, .watchAddresses])

    /// A guest that is on its destination, and what is found there.
    private func ports(_ found: [Conclusion: Result<Concluded, ApusError>]) -> ScriptedPorts {
        var script = ScriptedPorts.Script()
        script.concluded = found
        return ScriptedPorts(script)
    }

    private func ending(_ ports: ScriptedPorts) -> MoveEnding<ScriptedPorts> {
        MoveEnding(
            plan: plan, ports: ports,
            book: MoveBook(
                id: "a", owner: ProcessMark(pid: 1, started: 1, boot: ""), log: PageInMemory()),
            follows: false, neverStopped: false, ranThere: true, isDeaf: false, say: { _ in })
    }

    @Test("what was found is told")
    func found() async {
        let learnt = LearntAddress(
            mac: "52:54:00:1a:b0:01", destination: .known(.guest), source: .known(.elsewhere(port: "eth0")))
        let outcome = await ending(
            ports([
                Self.clock: .success(.clock(.set(lost: .milliseconds(90)))),
                .autostart: .success(.autostart(obstacles: [])),
                .watchAddresses: .success(.addresses([learnt], after: .milliseconds(120))),
            ])
        ).end()
        #expect(outcome.settled.verdict == .arrived)
        #expect(outcome.care.clock == .set(lost: .milliseconds(90)))
        #expect(outcome.care.isAutostarted == true)
        #expect(outcome.care.addresses == [learnt] && outcome.care.watched == .milliseconds(120))
        #expect(outcome.remarks.isEmpty)
    }

    @Test("what could not be done is a remark, and the guest has arrived all the same")
    func failures() async {
        let lost = LearntAddress(
            mac: "52:54:00:1a:b0:01", destination: .known(.unknown), source: .notKnown("no remote-shell"))
        let outcome = await ending(
            ports([
                Self.clock: .success(.clock(.failed("its agent hangs"))),
                .autostart: .failure(ApusError(.hostUnreachable, "ask beta", "beta is away", hint: nil)),
                .watchAddresses: .success(.addresses([lost], after: nil)),
            ])
        ).end()
        #expect(outcome.settled.verdict == .arrived && outcome.leftBehind.isEmpty)
        #expect(outcome.care.isAutostarted == nil)
        #expect(outcome.remarks.count == 3)
        for words in ["could not have it start with its host: beta is away", "its agent hangs", lost.mac] {
            #expect(outcome.remarks.contains { $0.contains(words) }, "\(words): \(outcome.remarks)")
        }
    }

    @Test("a repair does it where the process that moved the guest is gone")
    func repair() async throws {
        let ports = ports([:])
        let result = try await MoveRepair(
            id: "a", plan: plan, owner: ProcessMark(pid: 2, started: 1, boot: ""), ports: ports,
            log: PageInMemory(), say: { _ in }
        ).run()
        #expect(result.settled.verdict == .arrived)
        #expect(ports.changes == plan.conclusions.map(\.operation))
    }
}
