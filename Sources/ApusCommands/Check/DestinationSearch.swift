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

    /// How one is made for a guest with its policy.
    let inquiry: @Sendable (_ guest: GuestIdentity, _ policy: GuestPolicy) throws(ApusError) -> Inquiry
    /// Leaves the sample of the guest's writes out.
    let quick: Bool

    /// One host after the other: all at once they would measure each other's probes.
    func ranking(
        of guest: String, from source: Host?, in inventory: Inventory
    ) async throws(ApusError) -> Ranking {
        let opened = try await MoveSession.openAll(guest: guest, from: source, inventory: inventory)
        let inquiry = try inquiry(opened.guest.identity, opened.policy)
        var candidates: [Candidate] = []
        var isSampled = quick
        for (host, session) in opened.sessions {
            do throws(ApusError) {
                // The guest's writes are the same wherever it goes: the journal has the first sample.
                let verdict = try await inquiry.verdict(session.get(), isSampled ? .link : .all)
                isSampled = isSampled || verdict.forecast != nil
                candidates.append(
                    Candidate(
                        host: host.name,
                        outcome: .checked(
                            findings: verdict.findings, forecast: verdict.forecast?.strategy(.preCopy),
                            available: verdict.facts.destination.details.availableMemory.value)))
            } catch {
                switch error.code {
                // Not a word about this host: it would be the same for each.
                case .journalBusy, .journalDamaged, .journalNewer, .journalUnwritable: throw error
                default: break
                }
                candidates.append(Candidate(host: host.name, outcome: .notReached(error.detail)))
            }
        }
        return Ranking(guest: opened.guest, candidates: Candidate.ranked(candidates))
    }
}
