import FleetModel

extension ConvergenceController {
    /// Why waiting is over.
    struct Cause: Sendable {
        enum Kind: Sendable { case stall, bound, deadline }
        let kind: Kind
        let text: String
    }

    /// A measure that was asked for, and is waited for.
    struct Asked: Sendable {
        let measure: ConvergencePolicy.Measure
        let round: Int
        let at: Double

        /// Whether pre-copy goes on as if nothing had been asked.
        func wasRefused(round now: Int, at seconds: Double) -> Bool {
            now >= round + ConvergenceConstants.refusalRounds
                && seconds - at >= ConvergenceConstants.refusalTime
        }
    }

    /// A measure that waits for a better moment.
    struct Due: Sendable {
        let cause: Cause
        var waited = 0
    }

    /// What a decision to wait was about.
    enum Topic: Sendable { case throttling, slowed, moment, nothingLeft }

    /// What is to be done about the copy, if anything.
    mutating func act(at now: Double, began: RoundRecord.Round?) -> Decision? {
        guard rounds.current > 1 else { return nil }
        guard let round = began else { return meetDeadline(at: now, began: nil) }
        if isSwitching(round) { return nil }
        if let asked {
            self.asked = nil
            return take(
                Cause(
                    kind: .bound,
                    text: "\(asked.measure.noun) was asked for in round \(asked.round) and has not begun in "
                        + "round \(round.number)"), at: now, in: round)
        }
        if let decision = meetDeadline(at: now, began: round) { return decision }
        if let bound = bound(round) { return take(bound, at: now, in: round) }
        if throttling != nil {
            guard let end = endOfThrottling(round) else { return sayThrottled(round) }
            return take(end, at: now, in: round)
        }
        if hasBegunThrottling(round) {
            return beginThrottling(
                Cause(kind: .stall, text: "round \(round.number) left \(round.left.size)"), in: round)
        }
        if due != nil { return waitLonger(at: now, in: round) }
        if let stall = stall(round) { return take(stall, at: now, in: round) }
        return sayThrottled(round)
    }

    // MARK: Causes

    private func bound(_ round: RoundRecord.Round) -> Cause? {
        if let most = setup.policy.maxRounds, round.number > most {
            return Cause(
                kind: .bound, text: "\(most) rounds are over and \(round.left.size) are left")
        }
        guard let most = mostSent else { return nil }
        // This round, and what is then left for a measure to send.
        let slowed = (1 - round.throttle) / (1 - (rounds.previous?.throttle ?? 0))
        let shrinks = min(1, (rounds.ratio(unsent: 0, rate: link.rate) ?? 1) * slowed)
        let rest = round.left * shrinks * (1 + ConvergenceConstants.measureOverhead)
        let endsByItself = rest <= affordable ?? 0 && round.sent + round.left <= most
        guard round.sent + round.left + rest > most, !endsByItself else { return nil }
        return Cause(
            kind: .bound,
            text: "\(round.sent.size) were sent and round \(round.number) left \(round.left.size): another "
                + "round would go beyond \((setup.policy.maxSent ?? 0).rounded(toDigits: 2)) times the memory "
                + "of \(setup.memory)")
    }

    private func stall(_ round: RoundRecord.Round) -> Cause? {
        let affordable = affordable ?? 0
        if hopeless >= max(1, setup.policy.stallRounds - 1), round.left > affordable {
            let ratio = rounds.ratio(unsent: 0, rate: link.rate) ?? 1
            return Cause(
                kind: .stall,
                text: "round \(round.number) left \(round.left.size): the guest dirties "
                    + "\(ratio.percent) of what is sent meanwhile, which does not come down in time"
                    + " to the \(affordable.size) that the downtime limit of \(promise) allows")
        }
        guard let best = rounds.best, rounds.stalled >= max(1, setup.policy.stallRounds),
            round.began - best.began >= ConvergenceConstants.stallTime
        else { return nil }
        if round.left <= affordable * ConvergenceConstants.reach {
            // The whole limit is tried first.
            guard let topped = ladder.toppedAt,
                round.began - topped >= ConvergenceConstants.limitDelay
            else { return nil }
        }
        return Cause(
            kind: .stall,
            text: "round \(round.number) left \(round.left.size), no less than round \(best.number) "
                + "(\(best.left.size))")
    }

    // MARK: Measures

    /// Goes on to the next measure that this transfer can take.
    ///
    /// - Returns: `nil` when nothing new is to be said.
    private mutating func take(_ cause: Cause, at now: Double, in round: RoundRecord.Round) -> Decision? {
        var skipped: [String] = []
        while turn < setup.policy.onStall.count {
            let measure = setup.policy.onStall[turn]
            if let obstacle = obstacle(to: measure, cause, in: round) {
                skipped.append(obstacle)
                turn += 1
                continue
            }
            switch measure {
            case .throttle: return beginThrottling(cause, in: round)
            case .postCopy, .suspend:
                if waitsForMoment(cause, in: round) { return wait(for: cause, in: round) }
                return ask(for: measure, cause, skipped, left: round.left, at: now)
            case .abort:
                isOver = true
                return Decision(.abort, because: cause.text + ": giving the move up" + note(skipped))
            }
        }
        return say(
            .nothingLeft, cause.text + ": nothing more is to be tried, pre-copy goes on" + note(skipped))
    }

