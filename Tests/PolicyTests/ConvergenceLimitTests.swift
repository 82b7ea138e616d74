import FleetModel
import Testing

@testable import Policy

@Suite("convergence: the downtime limit")
struct ConvergenceLimitTests {
    struct First: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var limit: Duration?
        var switchover: Duration?
        var wasPaused = false
        let expected: Duration?
    }

    @Test(
        "what QEMU is told before the transfer",
        arguments: [
            // (300 − 160) × 0.4 × 0.65
            First(testDescription: "of QEMU's own 300 ms", expected: .milliseconds(36)),
            First(testDescription: "of 1 s", limit: .seconds(1), expected: .milliseconds(218)),
            First(
                testDescription: "of 300 ms between hosts that switch over in 60 ms",
                limit: .milliseconds(300),
                switchover: .milliseconds(60), expected: .milliseconds(62)),
            First(
                testDescription: "of 100 ms the least that is of use", limit: .milliseconds(100),
                expected: .milliseconds(20)),
            First(
                testDescription: "of 10 ms no more than 10 ms", limit: .milliseconds(10),
                expected: .milliseconds(10)),
            First(testDescription: "of no time no time", limit: .zero, expected: .zero),
            First(
                testDescription: "of a day what QEMU takes", limit: .seconds(86400), expected: .seconds(2000)),
            First(testDescription: "for a paused guest nothing", wasPaused: true, expected: nil),
        ])
    func first(row: First) {
        let controller = ConvergenceController(
            .init(
                memory: .mebibytes(100), downtimeLimit: row.limit, policy: ConvergencePolicy(),
                canThrottle: false, canPostCopy: false, deadline: nil, wasPaused: row.wasPaused,
                switchover: row.switchover))
        #expect(controller.firstLimit == row.expected)
    }

    @Test("a limit that comes from outside is the promise from there on")
    func adopted() {
        var controller = ConvergenceController(
            .init(
                memory: .mebibytes(100), downtimeLimit: .milliseconds(100), policy: ConvergencePolicy(),
                canThrottle: false, canPostCopy: false, deadline: nil, wasPaused: false))
        #expect(controller.ladder.promise == 0.1)
        controller.adopt(.seconds(1), at: .seconds(3))
        #expect(controller.ladder.promise == 1)
        // What is in force is what was set; the next step reckons from the new promise.
        #expect(controller.ladder.inForce == .seconds(1))
        #expect(controller.ladder.limit(trust: 0.65) == .milliseconds(218))
    }

    private func limits(_ copy: ScriptedCopy) -> [ScriptedCopy.Made] {
        copy.run().filter { if case .setDowntimeLimit = $0.decision.step { true } else { false } }
    }

    private func milliseconds(_ made: ScriptedCopy.Made?) -> Double? {
        guard case .setDowntimeLimit(let limit) = made?.decision.step else { return nil }
        return limit.milliseconds.rounded()
    }

    @Test("a link that gives what QEMU expects is relied on")
    func trusted() {
        let made = limits(ScriptedCopy(left: [200, 40, 10]))
        // 140 × 0.4, where 0.65 of it was assumed.
        #expect(made.map { milliseconds($0) } == [56])
        #expect(made.first?.decision.reason.contains("the link gives 50 MiB/s") == true)
    }

    @Test("an estimate of twice what the link gives halves the limit")
    func optimistic() {
        let made = limits(ScriptedCopy(left: [200, 40, 10], estimate: 100))
        #expect(made.map { milliseconds($0) } == [28])
        #expect(made.first?.decision.reason.contains("QEMU expects up to 100 MiB/s") == true)
    }

    @Test("an estimate that is wrong beyond reason is not followed to nothing")
    func absurd() {
        #expect(limits(ScriptedCopy(left: [200, 40, 10], estimate: 5000)).map { milliseconds($0) } == [20])
    }

    @Test("a copy that is slow within reach of the limit climbs to the rung that covers it")
    func climbs() {
        // The whole limit allows 140 ms × 50 MiB/s = 7 MiB.
        let made = limits(ScriptedCopy(left: [200, 6, 5.5]))
        #expect(made.map { milliseconds($0) } == [56, 112])
        #expect(made.last?.round == 3)
        #expect(made.last?.decision.reason.contains("hardly less than round 2") == true)
    }

    @Test("and step by step to the last")
    func climbsOn() {
        let made = limits(
            ScriptedCopy(
                left: [200, 2.9, 2.9, 4.3, 5.7],
                policy: .init(
                    onStall: [.abort], maxRounds: nil, maxSent: nil, stallRounds: 9, enoughLeft: nil)))
        #expect(made.map { milliseconds($0) } == [56, 84, 112, 140])
        #expect(made.map(\.round) == [1, 3, 4, 5])
    }

    @Test("what is far out of reach does not climb")
    func outOfReach() {
        let made = limits(
            ScriptedCopy(
                left: [200, 100, 100, 100, 100],
                policy: ConvergencePolicy(
                    onStall: [.abort], maxRounds: nil, maxSent: nil, stallRounds: 9, enoughLeft: nil)))
        #expect(made.map { milliseconds($0) } == [56])
    }

    @Test("what is little enough is offered all of the limit at once")
    func enough() {
        let policy = ConvergencePolicy(
            onStall: [.abort], maxRounds: nil, maxSent: nil, stallRounds: 3, enoughLeft: .mebibytes(4))
        let made = limits(ScriptedCopy(left: [200, 3.5], policy: policy))
        #expect(made.map { milliseconds($0) } == [56, 140])
    }

    @Test("what QEMU is about to switch over with is left alone")
    func switching() {
        #expect(limits(ScriptedCopy(left: [200, 0.9])).map { milliseconds($0) } == [56])
    }

    @Test("a guest that is slowed down is offered all of it")
    func slowed() {
        let made = limits(
            ScriptedCopy(
                left: [100, 100, 100, 80, 64], throttle: [0, 0, 20, 20, 30],
                policy: ConvergencePolicy(
                    onStall: [.throttle, .abort], maxRounds: nil, maxSent: nil, stallRounds: 3,
                    enoughLeft: nil)))
        #expect(made.map { milliseconds($0) } == [56, 140])
        #expect(made.last?.round == 3)
    }

    @Test("samples without figures, out of order or absurd do no harm")
    func hostile() {
        var controller = ConvergenceController(
            .init(
                memory: .zero, downtimeLimit: .milliseconds(300), policy: ConvergencePolicy(),
                canThrottle: true,
                canPostCopy: true, deadline: .zero, wasPaused: false))
        let most = ByteCount(.max)
        let samples: [JobSample?] = [
            nil, JobSample(), JobSample(memoryRemaining: most, wire: most, round: .max),
            JobSample(elapsed: .seconds(-5), memoryRemaining: .zero, wire: .zero, round: .min),
            JobSample(
                memoryTotal: most, memoryRemaining: most, wire: most,
                throughput: ByteRate(bytesPerSecond: .max), round: 3, throttlePercent: 400, diskTotal: .zero,
                diskRemaining: most),
            JobSample(memoryRemaining: .mebibytes(5), round: 4, throttlePercent: -7),
        ]
        for round in 0..<40 {
            for sample in samples {
                let decisions = controller.next(
                    .init(
                        elapsed: .milliseconds(Int64(round % 7) * 300), sample: sample,
                        roundBegan: round % 3 == 0 ? round : nil))
                for case .setDowntimeLimit(let limit) in decisions.map(\.step) {
                    #expect(limit <= .milliseconds(300) && limit > .zero)
                }
            }
        }
    }
}
