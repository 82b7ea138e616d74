import FleetModel

extension ConvergenceController {
    /// How the guest fares while QEMU slows it down.
    struct Throttling: Sendable {
        /// The round that was judged last.
        var judged: RoundRecord.Round
        /// The least that any round left since it began.
        var least: Double
        /// Rounds that left no less although the guest was slowed down.
        var strikes = 0
        /// Rounds in which QEMU saw no reason to.
        var idle = 0
    }

    func obstacleToThrottling(_ cause: Cause, in round: RoundRecord.Round) -> String? {
        if !setup.canThrottle { return "auto-converge was not switched on for this transfer" }
        if throttling != nil { return "slowing the guest down has had its time" }
        if cause.kind != .stall { return "slowing the guest down would take more rounds" }
        guard let outlook = outlookOfThrottling(round), let affordable else { return nil }
        return outlook.ends(below: affordable, within: budget(round))
            ? nil : "slowing the guest down could not end it in time either"
    }

    /// QEMU slows the guest down by itself; it is left to it, with the whole of the downtime limit.
    mutating func beginThrottling(_ cause: Cause, in round: RoundRecord.Round) -> Decision? {
        throttling = Throttling(judged: round, least: round.left)
        offersAll =
            "the guest is slowed down from round \(round.number) on: all of the downtime limit is offered, "
            + "to make that short"
        guard round.throttle > 0 else {
            return say(.throttling, "\(cause.text): QEMU is left to slow the guest down")
        }
        said.insert(.slowed)
        return say(
            .throttling, "\(cause.text): QEMU slows the guest down, by \(round.throttle.percent) now")
    }

    /// Why it goes on no longer; `nil` while it helps, or may yet.
    mutating func endOfThrottling(_ round: RoundRecord.Round) -> Cause? {
        guard var state = throttling, round.began - state.judged.began >= ConvergenceConstants.throttlePeriod
        else { return nil }
        defer { throttling = state }
        let before = state.judged
        state.judged = round
        defer { state.least = min(state.least, round.left) }
        guard round.throttle > 0 else {
            state.idle += 1
            guard state.idle >= ConvergenceConstants.throttleIdle else { return nil }
            return Cause(
                kind: .stall,
                text: "QEMU has not begun to slow the guest down within \(state.idle) rounds, and round "
                    + "\(round.number) left \(round.left.size)")
        }
        // The round that is over has to have been a slowed one.
        guard before.throttle > 0 else { return nil }
        if let outlook = outlookOfThrottling(round), let affordable,
            !outlook.ends(below: affordable, within: budget(round))
        {
            return Cause(
                kind: .stall,
                text:
                    "round \(round.number) left \(round.left.size) (\(before.left.size) before) although the "
                    + "guest was slowed down by \(before.throttle.percent), which does not come down in time")
        }
        guard round.left > state.least * ConvergenceConstants.throttleGain else { return nil }
        state.strikes += 1
        guard state.strikes >= patience else { return nil }
        return Cause(
            kind: .stall,
            text: "round \(round.number) left \(round.left.size), no less than before, although the guest "
                + "is slowed down by \(round.throttle.percent)")
    }

    /// Whether QEMU has begun with it before anybody saw a reason to: that is its turn then.
    func hasBegunThrottling(_ round: RoundRecord.Round) -> Bool {
        round.throttle > 0 && throttling == nil && setup.canThrottle
            && turn < setup.policy.onStall.count && setup.policy.onStall[turn] == .throttle
    }

    /// Says once that QEMU slows the guest down, whoever wanted it.
    mutating func sayThrottled(_ round: RoundRecord.Round) -> Decision? {
        guard round.throttle > 0 else { return nil }
        return say(
            .slowed,
            "QEMU slows the guest down, by \(round.throttle.percent) since round \(round.number), which "
                + "began with \(round.left.size)")
    }

    private var patience: Int {
        setup.canPostCopy && setup.policy.onStall.dropFirst(turn).contains(.postCopy)
            ? ConvergenceConstants.throttleStrikes : ConvergenceConstants.throttleStrikesAtLast
    }

    private func outlookOfThrottling(_ round: RoundRecord.Round) -> Outlook? {
        ratio.map { Outlook(left: round.left, ratio: $0, throttle: round.throttle, throttles: true) }
    }
}
