import FleetModel

/// What the rounds left, and whether that is going anywhere.
struct RoundRecord: Sendable {
    /// A round whose beginning was seen.
    struct Round: Sendable {
        let number: Int
        /// Seconds since the transfer began.
        let began: Double
        /// Bytes of memory that were dirty then.
        let left: Double
        /// Bytes of memory that had been sent by then.
        let sent: Double
        /// By how much the guest is slowed down in it, as a share.
        let throttle: Double
    }

    /// The round that runs, whether or not it is known what it began with.
    private(set) var current = 0
    private(set) var latest: Round?
    private(set) var previous: Round?
    /// The last one that left noticeably less than all before it; the first round, which sends everything, is none.
    private(set) var best: Round?
    /// The least that any left, and any before the latest.
    private var least = Double.infinity
    private(set) var leastBefore = Double.infinity
    /// Rounds in a row that left no less than the best.
    private(set) var stalled = 0
    /// When the round that runs began; its size is still to be seen.
    private var expected: Double?

    /// Takes an observation in.
    ///
    /// - Parameters:
    ///   - observation: an event that a round began, a sample, or both.
    ///   - link: the same sample is in it already.
    /// - Returns: the round whose beginning became known by it.
    mutating func note(_ observation: ConvergenceController.Observation, link: Throughput) -> Round? {
        let now = observation.elapsed.seconds
        if let number = observation.roundBegan { expect(number, since: now) }
        guard let sample = observation.sample else { return nil }
        if let number = sample.round { expect(number, since: now) }
        guard let began = expected, let remaining = sample.memoryRemaining,
            sample.round ?? current >= current
        else { return nil }
        // What was sent since the event is no longer left.
        let since = link.sent(within: now - began)
        let round = Round(
            number: current, began: began, left: Double(remaining.bytes) + since,
            sent: max(latest?.sent ?? 0, link.sent - since),
            throttle: Double(min(99, max(0, sample.throttlePercent ?? 0))) / 100)
        expected = nil
        add(round)
        return round
    }

    private mutating func expect(_ number: Int, since now: Double) {
        // No copy has a billion rounds; a number beyond it is no number.
        guard number > current, number < 1_000_000_000 else { return }
        current = number
        expected = now
    }

    private mutating func add(_ round: Round) {
        previous = latest
        latest = round
        guard round.number > 1 else { return }
        if let best, round.left >= best.left * (1 - ConvergenceConstants.stallMargin) {
            stalled += 1
        } else {
            best = round
            stalled = 0
        }
        leastBefore = least
        least = min(least, round.left)
    }

    /// Bytes dirtied for each byte sent in the last whole round.
    ///
    /// - Parameters:
    ///   - unsent: bytes that QEMU may have left over at the round's end, and that nobody dirtied.
    ///   - rate: what the link gives: while pages of zeros are looked at the guest writes on.
    /// - Returns: `nil` where no whole round was seen.
    func ratio(unsent: Double, rate: Double?) -> Double? {
        guard let previous, let latest, latest.number == previous.number + 1 else { return nil }
        let capacity = max(latest.sent - previous.sent, (rate ?? 0) * (latest.began - previous.began))
        guard capacity > 0 else { return nil }
        return max(0, latest.left - unsent) / capacity
    }
}
