import FleetModel
import Migration
import Policy

/// What fleet commands say alike: moves as they are planned and as they went, and who is left.
struct FleetWords {
    let answer: FleetCheck.Answer

    private var fleet: Fleet { answer.picture.fleet }

    func name(_ guest: Int) -> String { answer.picture.guests[guest].identity.name }

    /// Guests that cannot go, with every reason.
    var blocked: String {
        answer.blocked.map { blocked in
            "  \(name(blocked.guest)) cannot be moved [\(blocked.code)]\n"
                + blocked.reasons.map { "    \($0)" }.joined(separator: "\n")
        }
        .joined(separator: "\n")
    }

    /// Moves that are to come, in their order.
    func table(_ steps: [FleetMove]) -> String {
        var table = Table([("GUEST", .left), ("FROM", .left), ("TO", .left), ("FORECAST", .right)])
        for step in steps {
            table.add([
                name(step.guest), fleet.hosts[step.source].name, fleet.hosts[step.destination].name,
                Duration.seconds(fleet.guests[step.guest].moveSeconds).text,
            ])
        }
        return table.text()
    }

    /// Everyone who is still where they were, each with its reason.
    func remaining(_ outcome: FleetRun.Outcome, isStopped: Bool) -> [RemainingReport] {
        remainingBlocked
            + outcome.failed.map { remaining($0.move.guest, code(of: $0.error), $0.error.detail) }
            + outcome.notBegun.map { move in
                guard !isStopped else { return remaining(move.guest, "interrupted") }
                let host = outcome.fleet.hosts[move.destination].name
                let reason = Refusal.reason(move.guest, on: move.destination, in: outcome.fleet)
                return remaining(
                    move.guest, "no-room-yet", reason.map { "\(host) \($0)" })
            }
    }

    var remainingBlocked: [RemainingReport] {
        answer.blocked.map { remaining($0.guest, $0.code, $0.reasons.joined(separator: "; ")) }
    }

    func remaining(_ guest: Int, _ code: String, _ detail: String? = nil) -> RemainingReport {
        RemainingReport(guest: name(guest), code: code, detail: detail)
    }

    func lines(_ remaining: [RemainingReport]) -> String {
        remaining.map { guest in
            "  \(guest.guest) [\(guest.code)]" + (guest.detail.map { ": \($0)" } ?? "")
        }
        .joined(separator: "\n")
    }

    func report(_ move: FleetMove, _ result: MoveResult? = nil) -> FleetMoveReport {
        FleetMoveReport(
            guest: name(move.guest), source: fleet.hosts[move.source].name,
            destination: fleet.hosts[move.destination].name,
            forecastSeconds: fleet.guests[move.guest].moveSeconds, totalSeconds: result?.total.seconds,
            downtimeSeconds: result?.downtime?.duration.seconds)
    }

    private func code(of error: ApusError) -> String {
        error.findings.first(where: \.blocks)?.code.rawValue ?? error.code.rawValue
    }
}

/// What fleet commands report: the moves, and who is left.
struct FleetReport: Encodable {
    let host: String
    /// Whether nothing was to be placed on the host already before the command.
    let wasMarked: Bool
    let moves: [FleetMoveReport]
    let remaining: [RemainingReport]
}

/// One move of a fleet command, planned or done.
struct FleetMoveReport: Encodable {
    let guest: String
    let source: String
    let destination: String
    let forecastSeconds: Double
    /// `nil` before the move.
    let totalSeconds: Double?
    let downtimeSeconds: Double?
}

/// A guest that is still where it was.
struct RemainingReport: Encodable {
    let guest: String
    let code: String
    let detail: String?
}
