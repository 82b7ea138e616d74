import FleetModel
import Migration
import Testing

@testable import Simulator

@Suite("The simulated hosts")
struct HostsTests {
    @Test("a guest moves: defined and running there, gone here")
    func moves() throws {
        try Fixture().run { (play: Fixture) async throws in
            #expect(try await play.move() == nil)
            let states = try await play.states()
            #expect(states.source == nil)
            #expect(states.destination == .runs)
            #expect(play.hosts.hosts.destination.isDefined)
            #expect(play.hosts.truth == .at(.destination, isExecuting: true))
            #expect(play.broken.isEmpty)
        }
    }

    @Test("the definition stays on the source where it was asked for")
    func keeps() throws {
        try Fixture(request: MoveRequest(keepDefinition: true)).run { (play: Fixture) async throws in
            #expect(try await play.move() == nil)
            #expect(try await play.states().source == GuestState(.shutOff, reason: "migrated"))
        }
    }

    @Test("a paused guest arrives paused")
    func paused() throws {
        var guest = SimulatedGuest.small
        guest.wasPaused = true
        try Fixture(guest).run { (play: Fixture) async throws in
            #expect(try await play.move() == nil)
            #expect(try await play.states().destination == GuestState(.paused, reason: "user"))
        }
    }

    @Test("rounds shrink until the rest fits into the downtime limit, and samples tell")
    func rounds() throws {
        try Fixture().run { (play: Fixture) async throws in
            var rounds: [Int] = []
            let events = try await play.ports.events()
            await play.ports.beginTransfer()
            await play.reach(.memoryFlows)
            // What time does to the memory that is left is what is asked here; it is the virtual clock's.
            try await play.clock.sleep(for: .milliseconds(50))
            let sample = try #require(try await play.ports.sample())
            #expect(sample.round == 1)
            #expect(try #require(sample.memoryRemaining).bytes < 256_000_000)
            for await event in events {
                if case .round(let number) = event.kind { rounds.append(number) }
                if case .ended = event.kind { break }
            }
            #expect(rounds == [1])
            #expect(try await play.ports.sample() == nil)
        }
    }

    @Test("an abort before the switchover gives the guest back, and the downtime limit outlives it")
    func abort() throws {
        try Fixture(.busy).run { (play: Fixture) async throws in
            try await play.ports.setDowntimeLimit(.milliseconds(77))
            let events = try await play.ports.events()
            await play.ports.beginTransfer()
            await play.reach(.secondRound)
            try await play.ports.abort()
            #expect(await play.end(events)?.code == .migrationAborted)
            await play.quiet()
            let states = try await play.states()
            #expect(states.source?.kind == .running)
            #expect(states.destination == nil)
            #expect(try await play.ports.downtimeLimit() == .milliseconds(77))
        }
    }

    @Test("without its image the destination refuses, and with it the disk goes along")
    func images() throws {
        try Fixture(.copied).run { (play: Fixture) async throws in
            let events = try await play.ports.events()
            await play.ports.beginTransfer()
            #expect(await play.end(events)?.detail.contains("cannot access storage file") == true)
            #expect(try await play.states().source?.kind == .running)
        }
        try Fixture(.copied).run { (play: Fixture) async throws in
            #expect(try await play.move() == nil)
            #expect(play.hosts.hosts.destination.images == ["/images/web-0.qcow2"])
        }
    }

    @Test("post-copy: runs there and stands here until all is pulled; an abort is refused")
    func postCopy() throws {
        try Fixture(.busy, postCopy: true).run { (play: Fixture) async throws in
            let events = try await play.beginPostCopy()
            let states = try await play.states()
            #expect(states.source == GuestState(.paused, reason: "postcopy"))
            #expect(states.destination == GuestState(.running, reason: "postcopy"))
            #expect(play.hosts.truth == .split)
            await #expect(throws: ApusError.self) { try await play.ports.abort() }
            #expect(await play.end(events) == nil)
            #expect(try await play.states().destination == .runs)
            #expect(play.broken.isEmpty)
        }
    }

    @Test("a broken post-copy is refused until both sides know, and then goes on to its end")
    func recovery() throws {
        try Fixture(.busy, postCopy: true).run { (play: Fixture) async throws in
            let events = try await play.beginPostCopy()
            play.faults.strike(.link(.bothWays, mended: .seconds(60)))
            #expect(await play.end(events)?.code == .postCopyBroken)
            #expect(try await play.states().source?.reason == "postcopy-failed")
            #expect(try await play.states().destination?.reason == "postcopy")
            // Before the mend, or TCP would go on by itself.
            try? await play.ports.breakPostCopy()
            await play.ports.beginRecovery()
            #expect(await play.end(events)?.detail.contains("unable to connect") == true)
            await play.quiet()
            #expect(try await play.states().destination?.reason == "postcopy-failed")
            await play.ports.beginRecovery()
            #expect(await play.end(events) == nil)
            #expect(try await play.states().destination == .runs)
            #expect(play.broken.isEmpty && play.hosts.misfortunes.isEmpty)
        }
    }

    @Test(
        "libvirtd of the source restarts: the guest ends up where libvirt leaves it",
        arguments: [
            (Moment.preparing, GuestState(.running, reason: "booted"), nil as GuestState?),
            (.memoryFlows, GuestState(.running, reason: "booted"), nil),
            (.stopped, GuestState(.running, reason: "unpaused"), nil),
            // Nobody is left who knows: it stands there, and the destination's is ended.
            (.allArrived, GuestState(.paused, reason: "migration"), nil),
            // The answer to Finish is lost.
            (.finishing, GuestState(.paused, reason: "migration"), .runs),
        ])
    func sourceRestarts(moment: Moment, source: GuestState?, destination: GuestState?) throws {
        var guest = SimulatedGuest.small
        guest.memory = 1e9
        try Fixture(guest).run { (play: Fixture) async throws in
            _ = try await play.ports.events()
            await play.ports.beginTransfer()
            await play.reach(moment)
            play.faults.strike(.libvirtd(.source, back: .seconds(1)))
            await play.quiet()
            let states = try await play.states()
            #expect(states.source == source)
            #expect(states.destination == destination)
        }
    }

    @Test(
        "libvirtd of the destination restarts after all has arrived: the image's lock keeps the source standing"
    )
    func destinationRestarts() throws {
        try Fixture().run { (play: Fixture) async throws in
            _ = try await play.ports.events()
            await play.ports.beginTransfer()
            await play.reach(.allArrived)
            play.faults.strike(.libvirtd(.destination, back: .seconds(2)))
            await play.quiet()
            let states = try await play.states()
            #expect(states.source == GuestState(.paused, reason: "migration"))
            #expect(states.destination == nil)
            try await play.ports.resume(on: .source)
            #expect(play.hosts.truth == .at(.source, isExecuting: true))
            #expect(play.broken.isEmpty && play.hosts.misfortunes.isEmpty)
        }
    }

    @Test("a short cut is outlived, a long one ends the move on the source")
    func cuts() throws {
        for (seconds, arrives) in [(5, true), (60, false)] {
            try Fixture().run { (play: Fixture) async throws in
                let events = try await play.ports.events()
                await play.ports.beginTransfer()
                await play.reach(.memoryFlows)
                play.faults.strike(.link(.bothWays, mended: .seconds(seconds)))
                #expect(await play.end(events) == nil || !arrives)
                await play.quiet()
                #expect(play.hosts.truth == .at(arrives ? .destination : .source, isExecuting: true))
            }
        }
    }
}
