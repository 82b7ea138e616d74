import FleetModel
import Testing

@testable import Policy

/// A copy as a list of what its rounds began with, over a link of 50 MiB/s: each round lasts as long as sending that
/// takes, a sample comes five times a second and with each round.
struct ScriptedCopy {
    /// MiB that were left at the beginning of each round; the first is all there is.
    var left: [Double]
    /// Per cent by which the guest is slowed down in each round; none for those that are not named.
    var throttle: [Int] = []
    var memory = 200.0
    var policy = ConvergencePolicy()
    var canThrottle = true
    var canPostCopy = true
    var downtimeLimit: Duration?
    var deadline: Duration?
    var wasPaused = false
    /// QEMU's estimate of the throughput.
    var estimate = 50.0

    struct Made: Equatable {
        let round: Int
        let decision: Decision
    }

    static let rate = 50.0

    func run() -> [Made] {
        var controller = ConvergenceController(
            .init(
                memory: Self.size(memory), downtimeLimit: downtimeLimit, policy: policy,
                canThrottle: canThrottle, canPostCopy: canPostCopy, deadline: deadline, wasPaused: wasPaused))
        var made: [Made] = []
        var now = 0.0
        var wire = 0.0
        for (index, left) in left.enumerated() {
            let round = index + 1
            let seconds = left / Self.rate
            for part in 0...Int(seconds / 0.2) {
                let since = Double(part) * 0.2
                let sample = JobSample(
                    memoryTotal: Self.size(self.left[0]),
                    memoryRemaining: Self.size(left - since * Self.rate),
                    wire: Self.size(wire + since * Self.rate),
                    throughput: ByteRate(bytesPerSecond: Self.size(estimate).bytes), round: round,
                    throttlePercent: index < throttle.count ? throttle[index] : 0)
                let decisions = controller.next(
                    .init(
                        elapsed: .milliseconds(Int64((now + since) * 1000)), sample: sample,
                        roundBegan: part == 0 ? round : nil))
                made += decisions.map { Made(round: round, decision: $0) }
            }
            now += seconds
            wire += left
        }
        return made
    }

    private static func size(_ mebibytes: Double) -> ByteCount { (mebibytes * 0x1p20).size }
}

