package import FleetModel

/// Decides, while memory is copied, what QEMU's downtime limit is to be and what is done about a guest that writes
/// faster than it can be sent.
///
/// A value that answers: samples and rounds go in, decisions come out, whoever holds it carries them out. It sets
/// QEMU's limit so that the user's is kept, and goes through the policy's measures, each once and in their order. The
/// model is in docs/convergence.md.
package struct ConvergenceController: Sendable {
    /// What is known before the transfer begins.
    package struct Setup: Sendable {
        /// The guest's memory in use where that is known, else its size.
        package let memory: ByteCount
        /// The user's limit, which is the promise towards the guest; `nil` is QEMU's default of 300 ms.
        package let downtimeLimit: Duration?
        package let policy: ConvergencePolicy
        /// Auto-converge was switched on for this transfer.
        package let canThrottle: Bool
        /// Post-copy was prepared for this transfer.
        package let canPostCopy: Bool
        /// Of the move's timeout, what is left when the transfer begins; `nil` is no timeout.
        package let deadline: Duration?
        /// The guest stands still: it is sent once, and no promise is at stake.
        package let wasPaused: Bool
        /// What a stop between these hosts takes beside the sending; `nil` where it was not measured, and a busy
        /// host is assumed.
        package let switchover: Duration?

        package init(
            memory: ByteCount, downtimeLimit: Duration?, policy: ConvergencePolicy, canThrottle: Bool,
            canPostCopy: Bool, deadline: Duration?, wasPaused: Bool, switchover: Duration? = nil
        ) {
            self.memory = memory
            self.downtimeLimit = downtimeLimit
            self.policy = policy
            self.canThrottle = canThrottle
            self.canPostCopy = canPostCopy
            self.deadline = deadline
            self.wasPaused = wasPaused
            self.switchover = switchover
        }
    }

    /// What was seen at one moment: a sample, the beginning of a round, or both.
    package struct Observation: Sendable {
        /// Since the transfer began.
        package let elapsed: Duration
        package let sample: JobSample?
        /// The number of the round that just began, as QEMU's event says it; the first is 1.
        package let roundBegan: Int?

        package init(elapsed: Duration, sample: JobSample? = nil, roundBegan: Int? = nil) {
            self.elapsed = elapsed
            self.sample = sample
            self.roundBegan = roundBegan
        }
    }

    let setup: Setup
    var link = Throughput()
    var rounds = RoundRecord()
    var ladder: DowntimeLadder
    /// Place in the policy's list of the measure whose turn it is.
    var turn = 0
    /// The measure that was asked for and ends the copy.
    var asked: Asked?
    /// A measure that waits for a better moment.
    var due: Due?
    var throttling: Throttling?
    /// The whole limit is to be offered, and why.
    var offersAll: String?
    /// Rounds in a row that said that pre-copy cannot end.
    var hopeless = 0
    /// Rounds in a row in which QEMU should have switched over.
    var switching = 0
    var isOver = false
    /// What was waited for so far: each is said once.
    var said: Set<Topic> = []

    package init(_ setup: Setup) {
        self.setup = setup
        ladder = DowntimeLadder(limit: setup.downtimeLimit, switchover: setup.switchover)
    }

    /// What QEMU's limit is set to before the transfer begins; `nil` leaves it alone.
    package var firstLimit: Duration? { setup.wasPaused ? nil : ladder.inForce }

    /// Somebody gave QEMU another downtime limit while the copy goes on: that is the promise from here on.
    ///
    /// - Parameters:
    ///   - limit: what QEMU has now; left alone until there is reason for another.
    ///   - elapsed: since the transfer began.
    package mutating func adopt(_ limit: Duration, at elapsed: Duration) {
        let rung = ladder.rung
        ladder = DowntimeLadder(limit: limit, switchover: setup.switchover)
        _ = ladder.climb(to: rung, at: elapsed.seconds)
        ladder.told(limit, at: elapsed.seconds)
    }

    /// Learns from an observation.
    ///
    /// - Parameter observation: in the order in which they were made.
    /// - Returns: what is to be done now, in this order; mostly nothing.
    package mutating func next(_ observation: Observation) -> [Decision] {
        guard !setup.wasPaused, !isOver else { return [] }
        let now = observation.elapsed.seconds
        if let sample = observation.sample { link.note(sample, at: now) }
        let began = rounds.note(observation, link: link)
        if let asked {
            // In post-copy, and of a guest that stands still, there are no more rounds.
            guard began != nil, asked.wasRefused(round: rounds.current, at: now) else { return [] }
        }
        if let began { judge(began) }
        let measure = act(at: now, began: began)
        if let measure, measure.step != .wait { return [measure] }
        return [measure, adjustLimit(at: now, began: began)].compactMap { $0 }
    }

    // MARK: What is known

    /// How much may be left for the whole of the user's limit to be kept; `nil` before the first sample.
    var affordable: Double? {
        guard let rate = link.slowest ?? link.rate.map({ $0 * ConvergenceConstants.assumedTrust }) else {
            return nil
        }
        return ladder.forMemory * rate
    }

    /// Below this QEMU switches over by itself, going by what it may take the link for.
    private var switchesBelow: Double {
        ladder.inForce.seconds * (link.highestEstimate ?? 0)
    }

    /// Bytes dirtied for each byte sent, in the guest's favour and as if it were not slowed down.
    var ratio: Double? {
        rounds.ratio(unsent: switchesBelow, rate: link.rate)
            .map { $0 * ConvergenceConstants.favour / (1 - (rounds.previous?.throttle ?? 0)) }
    }

    /// What may be sent in all; pages of zeros cost little, but they are not in the memory in use.
    var mostSent: Double? {
        guard let most = setup.policy.maxSent, setup.memory.bytes > 0 else { return nil }
        return Double(setup.memory.bytes) * max(0, most) + link.zeros(beside: setup.memory)
    }

    /// What the policy still grants when a round begins.
    func budget(_ round: RoundRecord.Round) -> Outlook.Budget {
        var bytes = mostSent.map { $0 - round.sent }
        if let deadline = setup.deadline?.seconds, let rate = link.rate {
            bytes = min(bytes ?? .infinity, (deadline - round.began) * rate)
        }
        return Outlook.Budget(rounds: setup.policy.maxRounds.map { $0 - round.number + 1 }, bytes: bytes)
    }

    /// Whether a round begins with so little that QEMU is about to switch over: nobody should meddle then.
    mutating func isSwitching(_ round: RoundRecord.Round) -> Bool {
        guard round.left <= switchesBelow else {
            switching = 0
            return false
        }
        switching += 1
        return switching <= ConvergenceConstants.switchoverRounds
    }

    private mutating func judge(_ round: RoundRecord.Round) {
        guard let ratio, let affordable else { return }
        let outlook = Outlook(
            left: round.left, ratio: ratio, throttle: round.throttle, throttles: round.throttle > 0)
        hopeless = outlook.ends(below: affordable, within: budget(round)) ? 0 : hopeless + 1
    }
}

extension Double {
    /// As an amount for a person.
    var size: ByteCount { ByteCount(UInt64(Swift.min(9e18, Swift.max(0, self)))) }
    /// A share in per cent.
    var percent: String { "\((self * 100).rounded(toDigits: 0)) %" }
}
