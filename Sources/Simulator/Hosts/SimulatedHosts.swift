package import FleetModel
import Migration

/// Two libvirt hosts with one guest, the link between them, and what is true.
///
/// The model follows libvirt 9.0.0 and QEMU 7.2: libvirt's "Guest migration" page, qemu_migration.c, qemu_process.c,
/// and what was measured on real ones.
///
/// `@unchecked Sendable`: all of it is touched by the simulation's one thread alone.
package final class SimulatedHosts: @unchecked Sendable {
    let simulation: Simulation
    let plan: MovePlan
    package let guest: SimulatedGuest
    var random: SeededGenerator
    /// Bytes a second.
    let linkRate: Double
    let neighbours: [Neighbour]
    /// Whether a step's every detail is kept.
    let keepsTrace: Bool

    package internal(set) var hosts = Pair(SimulatedHost())
    /// Whether the link towards that side is cut.
    var isCut = Pair(false)
    /// Counts the cuts, so that what is to follow from one does not follow from another.
    var cuts = 0
    var transfer: Transfer?
    var processes: [SimulatedProcess] = []

    package internal(set) var violations: [Violation] = []
    package internal(set) var misfortunes: Set<Misfortune> = []
    /// When the environment last hurt the guest itself.
    package internal(set) var lastHarm: Duration?
    /// The guest shut down by its own doing.
    package internal(set) var guestEnded = false
    /// Whether the processors of the destination's copy ever ran.
    package internal(set) var ranThere = false
    package private(set) var moment = Moment.before
    package private(set) var trace: [String] = []
    /// Told each moment, once per time it comes.
    var onMoment: (Moment) -> Void = { _ in }

    package init(
        plan: MovePlan, guest: SimulatedGuest, sourceImages: Set<String>, linkRate: Double,
        neighbours: [Neighbour] = [], random: SeededGenerator,
        simulation: Simulation, keepsTrace: Bool
    ) {
        self.plan = plan
        self.guest = guest
        self.linkRate = linkRate
        self.neighbours = neighbours
        self.random = random
        self.simulation = simulation
        self.keepsTrace = keepsTrace
        hosts.source.isDefined = guest.isPersistent
        hosts.source.images = sourceImages
        hosts.source.copy = SimulatedCopy(
            state: guest.wasPaused
                ? GuestState(.paused, reason: "user") : GuestState(.running, reason: "booted"),
            isExecuting: !guest.wasPaused, memory: .whole, holdsLocks: guest.disk == .shared)
        hosts.source.copy?.devices = guest.devices
        hosts.source.snapshots = guest.snapshots
        awaitNeighbours()
    }

    // MARK: Telling

    func note(_ text: @autoclosure () -> String) {
        guard keepsTrace else { return }
        let time = "\(Int64(simulation.now.inSeconds * 1000))"
        trace.append(String(repeating: " ", count: max(0, 8 - time.count)) + time + " ms  " + text())
    }

    func reach(_ moment: Moment) {
        self.moment = moment
        note("== \(moment.rawValue)")
        onMoment(moment)
    }

    func violate(_ invariant: Invariant, _ detail: String) {
        note("!! \(invariant.rawValue): \(detail)")
        violations.append(Violation(invariant: invariant, detail: detail, at: simulation.now))
    }

    /// The environment hurt the guest itself; nobody can tell that beforehand.
    func suffer(_ misfortune: Misfortune) {
        lastHarm = simulation.now
        if misfortunes.insert(misfortune).inserted { note("** \(misfortune.rawValue)") }
    }

    /// One event of a host, to every process that listens to it.
    func tell(_ side: Side, _ kind: GuestEvent<VirtualClock.Instant>.Kind) {
        guard hosts[side].isUp, hosts[side].daemonIsUp else { return }
        for process in processes { process.hear(side, kind) }
    }

    /// The host's wall clock since 1970.
    func wallClock(_ side: Side) -> Duration {
        .seconds(1_790_000_000) + simulation.now + (side == .destination ? .milliseconds(3) : .zero)
    }

    // MARK: Later

    /// Something that a thread of that host's daemon does: void when the daemon died meanwhile.
    func later(_ side: Side, _ delay: ClosedRange<Duration>, _ action: @escaping () -> Void) {
        let life = hosts[side].daemonLife
        simulation.after(random.duration(in: delay)) { [self] in
            if hosts[side].daemonIsUp, hosts[side].daemonLife == life { action() }
        }
    }
}
