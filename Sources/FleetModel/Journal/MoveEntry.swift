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

    /// The last phase that a story tells of. After the switch to post-copy the destination's copy is the guest, whether
    /// or not it was heard of: that is activation.
    package static func reached(_ entries: [MoveEntry]) -> Phase? {
        var last: Phase?
        var switches = false
        for entry in entries {
            switch entry.event {
            case .phase(let phase): last = max(last ?? phase, phase)
            case .decision(let decision) where decision.step == .startPostCopy: switches = true
            case .decision, .sample, .remark: break
            }
        }
        return switches && last == .commitment ? .activation : last
    }
}

/// What convergence decided at one moment, and why.
package struct Decision: Sendable, Hashable, Codable {
    package enum Step: Sendable, Hashable, Codable {
        /// The limit that QEMU is given from now on; the guest's own limit is never exceeded.
        case setDowntimeLimit(Duration)
        /// What the move is held to from now on, because of others that share its link; `nil` is no limit.
        case setBandwidth(ByteRate?)
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
