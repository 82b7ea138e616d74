import FleetModel

/// One migration as libvirt and QEMU carry it out, on both hosts.
///
/// Each of the four parties has its own view, because each learns of the others' ends in its own time. Source of the
/// phases: libvirt's qemu_migration.c (`qemuMigrationJobPhase`) and qemu_process.c (`qemuProcessRecoverMigration…`).
final class Transfer {
    /// libvirt's job on the source.
    enum SourceJob {
        case begin, perform
        /// QEMU is done, or runs on in post-copy; the destination's answer is awaited.
        case performDone
        /// The destination has it: the source's copy is about to be ended.
        case confirm
        /// It failed, and the guest is about to be given back.
        case cancelling
        /// A post-copy without a thread of libvirt's: QEMU may go on by itself.
        case unattended
        case over
    }

    /// libvirt's job on the destination.
    enum DestinationJob { case none, preparing, prepared, finishing, unattended, over }

    /// QEMU's stream from one process to the other.
    enum Stream {
        case none, disks, preCopy
        /// The processors stand still and the rest flows.
        case stopAndCopy
        case completed
        case postCopy
        /// A post-copy whose connection one side or both have given up.
        case paused
        case failed

        /// Whether bytes flow while the link is whole.
        var flows: Bool {
            switch self {
            case .disks, .preCopy, .stopAndCopy, .postCopy: true
            case .none, .completed, .paused, .failed: false
            }
        }
        /// Whether the source's QEMU could still take the guest back.
        var isRevocable: Bool {
            switch self {
            case .disks, .preCopy, .stopAndCopy: true
            case .none, .completed, .postCopy, .paused, .failed: false
            }
        }
        var isPostCopy: Bool { self == .postCopy || self == .paused }
    }

    var source = SourceJob.begin
    var destination = DestinationJob.none
    var stream = Stream.none
    /// Steps of the stream that are not current any more are void.
    var streamToken = 0
    /// Bytes left of the current step, since when, and what a second carries.
    var left = 0.0
    var flowsSince: Duration?
    var rate = 0.0
    /// What it is held to.
    var limit: ByteRate?
    /// Since when the source's QEMU waits for a connection to the destination.
    var hangsSince: Duration?
    /// What libvirt does about it as soon as that is over.
    var afterHanging: (() -> Void)?
    var round = 0
    var wire = 0.0
    var throttle = 0
    var badRounds = 0
    /// It switched over before all had arrived.
    var wasPostCopy = false
    let began: Duration
    /// Which QEMUs have given the connection of a post-copy up.
    var gaveUp = Pair(false)
    /// Whether the two daemons hold a connection with each other, as each of them sees it.
    var control = Pair(true)
    /// Messages between the daemons that a cut link holds back, by their receiver.
    var heldBack = Pair<[() -> Void]>([])
    /// Whether the definition on the destination came with this move.
    var definedThere = false
    /// The destination's copy gets processors when it has all: false for a guest that is to stay paused.
    var isToRun: Bool
    /// What follows when the present step of the stream has arrived.
    var onArrival: (() -> Void)?
    /// The destination's libvirt holds its copy for ever.
    var isHeldThere = false
    /// Told how the call ended.
    weak var caller: SimulatedProcess?

    init(began: Duration, isToRun: Bool, caller: SimulatedProcess) {
        self.began = began
        self.isToRun = isToRun
        self.caller = caller
    }

    var isOver: Bool { source == .over && (destination == .over || destination == .none) }
}
