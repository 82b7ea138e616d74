import FleetModel
import Migration

/// Says how a move ended, to a person or in JSON.
struct MoveReporter {
    let common: CommonOptions

    func alreadyThere(_ guest: Guest, command: String) {
        if common.json {
            Envelope(
                command: command, changed: false,
                result: UnmovedReport(
                    guest: guest.identity.name, destination: guest.host, state: guest.state.kind.rawValue),
                error: nil
            ).print()
        } else {
            Console.print(
                "\(guest.identity) already is on \(guest.host) (\(guest.state.kind.rawValue)); nothing to do."
            )
        }
    }

    func moved(_ result: MoveResult) {
        if common.json {
            Envelope(command: "migrate", changed: true, result: MoveReport(result), error: nil).print()
        } else {
            Console.print(text(result))
        }
    }

    private func text(_ result: MoveResult) -> String {
        let plan = result.plan
        var lines = [
            "\(plan.guest) moved from \(plan.source.name) to \(plan.destination.name) in "
                + "\(result.total.text)."
        ]
        if let downtime = result.downtime {
            lines.append(
                "  downtime   \(downtime.duration.text) (± \(downtime.error.text), "
                    + "\(downtime.method.explanation))"
            )
        } else if plan.cold != nil {
            lines.append("  downtime   none: it did not run before")
        } else if plan.wasPaused {
            lines.append("  downtime   none: it was paused before and still is")
        }
        if let forecast = plan.chosenForecast {
            lines.append(
                "  forecast   \(forecast.total.likely.text) (\(forecast.total.low.text) to "
                    + "\(forecast.total.high.text))")
        }
        let wire =
            (result.relayed?.wire ?? result.wire).map { "\($0) on the wire" }
            ?? "wire bytes not reported by libvirt"
        let files = plan.cold.map { "\($0.files.count) file\($0.files.count == 1 ? "" : "s"), \($0.size)" }
        lines.append(
            "  transfer   \(wire), \(files ?? "\(result.rounds) round\(result.rounds == 1 ? "" : "s")")")
        let phases = result.phases.map { "\($0.phase.name) \($0.duration.text)" }.joined(separator: " · ")
        lines.append("  phases     \(phases)")
        let left = result.sourceState.map { "\($0.kind.rawValue) definition kept" } ?? "nothing left"
        lines.append(
            "  now        \(result.destinationState.kind.rawValue) on \(plan.destination.name); "
                + "\(left) on \(plan.source.name)")
        lines += result.care.lines
        lines += result.remarks.map { "  note       \($0)" }
        let worthSaying = plan.findings.filter { $0.severity == .warning }
        if !worthSaying.isEmpty { lines.append(FindingList(worthSaying).text()) }
        return lines.joined(separator: "\n")
    }
}

extension Downtime.Method {
    /// Behind a figure, for people.
    var explanation: String {
        switch self {
        case .qemuEvents: "QEMU's own clocks, corrected by the hosts' offset"
        case .eventArrival: "by arrival of both hosts' events"
        case .qemuFigure: "QEMU's figure, which leaves out the start on the destination"
        }
    }
}
