import FleetModel
import Migration
import Policy

/// Says what consolidating or spreading would move and moved, and which hosts it is about.
struct ConsolidationReporter {
    let common: CommonOptions
    let command: String
    let picture: FleetPicture
    let moves: [FleetMove]
    let hosts: [Int]

    private var words: FleetWords {
        FleetWords(answer: FleetCheck.Answer(picture: picture, moves: moves, blocked: []))
    }

    private func names(_ hosts: [Int]) -> [String] { hosts.map { picture.hosts[$0].name } }

    /// - Parameter what: what becomes of the hosts, in words that fit behind their names.
    func planned(_ what: String) {
        let (steps, stuck) = FleetSchedule.sequence(moves, in: picture.fleet)
        guard !common.json else {
            report(
                changed: false, hosts, steps.map { words.report($0) },
                stuck.map { words.remaining($0.guest, "no-room-yet") })
            return
        }
        Console.print(
            hosts.isEmpty ? "No host \(what)." : "\(names(hosts).joined(separator: ", ")) \(what).")
        if !steps.isEmpty { Console.print(words.table(steps)) }
        for move in stuck { Console.print("  \(words.name(move.guest)) would find no room on the way") }
        Console.print("Nothing was changed (--apply does it).")
    }

    /// - Returns: how many moves were not made.
    func finished(
        _ outcome: FleetRun.Outcome, _ mover: FleetMover, hosts: [Int], _ what: String, hasChanged: Bool
    ) -> Int {
        let left = words.remaining(outcome, isStopped: mover.isStopped)
        guard !common.json else {
            report(
                changed: hasChanged, hosts,
                outcome.moved.map { words.report($0, mover.result(of: $0.guest)) }, left)
            return left.count
        }
        let count = outcome.moved.count
        let which =
            hosts.isEmpty
            ? "No host is" : "\(names(hosts).joined(separator: ", ")) \(hosts.count == 1 ? "is" : "are")"
        Console.print(
            "\(which) \(what); \(count) move\(count == 1 ? "" : "s")"
                + (left.isEmpty ? "." : ". Not moved:\n" + words.lines(left)))
        return left.count
    }

    private func report(
        changed: Bool, _ hosts: [Int], _ moves: [FleetMoveReport], _ remaining: [RemainingReport]
    ) {
        Envelope(
            command: command, changed: changed,
            result: ConsolidationReport(hosts: names(hosts), moves: moves, remaining: remaining), error: nil
        ).print()
    }
}

private struct ConsolidationReport: Encodable {
    /// Those that were emptied, or are taken into use again.
    let hosts: [String]
    let moves: [FleetMoveReport]
    let remaining: [RemainingReport]
}
