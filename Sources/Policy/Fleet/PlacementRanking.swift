package import FleetModel

/// The hosts of a fleet for a guest that is to be started, best first.
package struct PlacementRanking: Sendable {
    package struct Choice: Sendable, Hashable {
        package let host: String
        /// Why it cannot be there; `nil` where it can.
        package let refusal: String?
        /// What of the host's memory for guests would be taken, and of its processors at work, the guest included.
        package let memoryShare: Double
        package let loadShare: Double
        /// On the guest's list of preferred hosts, from 0; `nil` where it is not on it.
        package let preference: Int?
    }

    package let choices: [Choice]

    package var best: Choice? { choices.first { $0.refusal == nil } }

    /// - Parameters:
    ///   - guest: who; where it says that it is does not matter.
    ///   - fleet: the others; the guest itself is taken out of it.
    package init(_ guest: FleetGuest, in fleet: Fleet) {
        var rest = fleet
        rest.guests.removeAll { $0.identity.uuid == guest.identity.uuid }
        var whole = rest
        whole.guests.append(guest)
        let number = whole.guests.count - 1
        let measure = ImbalanceMeasure(whole)
        let placement = Placement(rest)
        let ranked = fleet.hosts.indices.map { host -> (choice: Choice, cost: Double) in
            let machine = fleet.hosts[host]
            let memory = placement.memory[host] + guest.memory.bytes
            let load = placement.load[host] + guest.load
            let preference = guest.policy.preferredHosts?.firstIndex(of: machine.name)
            let last = guest.policy.preferredHosts?.count ?? 0
            let choice = Choice(
                host: machine.name, refusal: Refusal.reason(number, on: host, in: whole),
                memoryShare: Double(memory) / Double(max(1, machine.memory.bytes)),
                loadShare: load / Double(max(1, machine.processors)), preference: preference)
            return (
                choice,
                measure.unevenness(host, memory, load) - placement.unevenness(host)
                    + measure.hostShare * PlacementSearch.Prices().rank * Double(preference ?? last)
            )
        }
        choices = ranked.enumerated().sorted { left, right in
            let (mine, other) = (left.element, right.element)
            if (mine.choice.refusal == nil) != (other.choice.refusal == nil) {
                return mine.choice.refusal == nil
            }
            // A wish goes before an even load here: nothing has to be moved for it.
            let (first, second) = (mine.choice.preference ?? .max, other.choice.preference ?? .max)
            if first != second { return first < second }
            return mine.cost == other.cost ? left.offset < right.offset : mine.cost < other.cost
        }
        .map(\.element.choice)
    }
}
