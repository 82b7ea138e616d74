import FleetModel
import Migration
import Policy

/// Says what a drain would do, does and did.
struct DrainReporter {
    let common: CommonOptions
    let host: String
    let answer: FleetCheck.Answer

    private var words: FleetWords { FleetWords(answer: answer) }

    /// Nothing was moved, because of these.
    func blocked() {
        let count = answer.blocked.count
        if common.json {
            Envelope(
                command: "drain", changed: false,
                result: FleetReport(host: host, moves: [], remaining: words.remainingBlocked),
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

    func planned(_ steps: [FleetMove], _ stuck: [FleetMove]) {
        if common.json {
            Envelope(
                command: "drain", changed: false,
                result: FleetReport(
                    host: host, moves: steps.map { words.report($0) },
                    remaining: words.remainingBlocked + stuck.map { words.remaining($0.guest, "no-room-yet") }
                ),
                error: nil
            ).print()
            return
        }
        Console.print(table(steps))
        if !answer.blocked.isEmpty { Console.print("These would stay:\n" + words.blocked) }
        for move in stuck { Console.print("  \(words.name(move.guest)) would find no room on the way") }
        Console.print("Nothing was changed (--dry-run).")
    }

    func begins(_ steps: [FleetMove]) {
        if !common.json { Console.note(table(steps)) }
    }

    private func table(_ steps: [FleetMove]) -> String {
        steps.isEmpty ? "\(host) has nothing that is to be moved." : words.table(steps)
    }

    /// - Returns: how many guests are still there.
    func finished(_ outcome: FleetRun.Outcome, _ mover: FleetMover, changed: Bool) -> Int {
        let left = words.remaining(outcome, isStopped: mover.isStopped)
        if common.json {
            Envelope(
                command: "drain", changed: changed,
                result: FleetReport(
                    host: host, moves: outcome.moved.map { words.report($0, mover.result(of: $0.guest)) },
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
