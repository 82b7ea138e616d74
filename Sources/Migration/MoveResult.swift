package import FleetModel
import Policy

/// What a finished move measured and what both hosts said at its end.
package struct MoveResult: Sendable, Hashable {
    /// Names this move among all others: sixteen hexadecimal digits.
    package let id: String
    package let plan: MovePlan
    /// Command to activation.
    package let total: Duration
    /// `nil` for a guest that was paused all along: it never ran, so it never stopped.
    package let downtime: Downtime?
    /// The payload of the migration's sockets; `nil` when libvirt did not say.
    package let wire: ByteCount?
    package let rounds: Int
    /// As QEMU last saw it during the move.
    package let dirtyRate: ByteRate?
    package let phases: [PhaseDuration]
    /// The guest's state on the destination, by its libvirt.
    package let destinationState: GuestState
    /// What the source's libvirt still knows: a definition, or nothing.
    package let sourceState: GuestState?
    /// What went differently than planned, though the move succeeded.
    package let remarks: [String]
}

/// Why a move was asked to end early.
package enum AbortReason: Sendable, Hashable {
    /// INT, TERM, HUP.
    case signal
    /// `--timeout` is over.
    case timeout(Duration)
}

/// What a move tells while it runs, for a progress line.
package struct MoveProgress: Sendable {
    package let phase: Phase
    package let rounds: Int
    package let elapsed: Duration
    package let sample: JobSample?
    /// What is out of the ordinary: an abort that is under way, a connection that broke.
    package let notice: String?
}
