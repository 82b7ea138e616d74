/// One line of a move's story: what was reached, seen or decided, and when.
package struct MoveEntry: Sendable, Hashable, Codable {
    package enum Event: Sendable, Hashable, Codable {
        /// The move entered this phase.
        case phase(Phase)
        /// Something was decided about the copy, and why.
        case decision(Decision)
        /// One reading of the running copy.
        case sample(JobSample)
        /// Something out of the ordinary, in words: a lost connection, an abort, what a repair found.
        case remark(String)
    }

    /// Since the move began, by the clock of the process that noted it.
    package let at: Duration
    package let event: Event

    package init(at: Duration, _ event: Event) {
        self.at = at
        self.event = event
    }
}

/// What convergence decided at one moment, and why.
package struct Decision: Sendable, Hashable, Codable {
    package enum Step: Sendable, Hashable, Codable {
        /// The limit that QEMU is given from now on; the guest's own limit is never exceeded.
        case setDowntimeLimit(Duration)
        case startPostCopy
        case suspend
        case abort
        /// Nothing is done but waiting, for the reason given: QEMU throttles by itself, or a better moment is near.
        case wait
    }

    package let step: Step
    /// A sentence for a person: what was seen, and what therefore is done.
    package let reason: String

    package init(_ step: Step, because reason: String) {
        self.step = step
        self.reason = reason
    }
}