@Suite("convergence")
struct ConvergenceTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let copy: ScriptedCopy
        /// The first measure, and in which round it is taken; waiting is none.
        var step: Decision.Step?
        var round: Int?
        /// Words of its reason.
        var says: [String] = []
    }

    private static func policy(
        _ onStall: [ConvergencePolicy.Measure], maxRounds: Int? = 30, maxSent: Double? = nil,
        stallRounds: Int = 3
    ) -> ConvergencePolicy {
        ConvergencePolicy(
            onStall: onStall, maxRounds: maxRounds, maxSent: maxSent, stallRounds: stallRounds,
            enoughLeft: .mebibytes(1))
    }

    @Test(
        "measures",
        arguments: [
            Row(
                testDescription: "a copy that shrinks is left alone",
                copy: ScriptedCopy(left: [200, 80, 32, 12, 5, 2])),
            Row(
                testDescription: "a copy that shrinks slowly, but fast enough, too",
                copy: ScriptedCopy(left: [200, 120, 72, 43, 26, 15, 9, 6], policy: policy([.abort]))),
            Row(
                testDescription: "what never shrinks goes to post-copy after three rounds",
                copy: ScriptedCopy(left: [200, 100, 100, 100, 100], policy: policy([.postCopy])),
                step: .startPostCopy, round: 4, says: ["round 4", "100 MiB", "post-copy"]),
            Row(
                testDescription: "what dirties all of it again in every round goes a round earlier",
                copy: ScriptedCopy(left: [100, 100, 100, 100, 100], policy: policy([.postCopy])),
                step: .startPostCopy, round: 3, says: ["100 % of what is sent"]),
            Row(
                testDescription: "what fluctuates far above the limit stalls after three rounds",
                copy: ScriptedCopy(left: [200, 80, 90, 70, 85, 71, 75, 80], policy: policy([.postCopy])),
                step: .startPostCopy, round: 7),
            Row(
                testDescription: "more rounds of patience are had",
                copy: ScriptedCopy(
                    left: [200, 80, 90, 70, 85, 71, 75, 80, 76, 76, 76],
                    policy: policy([.postCopy], stallRounds: 6)), step: .startPostCopy, round: 10),
            Row(
                testDescription: "post-copy waits for a better moment",
                copy: ScriptedCopy(
                    left: [100, 95, 100, 130, 95, 130, 130], memory: 100, policy: policy([.postCopy])),
                step: .startPostCopy, round: 5),
            Row(
                testDescription: "but not for ever",
                copy: ScriptedCopy(
                    left: [100, 95, 120, 120, 120, 120, 120, 120], memory: 100, policy: policy([.postCopy])),
                step: .startPostCopy, round: 6),
            Row(
                testDescription: "a measure that waits is called off when the guest calms down",
                copy: ScriptedCopy(
                    left: [100, 95, 100, 130, 50, 20, 8], memory: 100, policy: policy([.postCopy]))),
            Row(
                testDescription: "giving up does not wait for a moment",
                copy: ScriptedCopy(
                    left: [100, 95, 100, 130, 95, 95], memory: 100, policy: policy([.abort])),
                step: .abort, round: 4, says: ["giving the move up"]),
            Row(
                testDescription: "a stopped guest is said to stand still for as long as the rest takes",
                copy: ScriptedCopy(left: [100, 100, 100, 100], policy: policy([.suspend])),
                step: .suspend, round: 3, says: ["for about 2 s"]),
            Row(
                testDescription: "what was not prepared is skipped, and that is said",
                copy: ScriptedCopy(
                    left: [100, 100, 100, 100], policy: policy([.throttle, .postCopy, .abort]),
                    canThrottle: false, canPostCopy: false), step: .abort, round: 3,
                says: ["auto-converge was not switched on", "post-copy was not prepared"]),
            Row(
                testDescription: "a list that is used up lets the copy go on",
                copy: ScriptedCopy(
                    left: [100, 100, 100, 100, 100, 100, 100], policy: policy([.postCopy]), canPostCopy: false
                )),
            Row(
                testDescription: "a paused guest is never meddled with",
                copy: ScriptedCopy(
                    left: [100, 100, 100, 100, 100], policy: policy([.abort]), wasPaused: true)),
        ])
    func measures(row: Row) throws {
        check(row)
    }

    @Test(
        "slowing the guest down",
        arguments: [
            Row(
                testDescription: "it has its time while it helps",
                copy: ScriptedCopy(
                    left: [100, 100, 100, 80, 64, 45, 31, 19, 11],
                    throttle: [0, 0, 20, 20, 30, 30, 40, 40, 50],
                    policy: policy([.throttle, .abort]))),
            Row(
                testDescription: "one round in which it does not help is enough where post-copy comes next",
                copy: ScriptedCopy(
                    left: [100, 100, 100, 99, 99, 99, 99], throttle: [0, 0, 20, 20, 30, 30, 40],
                    policy: policy([.throttle, .postCopy])),
                step: .startPostCopy, round: 4, says: ["although the guest is slowed down by 20 %"]),
            Row(
                testDescription: "six where only worse does",
                copy: ScriptedCopy(
                    left: [100, 100, 100, 99, 99, 99, 99, 99, 99, 99],
                    throttle: [0, 0, 20, 20, 30, 30, 40, 40, 50, 50], policy: policy([.throttle, .abort])),
                step: .abort, round: 9, says: ["although the guest is slowed down by 50 %"]),
            Row(
                testDescription: "less when it cannot end within what may be sent",
                copy: ScriptedCopy(
                    left: [100, 100, 100, 99, 99, 99, 99], throttle: [0, 0, 20, 20, 30, 30, 40], memory: 220,
                    policy: policy([.throttle, .abort], maxSent: 3)),
                step: .abort, round: 4, says: ["slowed down by 20 %", "in time"]),
            Row(
                testDescription: "it is not begun when it could not end in time",
                copy: ScriptedCopy(
                    left: [100, 100, 100, 100], memory: 120,
                    policy: policy([.throttle, .postCopy], maxSent: 4.5)),
                step: .startPostCopy, round: 3, says: ["slowing the guest down could not end it"]),
            Row(
                testDescription: "QEMU that does not begin with it is not waited for",
                copy: ScriptedCopy(
                    left: [100, 100, 100, 100, 100, 100, 100], policy: policy([.throttle, .suspend])),
                step: .suspend, round: 6, says: ["has not begun to slow"]),
        ])
    func throttling(row: Row) throws {
        check(row)
        let waits = row.copy.run().filter { $0.decision.step == .wait }
        #expect(waits.count <= 2)
    }

    @Test(
        "bounds",
        arguments: [
            Row(
                testDescription: "rounds",
                copy: ScriptedCopy(
                    left: [200, 100, 50, 25, 12, 9, 8],
                    policy: policy([.throttle, .postCopy], maxRounds: 5)),
                step: .startPostCopy, round: 6,
                says: ["5 rounds are over", "slowing the guest down would take more rounds"]),
            Row(
                testDescription: "memory sent, looked at a round ahead",
                copy: ScriptedCopy(
                    left: [100, 90, 100, 90, 100], memory: 100, policy: policy([.postCopy], maxSent: 3)),
                step: .startPostCopy, round: 3, says: ["3 times the memory of 100 MiB"]),
            Row(
                testDescription: "a guest of which little is in use goes to post-copy after one round",
                copy: ScriptedCopy(
                    left: [100, 100, 100, 100], memory: 100,
                    policy: policy([.throttle, .postCopy, .abort], maxSent: 2.9)),
                step: .startPostCopy, round: 2),
            Row(
                testDescription: "a round that ends it by itself is let be",
                copy: ScriptedCopy(
                    left: [100, 50, 25, 12, 5], memory: 100, policy: policy([.abort], maxSent: 1.95))),
            Row(
                testDescription: "a deadline calls for post-copy while it still can end the move",
                copy: ScriptedCopy(
                    left: [100, 60, 60, 60, 60, 60, 60, 60],
                    policy: policy([.postCopy], maxRounds: nil, stallRounds: 100), deadline: .seconds(8)),
                step: .startPostCopy, round: 3, says: ["until the timeout"]),
            Row(
                testDescription: "what takes longer than is left is not begun",
                copy: ScriptedCopy(
                    left: [100, 100, 100], policy: policy([.postCopy], stallRounds: 100),
                    deadline: .seconds(3))
            ),
            Row(
                testDescription: "then a later measure that is quick enough is taken",
                copy: ScriptedCopy(
                    left: [100, 95, 95, 95], policy: policy([.postCopy, .suspend], stallRounds: 100),
                    deadline: .seconds(5)), step: .suspend, round: 2),
            Row(
                testDescription: "nothing is given up for a deadline",
                copy: ScriptedCopy(
                    left: [100, 60, 60, 60, 60, 60, 60, 60],
                    policy: policy([.abort], maxRounds: nil, stallRounds: 100), deadline: .seconds(6))),
        ])
    func bounds(row: Row) throws {
        check(row)
    }

    private func check(_ row: Row) {
        let made = row.copy.run()
        let first = made.first {
            switch $0.decision.step {
            case .setDowntimeLimit, .setBandwidth, .wait: false
            default: true
            }
        }
        let story = made.map { "\($0.round): \($0.decision.reason)" }
        #expect(first?.decision.step == row.step, "\(story)")
        #expect(first?.round == row.round, "\(story)")
        for words in row.says { #expect(first?.decision.reason.contains(words) == true, "\(story)") }
    }

    @Test("a measure that shows no effect is followed by the next")
    func refused() {
        let copy = ScriptedCopy(
            left: Array(repeating: 100, count: 9), policy: Self.policy([.postCopy, .suspend, .abort]))
        let taken = copy.run().filter { $0.decision.step != .wait }.filter {
            if case .setDowntimeLimit = $0.decision.step { false } else { true }
        }
        #expect(taken.map(\.decision.step) == [.startPostCopy, .suspend, .abort])
        #expect(taken.map(\.round) == [3, 6, 9])
        #expect(
            taken.dropFirst().first?.decision.reason.contains("post-copy was asked for in round 3") == true)
    }

    @Test("each kind of waiting is mentioned once")
    func waiting() {
        let copy = ScriptedCopy(
            left: Array(repeating: 100, count: 12), throttle: [0, 0, 20, 20, 30, 30, 40, 40, 50, 50, 60, 60],
            policy: Self.policy([.throttle]))
        let reasons = copy.run().filter { $0.decision.step == .wait }.map(\.decision.reason)
        #expect(reasons.count == 2)
        #expect(reasons.first?.contains("QEMU slows the guest down, by 20 % now") == true)
        #expect(reasons.last?.contains("nothing more is to be tried") == true)
    }
}
