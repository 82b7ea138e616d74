import FleetModel
import Migration
import Testing

@testable import Simulator

/// Engines that are wrong have to be caught: each of these does one thing that none may do.
@Suite("The invariants")
struct InvariantTests {
    @Test("resuming the source while the destination runs")
    func twoRunning() throws {
        var guest = SimulatedGuest.small
        guest.disk = .none
        try Fixture(guest).run { (play: Fixture) async throws in
            _ = try await play.ports.events()
            await play.ports.beginTransfer()
            await play.reach(.finishing)
            play.faults.strike(.libvirtd(.source, back: .seconds(1)))
            await play.quiet()
            try await play.ports.resume(on: .source)
            #expect(play.broken == [.twoRunning])
        }
    }

    @Test("resuming the source after the destination's copy ran and died")
    func stale() throws {
        try Fixture().run { (play: Fixture) async throws in
            _ = try await play.ports.events()
            await play.ports.beginTransfer()
            await play.reach(.finishing)
            play.faults.strike(.libvirtd(.source, back: .seconds(1)))
            await play.reach(.runsThere)
            await play.quiet()
            play.faults.strike(.qemu(.destination))
            await play.quiet()
            #expect(play.hosts.misfortunes == [.killed])
            try await play.ports.resume(on: .source)
            #expect(play.broken == [.staleResumed])
        }
    }

    @Test("leaving a guest to a connection that hangs; whoever ends that frees it")
    func hangs() throws {
        try Fixture(.copied).run { (play: Fixture) async throws in
            _ = try await play.ports.events()
            for preparation in play.hosts.plan.preparations { try await play.ports.prepare(preparation) }
            #expect(try await !play.ports.freeGuest())
            await play.ports.beginTransfer()
            await play.reach(.disksConnect)
            play.faults.strike(.link(.bothWays, mended: .seconds(300)))
            try await play.clock.sleep(for: .seconds(10))
            await #expect(throws: ApusError.self) { try await play.ports.abort() }
            #expect(play.broken.isEmpty)
            try await play.clock.sleep(for: .seconds(60))
            #expect(play.broken == [.hangs])
            #expect(try await play.ports.freeGuest())
            await play.quiet()
            #expect(try await play.states().source?.kind == .running)
        }
    }

    @Test("the lock of a shared image keeps the second copy from running")
    func lock() throws {
        try Fixture().run { (play: Fixture) async throws in
            _ = try await play.ports.events()
            await play.ports.beginTransfer()
            await play.reach(.finishing)
            play.faults.strike(.libvirtd(.source, back: .seconds(1)))
            await play.quiet()
            await #expect(throws: ApusError.self) { try await play.ports.resume(on: .source) }
            #expect(play.broken.isEmpty)
        }
    }

    @Test("ending the only copy; ending the half of a post-copy; a running one is refused")
    func dropped() throws {
        var guest = SimulatedGuest.small
        guest.wasPaused = true
        try Fixture(guest).run { (play: Fixture) async throws in
            try await play.ports.dropCopy(on: .source)
            #expect(play.broken == [.lastCopyDropped])
        }
        try Fixture(.busy, postCopy: true).run { (play: Fixture) async throws in
            _ = try await play.ports.events()
            await play.ports.beginTransfer()
            await play.reach(.secondRound)
            try await play.ports.startPostCopy()
            await play.reach(.postCopyRuns)
            await #expect(throws: ApusError.self) { try await play.ports.dropCopy(on: .destination) }
            #expect(play.broken.isEmpty)
            try await play.ports.dropCopy(on: .source)
            #expect(play.broken == [.lastCopyDropped])
        }
    }

    @Test("removing the source's disk before the guest has arrived, or the destination's beneath it")
    func disks() throws {
        try Fixture(.copied).run { (play: Fixture) async throws in
            _ = try await play.ports.conclude(.removeImage(path: "/images/web-0.qcow2"))
            #expect(play.broken == [.usedDisks, .sourceDisks])
        }
        try Fixture(.copied).run { (play: Fixture) async throws in
            #expect(try await play.move() == nil)
            _ = try await play.ports.conclude(.removeImage(path: "/images/web-0.qcow2"))
            #expect(play.broken.isEmpty)
            try await play.ports.undo(play.record(.file("/images/web-0.qcow2")))
            #expect(play.broken == [.usedDisks])
        }
    }

    @Test("removing the last definition")
    func definition() throws {
        try Fixture().run { (play: Fixture) async throws in
            try await play.ports.removeDefinition(on: .source)
            #expect(play.broken == [.definition])
        }
    }

    @Test("changing what the journal does not know of")
    func note() throws {
        try Fixture(.copied).run { (play: Fixture) async throws in
            let ports = SimulatedPorts(play.process, pages: play.pages)
            let preparation = try #require(play.hosts.plan.preparations.first)
            try await ports.prepare(preparation)
            #expect(play.broken == [.note])
            let log = MemoryLog(play.pages, of: play.process)
            try log.note(play.record(preparation.trace))
            try await ports.undo(play.record(preparation.trace))
            try await ports.prepare(preparation)
            #expect(play.broken == [.note])
        }
    }

    @Test("saying an end that is none")
    func ends() throws {
        for (outcome, broken) in [
            (MoveRecord.Outcome.moved, [Invariant.journal, .journal]), (.failed, []), (.notKnown, []),
        ] {
            try staged(.small) { stage, play in
                try play.log.finish(id: "1", outcome: outcome, code: nil, actual: nil)
                #expect(stage.hosts.violations.map(\.invariant) == broken)
                #expect((stage.pages.reservation == nil) == (outcome != .notKnown))
            }
        }
    }

