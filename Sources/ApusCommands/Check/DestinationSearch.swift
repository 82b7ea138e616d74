import FleetModel
import LibvirtFleet
import Policy

/// Checks every host of the inventory as a destination, and ranks them.
struct DestinationSearch: Sendable {
    struct Ranking: Sendable {
        let guest: Guest
        /// Best first.
        let candidates: [Candidate]
    }

    let inquiry: Inquiry
    /// Leaves the sample of the guest's writes out.
    let quick: Bool

    /// One host after the other: all at once they would measure each other's probes.
    func ranking(
        of guest: String, from source: Host?, in inventory: Inventory
    ) async throws(ApusError) -> Ranking {
        let opened = try await MoveSession.openAll(guest: guest, from: source, inventory: inventory)
        var candidates: [Candidate] = []
        var isSampled = quick
        for (host, session) in opened.sessions {
            do throws(ApusError) {
                let session = try session.get()
                let facts = try await inquiry.facts(of: session)
                let findings = inquiry.findings(facts)
                var forecast: StrategyForecast?
                if !findings.contains(where: \.blocks) {
                    // The guest's writes are the same wherever it goes: the journal has the first sample.
                    forecast = try await inquiry.forecast(facts, session, isSampled ? .link : .all)
                        .forecast.strategy(.preCopy)
                    isSampled = true
                }
                candidates.append(
                    Candidate(
                        host: host.name,
                        outcome: .checked(
                            findings: findings, forecast: forecast,
                            available: facts.destination.details.availableMemory.value)))
            } catch {
                candidates.append(Candidate(host: host.name, outcome: .notReached(error.detail)))
            }
        }
        return Ranking(guest: opened.guest, candidates: Candidate.ranked(candidates))
    }
}
