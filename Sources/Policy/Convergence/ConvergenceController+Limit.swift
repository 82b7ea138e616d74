import FleetModel

extension ConvergenceController {
    /// Sets QEMU's limit anew where a round calls for a higher one, or the link gives something else than it was
    /// set for.
    mutating func adjustLimit(at now: Double, began: RoundRecord.Round?) -> Decision? {
        // libvirt has better things to do during a switchover.
        guard switching == 0 || switching > ConvergenceConstants.switchoverRounds else { return nil }
        let climbed = began.flatMap { climb($0, at: now) }
        let limit = ladder.limit(trust: link.trust)
        let ratio = limit.seconds / max(1e-6, ladder.inForce.seconds)
        let tolerance = ConvergenceConstants.limitTolerance
        let isDue =
            ratio < 1 - tolerance
            || ratio > 1 + tolerance && now - ladder.setAt >= ConvergenceConstants.limitRest
            || ratio > 1 && climbed != nil
        guard isDue else { return nil }
        ladder.told(limit, at: now)
        return Decision(.setDowntimeLimit(limit), because: climbed ?? whatTheLinkGives)
    }

    /// Goes up the ladder.
    ///
    /// - Returns: why, when it did.
    private mutating func climb(_ round: RoundRecord.Round, at now: Double) -> String? {
        let top = ConvergenceConstants.rungs.count - 1
        if let reason = offersAll {
            offersAll = nil
            return ladder.climb(to: top, at: now) ? reason : nil
        }
        guard round.number > 1 else { return nil }
        if let enough = setup.policy.enoughLeft, round.left <= Double(enough.bytes) {
            return ladder.climb(to: top, at: now)
                ? "round \(round.number) left \(round.left.size): all of the downtime limit is offered" : nil
        }
        guard let before = rounds.previous, before.number > 1, let affordable,
            round.left > before.left * ConvergenceConstants.slowRound,
            round.left <= affordable * ConvergenceConstants.reach
        else { return nil }
        let isLast = rounds.stalled >= setup.policy.stallRounds - 1
        let next =
            isLast ? top : max(ladder.rung + 1, ladder.rung(covering: round.left, of: affordable) ?? top)
        return ladder.climb(to: next, at: now)
            ? "round \(round.number) left \(round.left.size), hardly less than round \(before.number) "
                + "(\(before.left.size)): more of the downtime limit is offered" : nil
    }

    private var whatTheLinkGives: String {
        let measured = link.slowest.map { "the link gives \($0.size)/s" } ?? "the link was not measured"
        let expected = link.highestEstimate.map { " where QEMU expects up to \($0.size)/s" } ?? ""
        return
            "\(measured)\(expected), and \(Self.duration(ladder.reserved).text) of the \(promise) that are "
            + "promised are kept for the switchover itself"
    }
}
