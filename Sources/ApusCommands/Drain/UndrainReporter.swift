import FleetModel
import Migration
import Policy

/// Says what an undrain would do and did.
struct UndrainReporter {
    let common: CommonOptions
    let host: String
    let wasMarked: Bool
    /// `nil` where nothing is brought back.
    let answer: FleetCheck.Answer?

    func planned() {
        let words = answer.map(FleetWords.init)
        if common.json {
            report(
                changed: false, moves: (answer?.moves ?? []).compactMap { words?.report($0) },
                remaining: words?.remainingBlocked ?? [])
            return
        }
        Console.print(wasMarked ? "\(host) would take guests again." : "\(host) is not marked.")
        if let words, let answer {
            Console.print(answer.moves.isEmpty ? "No guest would come back." : words.table(answer.moves))
            if !answer.blocked.isEmpty { Console.print("These would not come back:\n" + words.blocked) }
        }
        Console.print("Nothing was changed (--dry-run).")
    }

    func unmarked() {
        guard !common.json else { return report(changed: wasMarked, moves: [], remaining: []) }
        Console.print(
            wasMarked ? "\(host) takes guests again." : "\(host) was not marked; nothing to do.")
    }

    /// - Parameters:
    ///   - outcome: what became of the moves.
    ///   - mover: with their figures.
    ///   - missing: guests that nobody knows.
    /// - Returns: how many guests did not come back.
    func finished(_ outcome: FleetRun.Outcome, _ mover: FleetMover, missing: [GuestIdentity]) -> Int {
        guard let answer else { return 0 }
        let words = FleetWords(answer: answer)
        let lost = missing.map { guest in
            RemainingReport(
                guest: guest.name, code: ApusError.Code.unknownGuest.rawValue,
                detail: answer.picture.silent.isEmpty
                    ? "no host knows it" : "no host that answered knows it")
        }
        let left = words.remaining(outcome, isStopped: mover.isStopped) + lost
        if common.json {
            report(
                changed: wasMarked || !outcome.moved.isEmpty,
                moves: outcome.moved.map { words.report($0, mover.result(of: $0.guest)) }, remaining: left)
            return left.count
        }
        let moved = outcome.moved.count
        Console.print(
            "\(host) takes guests again: \(moved) guest\(moved == 1 ? "" : "s") came back"
                + (left.isEmpty
                    ? "."
                    : ", \(left.count) did not (apus undrain \(host) --return tries again):\n"
                        + words.lines(left)))
        return left.count
    }

    private func report(changed: Bool, moves: [FleetMoveReport], remaining: [RemainingReport]) {
        Envelope(
            command: "undrain", changed: changed,
            result: FleetReport(host: host, wasMarked: wasMarked, moves: moves, remaining: remaining),
            error: nil
        ).print()
    }
}
