package import FleetModel

/// When a move entered each of its phases, told from the events of both hosts.
///
/// Events of two hosts may reach this process out of order; a phase's first mark counts, and a phase that was
/// never marked has no length.
package struct Timeline<Instant: InstantProtocol & Sendable>: Sendable where Instant.Duration == Duration {
    private var marks: [Phase: Instant]
    /// Pre-copy rounds begun.
    package private(set) var rounds = 0
    /// QEMU's wall-clock times, since the epoch.
    package private(set) var stoppedHostTime: Duration?
    package private(set) var resumedHostTime: Duration?
    package private(set) var completed: JobSample?

    package init(began: Instant) {
        marks = [.preMigration: began]
    }

    /// The latest phase that was entered.
    package var phase: Phase { marks.keys.max() ?? .preMigration }

    /// When a phase was entered.
    package func began(_ phase: Phase) -> Instant? { marks[phase] }

    /// From the guest's last instruction on the source to its first on the destination, by arrival of events.
    package var stopByArrival: Duration? {
        guard let stopped = marks[.stopAndCopy], let resumed = marks[.activation] else { return nil }
        return stopped.duration(to: resumed)
    }

    package mutating func enter(_ phase: Phase, at instant: Instant) {
        if marks[phase] == nil { marks[phase] = instant }
    }

    package mutating func note(_ event: GuestEvent<Instant>) {
        switch (event.side, event.kind) {
        case (.source, .transferBegan):
            enter(.preCopy, at: event.received)
        case (.source, .round(let number)):
            enter(.preCopy, at: event.received)
            rounds = max(rounds, number)
        case (.source, .stopped(let hostTime)):
            enter(.stopAndCopy, at: event.received)
            stoppedHostTime = hostTime ?? stoppedHostTime
        case (.source, .postCopyBegan), (.source, .transferEnded):
            enter(.commitment, at: event.received)
        case (.destination, .resumed(let hostTime)):
            enter(.activation, at: event.received)
            resumedHostTime = hostTime ?? resumedHostTime
        case (_, .completed(let sample)):
            // The source's figures are QEMU's own; the destination's are the copy that libvirt sent along.
            if completed == nil || event.side == .source { completed = sample }
            rounds = max(rounds, sample.round ?? 0)
        default:
            break
        }
    }

    /// Each phase with its length, the last one ending at `end`.
    package func phases(until end: Instant) -> [PhaseDuration] {
        var phases: [PhaseDuration] = []
        var next = end
        for phase in Phase.allCases.reversed() {
            guard let began = marks[phase] else {
                phases.append(PhaseDuration(phase: phase, duration: .zero))
                continue
            }
            let start = min(began, next)
            phases.append(PhaseDuration(phase: phase, duration: start.duration(to: next)))
            next = start
        }
        return phases.reversed()
    }
}

/// How long one phase took.
package struct PhaseDuration: Sendable, Hashable {
    package let phase: Phase
    package let duration: Duration

    package init(phase: Phase, duration: Duration) {
        self.phase = phase
        self.duration = duration
    }
}
