import FleetModel
import Migration
import Policy

/// Says what the balancer saw, what it would move and what it moved.
struct BalanceReporter {
    let common: CommonOptions
    let rules: Balancer.Rules
    let picture: FleetPicture
    let answer: Balancer.Answer

    private var words: FleetWords {
        FleetWords(
            answer: FleetCheck.Answer(picture: picture, moves: answer.verdict.moves, blocked: []))
    }

    private var decision: BalanceRound.Decision {
        switch answer.verdict {
        case .even: .even
        case .notYet: .notYet
        case .nothingWorthMoving: .nothingWorthMoving
        case .move: .move
        }
    }

    /// For the journal.
    func round(at now: Double) -> BalanceRound {
        let moves = answer.verdict.moves.map { move in
            let report = words.report(move)
            return "\(report.guest) \(report.source) \(report.destination)"
        }
        return BalanceRound(
            at: now, imbalance: answer.imbalance, decision: decision, moves: moves.joined(separator: "\n"))
    }

    func planned() {
        guard !common.json else {
            return report(changed: false, moves: answer.verdict.moves, nil, remaining: [])
        }
        Console.print(text)
        if !answer.verdict.moves.isEmpty {
            Console.print(words.table(answer.verdict.moves))
            Console.print(
                "Together \(Duration.seconds(answer.seconds).text); \(Self.percent(answer.imbalanceAfter)) would be "
                    + "left.")
        }
    }

    private var text: String {
        let imbalance = "Imbalance \(Self.percent(answer.imbalance)) of a host"
        let threshold = Self.percent(rules.threshold)
        switch answer.verdict {
        case .even: return "\(imbalance), below the \(threshold) that are put up with: nothing to do."
        case .nothingWorthMoving:
            return
                "\(imbalance), over \(threshold), and nothing is worth moving: no move that is possible gains "
                + "more than it takes."
        case .notYet(let rounds, _):
            return
                "\(imbalance), over \(threshold) for \(rounds) of \(rules.rounds) rounds. If it stays so, these "
                + "would be moved:"
        case .move: return "\(imbalance), over \(threshold) for \(rules.rounds) rounds. Worth moving:"
        }
    }

    /// - Returns: how many moves were not made.
    func finished(_ outcome: FleetRun.Outcome, _ mover: FleetMover) -> Int {
        let left = words.remaining(outcome, isStopped: mover.isStopped)
        guard !common.json else {
            report(changed: !outcome.moved.isEmpty, moves: outcome.moved, mover, remaining: left)
            return left.count
        }
        let count = outcome.moved.count
        Console.print(
            "\(count) guest\(count == 1 ? "" : "s") moved; the imbalance was \(Self.percent(answer.imbalance)) of a host"
                + (left.isEmpty ? "." : ". Not moved:\n" + words.lines(left)))
        return left.count
    }

    private func report(
        changed: Bool, moves: [FleetMove], _ mover: FleetMover?, remaining: [RemainingReport]
    ) {
        Envelope(
            command: "balance", changed: changed,
            result: BalanceReport(
                decision: decision.rawValue, imbalance: answer.imbalance,
                imbalanceAfter: answer.imbalanceAfter, threshold: rules.threshold,
                forecastSeconds: answer.seconds,
                moves: moves.map { words.report($0, mover?.result(of: $0.guest)) }, remaining: remaining),
            error: nil
        ).print()
    }

    private static func percent(_ share: Double) -> String { "\((share * 100).rounded(toDigits: 1)) %" }
}

private struct BalanceReport: Encodable {
    let decision: String
    /// In shares of a host.
    let imbalance: Double
    let imbalanceAfter: Double
    let threshold: Double
    let forecastSeconds: Double
    let moves: [FleetMoveReport]
    let remaining: [RemainingReport]
}
