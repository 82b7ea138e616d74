import FleetModel
import Migration
import Policy

/// Says what a drain would do, does and did.
struct DrainReporter {
    let common: CommonOptions
    let host: String
    let wasMarked: Bool
    let answer: FleetCheck.Answer

    private var words: FleetWords { FleetWords(answer: answer) }

    /// Nothing was moved, because of these.
    func blocked() {
        let count = answer.blocked.count
        if common.json {
            Envelope(
                command: "drain", changed: false,
                result: FleetReport(
                    host: host, wasMarked: wasMarked, moves: [], remaining: words.remainingBlocked),
                error: ErrorReport(
                    ApusError(
                        .blocked, "drain \(host)",
                        "\(count) guest\(count == 1 ? "" : "s") of \(host) cannot be moved",
                        hint: "Mend what each says, or leave them there with --partial."))
            ).print()
            return
        }
        Console.note("apus: could not drain \(host); nothing was attempted [blocked]\n" + words.blocked)
        Console.note("  Mend that, or leave them there with --partial: \(answer.moves.count) others can go.")
    }

    func planned(_ steps: [FleetMove]) {
        if common.json {
            Envelope(
                command: "drain", changed: false,
                result: FleetReport(
                    host: host, wasMarked: wasMarked, moves: steps.map { words.report($0) },
                    remaining: words.remainingBlocked),
                error: nil
            ).print()
            return
        }
        Console.print(table(steps))
        if !answer.blocked.isEmpty { Console.print("These would stay:\n" + words.blocked) }
        Console.print("Nothing was changed (--dry-run).")
    }

    func begins(_ steps: [FleetMove]) {
        guard !common.json else { return }
        Console.note(table(steps))
        if !answer.blocked.isEmpty { Console.note("These stay:\n" + words.blocked) }
    }

    private func table(_ steps: [FleetMove]) -> String {
        steps.isEmpty ? "\(host) has nothing that is to be moved." : words.table(steps)
    }

    /// - Parameters:
    ///   - outcome: what became of the moves.
    ///   - mover: with their figures.
    ///   - there: who is on the host now.
    ///   - changed: whether anything was changed.
    /// - Returns: how many guests are still there.
    func finished(
        _ outcome: FleetRun.Outcome, _ mover: FleetMover, left there: [Guest], changed: Bool
    ) -> Int {
        let known = words.remaining(outcome, isStopped: mover.isStopped)
        let left = there.map { guest in
            known.first { $0.guest == guest.identity.name }
                ?? RemainingReport(
                    guest: guest.identity.name, code: "arrived-meanwhile",
                    detail: "it came to \(host) while that was being emptied: apus drain \(host) again")
        }
        if common.json {
            Envelope(
                command: "drain", changed: changed,
                result: FleetReport(
                    host: host, wasMarked: wasMarked,
                    moves: outcome.moved.map { words.report($0, mover.result(of: $0.guest)) },
                    remaining: left), error: nil
            ).print()
            return left.count
        }
        let moved = Set(outcome.moved.map(\.guest)).count
        let counted = "\(moved) guest\(moved == 1 ? "" : "s") moved"
        Console.print(
            left.isEmpty
                ? "\(host) is empty: \(counted). Nothing is placed on it until apus undrain \(host)."
                : "\(host) is not empty: \(counted), \(left.count) remain\(left.count == 1 ? "s" : ""):\n"
                    + words.lines(left))
        if outcome.failed.contains(where: { ExitStatus($0.error.code) == .needsPerson }) {
            Console.print("See what is known of them with apus repair.")
        }
        return left.count
    }
}
