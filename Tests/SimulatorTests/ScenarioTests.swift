import FleetModel
import Logging
import Testing

@testable import Simulator

@Suite("Moves among faults")
struct ScenarioTests {
    /// Told once for the process: what the engine logs is not the tests' to print.
    private static let quiet: Void = LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }

    init() { Self.quiet }

    @Test("every invariant holds in the first few hundred schedules", arguments: 0..<8)
    func schedules(block: UInt64) {
        for seed in (block * 50)..<(block * 50 + 50) {
            let run = Scenario(seed: seed).run()
            #expect(run.isGood, "simulate-moves --seed \(seed): \(run.violations)")
        }
    }

    @Test("the same seed is the same run, step by step")
    func replay() {
        for seed in [1, 7, 46, 272, 1212] as [UInt64] {
            let first = Scenario(seed: seed).run(keepsTrace: true)
            let second = Scenario(seed: seed).run(keepsTrace: true)
            #expect(first.trace == second.trace)
            #expect(first.steps == second.steps)
            #expect(first.trace.count > 5)
            // Whether it is written down changes nothing.
            let third = Scenario(seed: seed).run()
            #expect(third.steps == first.steps && third.end == first.end)
        }
    }

    @Test("nothing breaks: it arrives, with every kind of disk")
    func whole() {
        for guest in [SimulatedGuest.small, .copied] {
            let run = Scenario(guest: guest, removesSource: true).run(keepsTrace: true)
            #expect(
                run.end == .moved && run.repairs == 0 && run.isGood, "\(run.trace.joined(separator: "\n"))")
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let strikes: [FaultSchedule.Strike]
        let end: ScenarioRun.End
        var guest = SimulatedGuest.small

        init(
            _ description: String, of guest: SimulatedGuest = .small, _ end: ScenarioRun.End,
            _ strikes: FaultSchedule.Strike...
        ) {
            testDescription = description
            self.strikes = strikes
            self.end = end
            self.guest = guest
        }
    }

    @Test(
        "faults with a name end as they must",
        arguments: [
            Case("apus dies while memory flows", .moved, .init(.apusCrashes, .moment(.memoryFlows, .zero))),
            Case(
                "apus dies before the transfer", of: .copied, .failed,
                .init(.apusCrashes, .time(.milliseconds(2)))),
            Case(
                "apus dies while memory flows of a guest that waits for its own", of: .owning, .moved,
                .init(.apusCrashes, .moment(.memoryFlows, .zero))),
            Case(
                "apus dies with the guest's own in its hands", of: .owning, .failed,
                .init(.apusCrashes, .time(.milliseconds(12)))),
            Case(
                "the destination dies under a guest that waits for its own", of: .owning, .failed,
                .init(.host(.destination, back: .seconds(60)), .moment(.memoryFlows, .milliseconds(50)))),
            Case(
                "libvirtd of the source restarts while memory flows", .failed,
                .init(.libvirtd(.source, back: .seconds(2)), .moment(.memoryFlows, .milliseconds(50)))),
            Case(
                "the answer to Finish is lost", .moved,
                .init(.libvirtd(.source, back: .seconds(2)), .moment(.finishing, .zero))),
            Case(
                "libvirtd of the destination is back at once and holds a guest without a QEMU", .failed,
                .init(
                    .libvirtd(.destination, back: .milliseconds(500)), .moment(.preparing, .milliseconds(20)))
            ),
            Case(
                "libvirtd of the destination dies with the guest in its hands", .failed,
                .init(.libvirtd(.destination, back: .seconds(2)), .moment(.allArrived, .zero))),
            Case(
                "the destination dies while memory flows", .failed,
                .init(.host(.destination, back: .seconds(60)), .moment(.memoryFlows, .milliseconds(50)))),
            Case(
                "the link is cut for a minute", .failed,
                .init(.link(.bothWays, mended: .seconds(60)), .moment(.memoryFlows, .milliseconds(50)))),
            Case(
                "the link is cut as the disks connect, and the guest is freed", of: .copied, .failed,
                .init(.link(.bothWays, mended: .seconds(60)), .moment(.disksConnect, .zero))),
            Case(
                "the same, and apus dies: TCP, or the link, has to free it", of: .copied, .failed,
                .init(.link(.bothWays, mended: .seconds(300)), .moment(.disksConnect, .zero)),
                .init(.apusCrashes, .moment(.disksConnect, .milliseconds(50)))),
            Case(
                "the destination's QEMU is killed", .failed,
                .init(.qemu(.destination), .moment(.memoryFlows, .milliseconds(50)))),
            Case(
                "the destination's QEMU dies while libvirt defines the guest there", .failed,
                .init(.qemu(.destination), .moment(.finishing, .zero))),
            Case(
                "libvirt lets the source run on beside the destination", of: .copied, .moved,
                .init(.libvirtd(.destination, back: .seconds(2)), .moment(.runsThere, .milliseconds(1)))),
            Case(
                "the same, and nobody heard at first that the destination runs it", of: .copied, .moved,
                .init(.connection(.destination), .moment(.allArrived, .zero)),
                .init(.libvirtd(.destination, back: .seconds(2)), .moment(.runsThere, .zero))),
            Case("the user aborts", .aborted, .init(.userAborts, .moment(.memoryFlows, .milliseconds(20)))),
            // What the source still has is an old state of it: nobody but a person may let that run.
            Case(
                "the guest runs there, and dies there with its host; its source was left standing", .notKnown,
                .init(.libvirtd(.source, back: .seconds(2)), .moment(.finishing, .zero)),
                .init(.host(.destination, back: .seconds(30)), .moment(.runsThere, .milliseconds(300)))),
        ])
    func named(row: Case) {
        let scenario = Scenario(guest: row.guest, schedule: FaultSchedule(strikes: row.strikes))
        let run = scenario.run(keepsTrace: true)
        #expect(run.end == row.end && run.isGood, "\(run.trace.joined(separator: "\n"))")
        #expect(run.struck.values.reduce(0, +) == row.strikes.count)
    }

    @Test("a move is held to half of the link while another shares it, and to nothing when that has ended")
    func shared() throws {
        var guest = SimulatedGuest.small
        guest.memory = 20e9
        let neighbour = Neighbour(begins: .seconds(2), ends: .seconds(9))
        let run = Scenario(guest: guest, linkRate: 1e9, neighbours: [neighbour]).run(keepsTrace: true)
        let held = run.trace.filter { $0.contains("source: held to") }
        #expect(run.end == .moved && run.isGood, "\(run.trace.joined(separator: "\n"))")
        #expect(held.count == 2, "\(held)")
        #expect(try #require(held.first).hasSuffix("held to 476 MiB/s"), "\(held)")
        #expect(try #require(held.last).hasSuffix("held to nothing"), "\(held)")
        // 20 GB of memory at 1 GB/s, and 7 s at half of that.
        #expect((.seconds(23) ... .seconds(26)).contains(run.lasted - .seconds(60)), "\(run.lasted)")
    }

    @Test(
        "a move that shares its link and fails leaves no limit behind, also when a call for it goes wrong",
        arguments: [PortCall.bandwidth, .setBandwidth], [nil, ByteRate(bytesPerSecond: 800_000_000)])
    func sharedAndFailed(call: PortCall, limit: ByteRate?) {
        var guest = SimulatedGuest.small
        guest.memory = 20e9
        for fault in [
            PortFault.fails, .answerLost, .hangsThenSucceeds(.seconds(5)), .followedBy(.apusCrashes),
        ] {
            var schedule = FaultSchedule(
                strikes: [.init(.abortedElsewhere, .moment(.memoryFlows, .seconds(15)))])
            // With a limit of its own the move has asked once before it began.
            schedule.badCalls = [.init(call, after: call == .bandwidth && limit != nil ? 1 : 0, fault)]
            let scenario = Scenario(
                guest: guest, request: MoveRequest(bandwidth: limit), schedule: schedule,
                neighbours: [Neighbour(begins: .seconds(2), ends: .seconds(60))])
            let run = scenario.run(keepsTrace: true)
            #expect(run.end == .failed && run.isGood, "\(run.trace.joined(separator: "\n"))")
            #expect(run.struck.values.reduce(0, +) >= 2, "\(run.struck)")
        }
    }

    @Test("a move that is one too many for its hosts is refused, and leaves nothing")
    func slotTaken() {
        let others = (1...2).map { Neighbour(number: $0, begins: .zero, ends: .seconds(60)) }
        let run = Scenario(guest: .copied, neighbours: others).run(keepsTrace: true)
        #expect(run.end == .failed && run.firstWord == "slot-taken", "\(run.trace.joined(separator: "\n"))")
        #expect(run.isGood && run.repairs == 0)
    }

    @Test("every fault, every moment and every call is drawn somewhere among 20,000 seeds")
    func coverage() {
        var faults: Set<String> = []
        var moments: Set<Moment> = []
        var calls: Set<PortCall> = []
        var logCalls: Set<LogCall> = []
        for seed in 0..<20_000 as Range<UInt64> {
            let schedule = Scenario(seed: seed).schedule
            for strike in schedule.strikes {
                faults.insert(strike.fault.kind)
                if case .moment(let moment, _) = strike.trigger { moments.insert(moment) }
            }
            calls.formUnion(schedule.badCalls.map(\.call))
            logCalls.formUnion(schedule.badLogCalls.map(\.call))
        }
        #expect(faults.count == 17)
        #expect(moments == Set(Moment.allCases).subtracting([.before]))
        #expect(calls == Set(PortCall.allCases))
        #expect(logCalls == Set(LogCall.allCases))
    }
}
