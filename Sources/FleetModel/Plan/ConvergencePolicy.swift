/// When pre-copy has gone on for long enough, and what is done then.
///
/// Each bound ends the waiting by itself; `nil` is no such bound. What follows is `onStall`, one measure after the
/// other. Sources of the bounds: Clark et al., "Live Migration of Virtual Machines" (NSDI 2005), section 4.1, which
/// stops on rounds, bytes sent and pages left; the stall is KubeVirt's and the deadline everybody's.
package struct ConvergencePolicy: Sendable, Hashable, Codable {
    /// What may be done about a guest that writes faster than it can be sent.
    package enum Measure: String, Sendable, Hashable, Codable, CaseIterable {
        /// QEMU slows the guest's processors down (auto-converge).
        case throttle
        /// The guest switches over and pulls what it misses.
        case postCopy = "postcopy"
        /// The guest stands still until the rest is sent, however long that takes.
        case suspend
        /// The move is given up; the guest runs on where it is.
        case abort
    }

    /// In the order in which they are tried. After the last one nothing more is tried: a list that
    /// does not end in `abort` lets pre-copy go on until the timeout.
    package var onStall: [Measure] = [.throttle, .postCopy, .abort]
    /// Rounds of pre-copy.
    package var maxRounds: Int? = 30
    /// Memory sent, as a multiple of the guest's size.
    package var maxSent: Double? = 3
    /// Rounds in a row that left no less than the best one before them.
    package var stallRounds = 3
    /// As soon as no more than this is left, the whole downtime limit is offered at once.
    package var enoughLeft: ByteCount? = ByteCount(256 * 4096)

    package init() {}

    package init(
        onStall: [Measure], maxRounds: Int?, maxSent: Double?, stallRounds: Int, enoughLeft: ByteCount?
    ) {
        self.onStall = onStall
        self.maxRounds = maxRounds
        self.maxSent = maxSent
        self.stallRounds = stallRounds
        self.enoughLeft = enoughLeft
    }
}
