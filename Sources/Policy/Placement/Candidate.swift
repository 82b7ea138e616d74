package import FleetModel

/// A host that a guest might go to.
package struct Candidate: Sendable, Hashable {
    /// What a check of it found.
    package enum Outcome: Sendable, Hashable {
        case checked(findings: [Finding], forecast: StrategyForecast?, available: ByteCount?)
        case notReached(String)
    }

    package let host: String
    package let outcome: Outcome

    package init(host: String, outcome: Outcome) {
        self.host = host
        self.outcome = outcome
    }

    package var isPossible: Bool {
        guard case .checked(let findings, _, _) = outcome else { return false }
        return !findings.contains(where: \.blocks)
    }

    /// Best first: those that can take the guest, by warnings, by whether the move converges, by how long it
    /// takes, by memory that would be left; then the others, by how much stands in the way.
    package static func ranked(_ candidates: [Candidate]) -> [Candidate] {
        candidates.enumerated().sorted { left, right in
            let (mine, other) = (left.element.rank, right.element.rank)
            return mine == other ? left.offset < right.offset : mine.lexicographicallyPrecedes(other)
        }
        .map(\.element)
    }

    /// Smaller is better; compared from the left.
    private var rank: [Double] {
        guard case .checked(let findings, let forecast, let available) = outcome else {
            return [2, 0, 0, 0, 0]
        }
        let blockers = Double(findings.count(where: \.blocks))
        return [
            blockers > 0 ? 1 : 0,
            blockers > 0 ? blockers : Double(findings.count { $0.severity == .warning }),
            forecast.map { $0.converges ? 0 : 1 } ?? 0.5,
            // A tenth of a second more or less is no reason.
            forecast.map { ($0.total.likely.seconds * 10).rounded() } ?? .greatestFiniteMagnitude,
            -Double(available?.bytes ?? 0),
        ]
    }

    /// Why it stands where it stands, in a line.
    package var reason: String {
        switch outcome {
        case .notReached(let why): return why
        case .checked(let findings, let forecast, let available):
            let blockers = findings.filter(\.blocks)
            guard blockers.isEmpty else {
                return blockers.map { "\($0.code.rawValue) (\($0.subject))" }.joined(separator: ", ")
            }
            let warnings = findings.count { $0.severity == .warning }
            let parts: [String?] = [
                warnings == 0 ? "nothing in the way" : "\(warnings) warning\(warnings == 1 ? "" : "s")",
                forecast.map {
                    "forecast \($0.total.likely.text)\($0.converges ? "" : ", would not converge")"
                },
                available.map { "\($0) of memory available" },
            ]
            return parts.compactMap(\.self).joined(separator: ", ")
        }
    }
}
