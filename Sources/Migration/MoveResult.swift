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
    /// What a relay made of them on the wire; `nil` without one.
    package var relayed: RelayedBytes?
    package let rounds: Int
    /// As QEMU last saw it during the move.
    package let dirtyRate: ByteRate?
    package let phases: [PhaseDuration]
    /// The guest's state on the destination, by its libvirt.
    package let destinationState: GuestState
    /// What the source's libvirt still knows: a definition, or nothing.
    package let sourceState: GuestState?
    /// Whether the guest switched over before all of its memory had arrived.
    package let usedPostCopy: Bool
    /// What was done for the guest besides moving it.
    package let care: ActivationReport
    /// What went differently than planned, though the move succeeded.
    package let remarks: [String]

    /// A cold move's.
    package init(
        id: String, plan: MovePlan, total: Duration, downtime: Downtime?, wire: ByteCount?,
        phases: [PhaseDuration],
        destinationState: GuestState, sourceState: GuestState?, care: ActivationReport, remarks: [String]
    ) {
        self.init(
            id: id, plan: plan, total: total, downtime: downtime, wire: wire, rounds: 0, dirtyRate: nil,
            phases: phases,
            destinationState: destinationState, sourceState: sourceState, usedPostCopy: false, care: care,
            remarks: remarks)
    }

    init(
        id: String, plan: MovePlan, total: Duration, downtime: Downtime?, wire: ByteCount?, rounds: Int,
        dirtyRate: ByteRate?, phases: [PhaseDuration], destinationState: GuestState, sourceState: GuestState?,
        usedPostCopy: Bool, care: ActivationReport, remarks: [String]
    ) {
        self.id = id
        self.plan = plan
        self.total = total
        self.downtime = downtime
        self.wire = wire
        self.rounds = rounds
        self.dirtyRate = dirtyRate
        self.phases = phases
        self.destinationState = destinationState
        self.sourceState = sourceState
        self.usedPostCopy = usedPostCopy
        self.care = care
        self.remarks = remarks
    }
}

/// Why a move was asked to end early.
package enum AbortReason: Sendable, Hashable {
    /// INT, TERM, HUP.
    case signal
    /// `--timeout` is over.
    case timeout(Duration)
    /// It does not converge, and the policy says to give it up.
    case convergence(String)
}

/// What a move tells while it runs, for a progress line.
package struct MoveProgress: Sendable {
    package let phase: Phase
    package let rounds: Int
    package let elapsed: Duration
    package let sample: JobSample?
    /// What is out of the ordinary: an abort that is under way, a connection that broke.
    package let notice: String?

    package init(phase: Phase, rounds: Int, elapsed: Duration, sample: JobSample?, notice: String?) {
        self.phase = phase
        self.rounds = rounds
        self.elapsed = elapsed
        self.sample = sample
        self.notice = notice
    }
}

extension PastMove {
    /// What a finished move teaches the next forecast.
    init(_ result: MoveResult) {
        func seconds(_ phases: Phase...) -> Duration? {
            let parts = result.phases.filter { phases.contains($0.phase) }
            return parts.isEmpty ? nil : parts.reduce(.zero) { $0 + $1.duration }
        }
        self.init(
            strategy: result.plan.method.strategy, total: result.total, downtime: result.downtime?.duration,
            wire: result.wire, rounds: result.rounds, before: seconds(.preMigration, .reservation),
            transfer: seconds(.preCopy, .stopAndCopy), after: seconds(.commitment, .activation),
            dirtyRate: result.dirtyRate,
            // What went through a relay tells nothing about the link.
            link: result.plan.relay == nil ? result.plan.forecast?.input.link?.rate : nil)
        relayed = result.relayed?.wire
    }
}
