package import FleetModel

/// What the engine asks of the world. Implemented for libvirt by LibvirtFleet and for simulated hosts by Simulator.
///
/// Every call may fail with an `ApusError` that names the guest and the host, and ends by itself within some ten
/// seconds: a host that hangs is an error. A call that failed may have been carried out all the same; only asking
/// the host tells. None waits for another: all of them work while the transfer is under way.
package protocol MovePorts: Sendable {
    associatedtype MoveClock: Clock where MoveClock.Duration == Duration

    var clock: MoveClock { get }

    /// What both hosts tell about the guest from now on, and how transfers end; nothing that happens after the
    /// return is missed.
    func events() async throws(ApusError) -> AsyncStream<GuestEvent<MoveClock.Instant>>

    // Before and after

    /// What a preparation is about to change, as it is now: a plan has only an outline of it.
    func trace(of preparation: Preparation) async throws(ApusError) -> UndoRecord.Trace
    /// Carries one preparation out; its trace is in the journal by then. A guest that is to let go of a device may take
    /// half a minute.
    func prepare(_ preparation: Preparation) async throws(ApusError)
    /// Puts one thing back; what is not there any more is no error.
    func undo(_ record: UndoRecord) async throws(ApusError)
    /// Brings what belongs to the guest to where it has arrived; there already is no error.
    func bring(_ record: UndoRecord) async throws(ApusError)
    /// Carries one conclusion out; done already is no error.
    ///
    /// - Returns: what it found.
    func conclude(_ conclusion: Conclusion) async throws(ApusError) -> Concluded

    // The transfer

    /// Begins phases 1 to 5 and returns; their end is an `.ended` event.
    func beginTransfer() async
    /// Begins to mend a broken post-copy and returns; its end is an `.ended` event.
    func beginRecovery() async
    /// Tells both QEMUs that the connection of a post-copy is dead, so that neither waits for it any longer.
    func breakPostCopy() async throws(ApusError)
    /// Ends what the source's QEMU, and with it the guest, stands and waits for: a connection to the destination that
    /// does not come about.
    ///
    /// - Returns: whether there was one.
    func freeGuest() async throws(ApusError) -> Bool
    /// How far the running move is; `nil` when none runs.
    func sample() async throws(ApusError) -> JobSample?
    /// Asks the source to give the move up; refused once the destination has the guest.
    func abort() async throws(ApusError)
    /// Switches a running pre-copy over: the guest runs on at the destination and pulls what it misses.
    func startPostCopy() async throws(ApusError)
    /// Stops the guest on the source, so that nothing is written any more; the move runs it on at its end.
    func suspend() async throws(ApusError)
    func downtimeLimit() async throws(ApusError) -> Duration
    /// What the guest's moves are held to; `nil` is no limit.
    func bandwidth() async throws(ApusError) -> ByteRate?
    /// Holds the guest's moves to this, also the one under way, while it is pushed and while it is pulled.
    func setBandwidth(_ limit: ByteRate?) async throws(ApusError)
    /// The longest stop that QEMU may plan for, also of a move under way.
    func setDowntimeLimit(_ limit: Duration) async throws(ApusError)

    // The two copies

    /// The guest on that host now; `nil` when the host knows no such guest.
    func guest(on side: Side) async throws(ApusError) -> Guest?
    /// Lets a guest run on that stands still.
    func resume(on side: Side) async throws(ApusError)
    /// Ends a copy that stands still and is not the guest any more; its definition stays. Refused for a copy that
    /// runs.
    func dropCopy(on side: Side) async throws(ApusError)
    /// Removes the definition of a guest that does not run there; its firmware's variables and TPM state stay, because
    /// the guest may share them with the other host.
    func removeDefinition(on side: Side) async throws(ApusError)

    /// The destination's wall clock less the source's, and how wrong that may be; `nil` where it cannot be read.
    func clockOffset() async -> ClockOffset?
}

/// What a conclusion found, where that is worth telling.
package enum Concluded: Sendable, Hashable {
    case done
    /// Sentences for a person.
    case remarks([String])
    /// By the move's relay.
    case carried(RelayedBytes)
    /// What could not be done about the guest's start with its host, a sentence each.
    case autostart(obstacles: [String])
    case clock(ClockCare)
    /// After how long, counted from the guest's start on the destination, where that was seen.
    case addresses([LearntAddress], after: Duration?)
}

/// Something that a host told about the guest while it moves.
package struct GuestEvent<Instant: InstantProtocol & Sendable>: Sendable where Instant.Duration == Duration {
    package enum Kind: Sendable {
        /// The guest's processors stopped; QEMU's wall-clock time of it, since the epoch, where QEMU said so.
        case stopped(hostTime: Duration?)
        /// The guest's processors run; likewise.
        case resumed(hostTime: Duration?)
        /// Memory began to flow.
        case transferBegan
        /// The guest runs on the destination and pulls the rest of its memory.
        case postCopyBegan
        /// The connection of a post-copy broke.
        case postCopyBroke
        /// All of it has arrived.
        case transferEnded
        /// A pre-copy round began; the first is 1.
        case round(Int)
        /// The job's last figures.
        case completed(JobSample)
        /// The connection to the host broke.
        case lost(String)
        /// The call that `beginTransfer` or `beginRecovery` made came back: without an error, or with one, which
        /// proves nothing.
        case ended(ApusError?)
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