    private func obstacle(
        to measure: ConvergencePolicy.Measure, _ cause: Cause, in round: RoundRecord.Round
    ) -> String? {
        switch measure {
        case .throttle: obstacleToThrottling(cause, in: round)
        case .postCopy: setup.canPostCopy ? nil : "post-copy was not prepared for this transfer"
        case .suspend, .abort: nil
        }
    }

    private mutating func ask(
        for measure: ConvergencePolicy.Measure, _ cause: Cause, _ skipped: [String], left: Double,
        at now: Double
    ) -> Decision {
        turn += 1
        due = nil
        throttling = nil
        asked = Asked(measure: measure, round: rounds.current, at: now)
        guard measure == .suspend else {
            return Decision(
                .startPostCopy,
                because: "\(cause.text): switching to post-copy, \(left.size) are pulled" + note(skipped))
        }
        let stop = link.rate.map { " for about \(Self.duration(left / $0).text)" } ?? ""
        return Decision(
            .suspend,
            because: "\(cause.text): stopping the guest\(stop) until the rest is sent" + note(skipped))
    }

    // MARK: The moment

    private func waitsForMoment(_ cause: Cause, in round: RoundRecord.Round) -> Bool {
        cause.kind == .stall && due?.waited ?? 0 < ConvergenceConstants.minimumRounds
            && round.left > rounds.leastBefore * (1 + ConvergenceConstants.minimumMargin)
    }

    private mutating func wait(for cause: Cause, in round: RoundRecord.Round) -> Decision? {
        due = due ?? Due(cause: cause)
        due?.waited += 1
        return say(
            .moment,
            "\(cause.text); the least so far was \(rounds.leastBefore.size): waiting for a better moment, "
                + "\(ConvergenceConstants.minimumRounds) rounds at most")
    }

    private mutating func waitLonger(at now: Double, in round: RoundRecord.Round) -> Decision? {
        guard let due else { return nil }
        if round.left < rounds.leastBefore * ConvergenceConstants.progress {
            self.due = nil
            return nil
        }
        return take(due.cause, at: now, in: round)
    }

    // MARK: The deadline

    /// Takes what can still end the move in time, when it becomes due; the abort at the deadline is not ours.
    private mutating func meetDeadline(at now: Double, began: RoundRecord.Round?) -> Decision? {
        guard let deadline = setup.deadline?.seconds, let rate = link.rate, rate > 0,
            let left = rounds.latest?.left
        else { return nil }
        for place in turn..<max(turn, setup.policy.onStall.count) {
            let measure = setup.policy.onStall[place]
            let (sure, likely): (Double, Double)
            switch measure {
            case .throttle, .abort: continue
            case .postCopy where !setup.canPostCopy: continue
            case .postCopy:
                sure = left / rate / ForecastConstants.pullWorst
                likely = left / rate / ForecastConstants.pull
            case .suspend:
                sure = left / (link.slowest ?? rate)
                likely = left / rate
            }
            guard now + likely + ConvergenceConstants.measureCost <= deadline else { continue }
            let latest =
                deadline - sure - ConvergenceConstants.measureCost - ConvergenceConstants.deadlineMargin
            // At the beginning of a round: whether the next beginning would be too late.
            guard now >= latest || began.map({ now + $0.left / rate > latest }) ?? false else { return nil }
            turn = place
            let cause = Cause(
                kind: .deadline,
                text: "\(Self.duration(deadline - now).text) are left until the timeout and round "
                    + "\(rounds.current) began with \(left.size)")
            return ask(for: measure, cause, [], left: left, at: now)
        }
        return nil
    }

    // MARK: Words

    /// A decision to wait; each topic is mentioned once.
    mutating func say(_ topic: Topic, _ reason: String) -> Decision? {
        said.insert(topic).inserted ? Decision(.wait, because: reason) : nil
    }

    var promise: String { Self.duration(ladder.promise).text }

    static func duration(_ seconds: Double) -> Duration {
        .milliseconds(Int64(min(1e12, max(0, seconds * 1000))))
    }

    private func note(_ skipped: [String]) -> String {
        skipped.isEmpty ? "" : " (\(skipped.joined(separator: "; ")))"
    }
}

extension ConvergencePolicy.Measure {
    fileprivate var noun: String {
        switch self {
        case .throttle: "slowing the guest down"
        case .postCopy: "post-copy"
        case .suspend: "stopping the guest"
        case .abort: "the abort"
        }
    }
}