    @Test("failing without having put everything back, or while libvirt is still at it")
    func undo() throws {
        try staged(.copied) { stage, play in
            let preparation = try #require(stage.hosts.plan.preparations.first)
            try play.log.note(play.record(preparation.trace))
            try await play.ports.prepare(preparation)
            try play.log.finish(id: "1", outcome: .failed, code: nil, actual: nil)
            #expect(stage.hosts.violations.map(\.invariant) == [.undo, .undo])
        }
        try staged(.small) { stage, play in
            let events = try await play.ports.events()
            await play.ports.beginTransfer()
            for await event in events { if case .transferBegan = event.kind { break } }
            try play.log.finish(id: "1", outcome: .failed, code: nil, actual: nil)
            #expect(stage.hosts.violations.map(\.invariant).contains(.journal))
        }
    }

    @Test(
        "leaving behind what is the guest's, or bringing it to where the guest is not",
        arguments: [true, false])
    func belongings(isBrought: Bool) throws {
        try staged(.owning) { stage, play in
            let plan = stage.hosts.plan
            var records: [UndoRecord] = []
            for preparation in plan.preparations {
                let trace = try await play.ports.trace(of: preparation)
                try play.log.note(play.record(trace))
                records.append(play.record(trace))
                try await play.ports.prepare(preparation.tracing(trace))
            }
            #expect(records.count == 2)
            try await play.ports.bring(records[0])
            #expect(stage.hosts.violations.map(\.invariant) == [.belongings])
            let events = try await play.ports.events()
            await play.ports.beginTransfer()
            for await event in events { if case .ended = event.kind { break } }
            if isBrought { for record in records { try await play.ports.bring(record) } }
            try play.log.finish(id: "1", outcome: .moved, code: nil, actual: nil)
            #expect(
                stage.hosts.violations.dropFirst().map(\.invariant)
                    == (isBrought ? [] : [.belongings, .belongings]))
        }
        try staged(.owning) { stage, play in
            for preparation in stage.hosts.plan.preparations {
                try play.log.note(play.record(preparation.trace))
                try await play.ports.prepare(preparation)
                if isBrought { try await play.ports.undo(play.record(preparation.trace, on: "alpha")) }
                try play.log.clear("1-0")
            }
            try play.log.finish(id: "1", outcome: .failed, code: nil, actual: nil)
            #expect(
                stage.hosts.violations.map(\.invariant) == (isBrought ? [] : [.belongings, .belongings]))
        }
    }

    @Test("libvirt does not begin with what ties a guest to its host")
    func tied() throws {
        try staged(.owning) { stage, play in
            let events = try await play.ports.events()
            await play.ports.beginTransfer()
            for await event in events {
                guard case .ended(let error) = event.kind else { continue }
                #expect(error?.detail.contains("snapshots") == true)
                break
            }
            #expect(stage.hosts.hosts.source.copy?.isExecuting == true)
        }
    }

    @Test("leaving a guest standing that ran, or calling a person for one that is well")
    func standing() throws {
        for outcome in [MoveRecord.Outcome.failed, .notKnown] {
            try staged(.small) { stage, play in
                try await play.ports.suspend()
                try play.log.finish(id: "1", outcome: outcome, code: nil, actual: nil)
                stage.judgeEnd()
                #expect(
                    stage.hosts.violations.map(\.invariant) == [outcome == .failed ? .leftStopped : .givesUp])
            }
        }
    }

    // MARK: Props

    /// What a test drives by hand under the judge's eyes, with a move begun.
    private struct Hand: Sendable {
        let ports: SimulatedPorts
        let log: MemoryLog
        let process: SimulatedProcess

        func record(_ trace: UndoRecord.Trace, on host: String = "beta") -> UndoRecord {
            UndoRecord.made(trace, by: process, on: host)
        }
    }

    private func staged(
        _ guest: SimulatedGuest, _ body: @Sendable @escaping (Stage, Hand) async throws -> Void
    ) throws {
        let play = Fixture(guest)
        let stage = Stage(scenario: Scenario(guest: guest), hosts: play.hosts, faults: play.faults)
        try play.run { (play: Fixture) async throws in
            let log = MemoryLog(stage.pages, of: play.process)
            let plan = play.hosts.plan
            try log.begin(
                MoveRecord(
                    id: "1", guest: plan.guest, source: plan.source.name, destination: plan.destination.name,
                    began: 0, plan: "", forecast: nil),
                Reservation(
                    move: "1", guest: plan.guest, source: plan.source.name,
                    destination: plan.destination.name,
                    memory: plan.memory, owner: play.process.mark, since: 0))
            try await body(
                stage,
                Hand(
                    ports: SimulatedPorts(play.process, pages: stage.pages), log: log, process: play.process))
        }
    }
}

extension Fixture {
    func record(_ trace: UndoRecord.Trace) -> UndoRecord { .made(trace, by: process) }
}

extension UndoRecord {
    fileprivate static func made(
        _ trace: Trace, by process: SimulatedProcess, on host: String = "beta"
    ) -> UndoRecord {
        UndoRecord(
            id: "1-0", run: "1", purpose: .move, host: host, uri: "qemu+ssh://beta/system", trace: trace,
            owner: process.mark)
    }
}
