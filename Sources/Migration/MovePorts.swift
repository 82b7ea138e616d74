package import FleetModel

/// Which of the two hosts of a move is meant.
package enum Side: String, Sendable, Hashable, CaseIterable {
    case source, destination
}

/// What the engine asks of the world. Implemented for libvirt by LibvirtFleet.
///
/// Every call may fail with an `ApusError` that names the guest and the host. None of them waits for another:
/// `abort`, `sample` and `state` work while `transfer` is under way.
package protocol MovePorts: Sendable {
    associatedtype MoveClock: Clock where MoveClock.Duration == Duration

    var clock: MoveClock { get }

    /// What both hosts tell about the guest from now on; nothing that happens after the return is missed.
    func events() async throws(ApusError) -> AsyncStream<GuestEvent<MoveClock.Instant>>
    /// Carries phases 1 to 5 out; returns when libvirt says that the move has ended.
    func transfer() async throws(ApusError)
    /// How far the running move is; `nil` when none runs.
    func sample() async throws(ApusError) -> JobSample?
    /// Asks the source to give the move up; refused once the destination has the guest.
    func abort() async throws(ApusError)
    /// The guest on that host now; `nil` when the host knows no such guest.
    func guest(on side: Side) async throws(ApusError) -> Guest?
    /// Lets a guest run on that stands still.
    func resume(on side: Side) async throws(ApusError)
    /// Sets the downtime limit for this move.
    ///
    /// - Returns: the limit that it found, for putting it back.
    func exchangeDowntimeLimit(_ limit: Duration) async throws(ApusError) -> Duration
    /// The destination's wall clock less the source's, and how wrong that may be; `nil` where it cannot be
    /// read.
    func clockOffset() async -> ClockOffset?
}

/// Something that a host told about the guest while it moves.
package struct GuestEvent<Instant: InstantProtocol & Sendable>: Sendable where Instant.Duration == Duration {
    package enum Kind: Sendable, Hashable {
        /// The guest's processors stopped; QEMU's wall-clock time of it, since the epoch, where QEMU said so.
        case stopped(hostTime: Duration?)
        /// The guest's processors run; likewise.
        case resumed(hostTime: Duration?)
        /// Memory began to flow.
        case transferBegan
        /// All of it has arrived.
        case transferEnded
        /// A pre-copy round began; the first is 1.
        case round(Int)
        /// The job's last figures.
        case completed(JobSample)
        /// The connection to the host broke.
        case lost(String)
    }

    package let side: Side
    package let received: Instant
    package let kind: Kind

    package init(side: Side, received: Instant, kind: Kind) {
        self.side = side
        self.received = received
        self.kind = kind
    }
}
