import FleetModel
import Migration

@testable import Simulator

/// Two hosts, a guest and one life of apus that a test drives by hand.
final class Fixture: Sendable {
    let simulation = Simulation(timeLimit: .seconds(3600), stepLimit: 1_000_000)
    let hosts: SimulatedHosts
    let faults: FaultInjector
    let process: SimulatedProcess
    let pages = MemoryPages()
    let ports: SimulatedPorts
    private let moments: AsyncStream<Moment>

    init(_ guest: SimulatedGuest = .small, request: MoveRequest = MoveRequest(), postCopy: Bool = false) {
        var method = TransferMethod()
        method.allowsPostCopy = postCopy
        let scenario = Scenario(guest: guest, request: request, method: method)
        hosts = SimulatedHosts(
            plan: scenario.plan, guest: guest,
            sourceImages: Set(scenario.plan.disks.compactMap { $0.order?.path }),
            linkRate: 1e9, random: SeededGenerator(seed: 1), simulation: simulation, keepsTrace: true)
        faults = FaultInjector(.none, hosts: hosts)
        process = SimulatedProcess(number: 1, hosts: hosts, faults: faults)
        ports = SimulatedPorts(process)
        let (moments, told) = AsyncStream.makeStream(of: Moment.self)
        self.moments = moments
        let injected = hosts.onMoment
        hosts.onMoment = { moment in
            injected(moment)
            told.yield(moment)
        }
    }

    var clock: VirtualClock { ports.clock }

    func run(_ body: @Sendable @escaping (Fixture) async throws -> Void) throws {
        try simulation.run { await Result { try await body(self) } }.get()
    }

    /// Moves it with nobody who steers, until the call comes back.
    func move() async throws -> ApusError? {
        let events = try await ports.events()
        for preparation in hosts.plan.preparations { try await ports.prepare(preparation) }
        await ports.beginTransfer()
        return await end(events)
    }

    /// Begins a transfer and switches it to post-copy in its second round.
    func beginPostCopy() async throws -> AsyncStream<GuestEvent<VirtualClock.Instant>> {
        let events = try await ports.events()
        await ports.beginTransfer()
        await reach(.secondRound)
        try await ports.startPostCopy()
        await reach(.postCopyRuns)
        return events
    }

    func end(_ events: AsyncStream<GuestEvent<VirtualClock.Instant>>) async -> ApusError? {
        for await event in events { if case .ended(let error) = event.kind { return error } }
        return nil
    }

    /// Waits until the hosts have reached that point.
    func reach(_ moment: Moment) async {
        for await reached in moments where reached == moment { return }
    }

    /// Waits until the hosts have nothing left to do.
    func quiet() async { await simulation.quiet() }

    func states() async throws -> (source: GuestState?, destination: GuestState?) {
        (try await ports.guest(on: .source)?.state, try await ports.guest(on: .destination)?.state)
    }

    var broken: [Invariant] { hosts.violations.map(\.invariant) }
}

extension Result where Success: Sendable, Failure == any Error {
    init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}

extension SimulatedGuest {
    /// It is over in a second.
    static let small = SimulatedGuest(
        memory: 256e6, dirtyRate: 10e6, workingSet: 50e6, disk: .shared, diskBytes: 0, isPersistent: true,
        wasPaused: false)

    /// It writes faster than the link sends.
    static let busy = SimulatedGuest(
        memory: 1e9, dirtyRate: 2e9, workingSet: 0.9e9, disk: .none, diskBytes: 0, isPersistent: true,
        wasPaused: false)

    /// It has what libvirt does not move.
    static var owning: SimulatedGuest {
        var guest = SimulatedGuest.small
        guest.snapshots = ["first", "second"]
        guest.devices = ["hostdev0"]
        return guest
    }

    static let copied = SimulatedGuest(
        memory: 256e6, dirtyRate: 10e6, workingSet: 50e6, disk: .copied, diskBytes: 100e6, isPersistent: true,
        wasPaused: false)
}

extension GuestState {
    static let runs = GuestState(.running, reason: "migrated")
}
