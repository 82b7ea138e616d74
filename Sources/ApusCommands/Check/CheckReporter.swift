import FleetModel
import Policy

/// Says what a check found, to a person or in JSON.
struct CheckReporter {
    let common: CommonOptions

    func report(_ verdict: Verdict) {
        if common.json {
            Envelope(command: "check", changed: false, result: CheckReport(verdict), error: nil).print()
        } else {
            Console.print(text(verdict))
        }
    }

    private func text(_ verdict: Verdict) -> String {
        let facts = verdict.facts
        let move = "\(facts.guest.identity) from \(facts.source.host.name) to \(facts.destination.host.name)"
        var lines = [verdict.isBlocked ? "\(move): blocked." : "\(move): nothing stands in the way."]
        if !verdict.findings.isEmpty { lines.append(GroupedFindings(verdict.findings).text()) }
        if let forecast = verdict.forecast, let text = ForecastText(forecast, strategy: .preCopy) {
            lines.append("Forecast, plain pre-copy:")
            lines += text.lines().map { "  \($0)" }
        }
        lines += verdict.notes.map { "  note        \($0)" }
        return lines.joined(separator: "\n")
    }
}

/// Findings under the title of their topic; the topic with the worst one first.
struct GroupedFindings {
    private let findings: [Finding]

    init(_ findings: [Finding]) { self.findings = findings }

    func text() -> String {
        let groups = Dictionary(grouping: findings, by: \.code.topic)
        let order = groups.keys.sorted { left, right in
            let worst = [left, right].map { groups[$0]?.map(\.severity).min() ?? .note }
            return worst[0] == worst[1] ? left < right : worst[0] < worst[1]
        }
        return order.map { "\($0.title)\n\(FindingList(groups[$0] ?? []).text())" }.joined(separator: "\n")
    }
}

/// A check of one destination in JSON.
private struct CheckReport: Encodable {
    let guest: String
    let source: String
    let destination: String
    let canMove: Bool
    let findings: [FindingReport]
    let forecast: ForecastReport?
    let notes: [String]

    init(_ verdict: Verdict) {
        guest = verdict.facts.guest.identity.name
        source = verdict.facts.source.host.name
        destination = verdict.facts.destination.host.name
        canMove = !verdict.isBlocked
        findings = verdict.findings.map(FindingReport.init)
        forecast = verdict.forecast.map(ForecastReport.init)
        notes = verdict.notes
    }
}

/// Says which hosts can take a guest, best first.
struct RankingReporter {
    let common: CommonOptions

    func report(_ ranking: DestinationSearch.Ranking) {
        if common.json {
            Envelope(
                command: "check", changed: false,
                result: RankingReport(
                    guest: ranking.guest.identity.name, source: ranking.guest.host,
                    destinations: ranking.candidates.map(CandidateReport.init)), error: nil
            ).print()
            return
        }
        Console.print("\(ranking.guest.identity) on \(ranking.guest.host) can go to:")
        var table = Table([("HOST", .left), ("CAN", .left), ("WHY", .left)])
        for candidate in ranking.candidates {
            table.add([candidate.host, candidate.isPossible ? "yes" : "no", candidate.reason])
        }
        Console.print(table.text())
        if let best = ranking.candidates.first(where: \.isPossible) {
            Console.print("Best: apus migrate \(ranking.guest.identity) --to \(best.host)")
        } else {
            Console.print("Details of one: apus check \(ranking.guest.identity) --to HOST")
        }
    }
}

private struct RankingReport: Encodable {
    let guest: String
    let source: String
    /// Best first.
    let destinations: [CandidateReport]
}

private struct CandidateReport: Encodable {
    let host: String
    let canMove: Bool
    let reason: String
    let findings: [FindingReport]
    let totalSeconds: Double?

    init(_ candidate: Candidate) {
        host = candidate.host
        canMove = candidate.isPossible
        reason = candidate.reason
        guard case .checked(let found, let forecast, _) = candidate.outcome else {
            findings = []
            totalSeconds = nil
            return
        }
        findings = found.map(FindingReport.init)
        totalSeconds = forecast?.total.likely.seconds
    }
}
