package import FleetModel

/// The fewest hosts that hold all guests, with room to spare.
///
/// Hosts are emptied one after the other, those with the least on them first; one whose guests find no place is kept. Of a
/// small fleet every set of hosts is tried, the largest first.
package struct ConsolidationPlanner: Sendable {
    package struct Outcome: Sendable {
        /// Hosts that end up empty, by place; those that are empty already are among them.
        package let emptied: [Int]
        package let moves: [FleetMove]
    }

    /// Up to so many hosts all sets are tried.
    static let exhaustive = 8
    /// For each of them the placements of what moves are tried in so many steps.
    private static let steps = 2000

    private let fleet: Fleet

    /// - Parameters:
    ///   - fleet: as it is.
    ///   - headroom: of each host's memory and processors so much stays free: 0 ..< 1.
    package init(_ fleet: Fleet, headroom: Double) {
        var tight = fleet
        tight.hosts = fleet.hosts.map { host in
            var host = host
            host.memory = ByteCount(UInt64(Double(host.memory.bytes) * (1 - headroom)))
            host.mostLoad = Double(host.processors) * (1 - headroom)
            return host
        }
        self.fleet = tight
    }

    package func outcome() -> Outcome {
        let open = fleet.hosts.indices.filter { fleet.hosts[$0].isOpen }
        var best = emptied(trying: open.sorted { (weight($0), $0) < (weight($1), $1) })
        if open.count <= Self.exhaustive {
            for size in stride(from: open.count - 1, to: best.emptied.count, by: -1) {
                if let found = first(of: size, among: open) {
                    best = found
                    break
                }
            }
        }
        return best
    }

    /// How much it takes to empty a host.
    private func weight(_ host: Int) -> UInt64 {
        fleet.guests.reduce(0) { $0 + ($1.host == host ? $1.memory.bytes : 0) }
    }

    private func emptied(trying hosts: [Int]) -> Outcome {
        var best = Outcome(emptied: [], moves: [])
        for host in hosts where best.emptied.count + 1 < hosts.count {
            if let outcome = empty(best.emptied + [host]) { best = outcome }
        }
        return best
    }

    /// A set of so many hosts that can be emptied, the lightest sets first.
    private func first(of size: Int, among hosts: [Int]) -> Outcome? {
        var sets: [[Int]] = [[]]
        for host in hosts { sets += sets.map { $0 + [host] } }
        let wanted = sets.filter { $0.count == size }
            .map { (set: $0, weight: $0.reduce(UInt64(0)) { $0 + weight($1) }) }
            .sorted { $0.weight < $1.weight }
        for (set, _) in wanted { if let outcome = empty(set) { return outcome } }
        return nil
    }

    /// Whether the other hosts could take all guests if these were water.
    private func hasRoom(without hosts: Set<Int>) -> Bool {
        let left = fleet.hosts.indices.filter { fleet.hosts[$0].isOpen && !hosts.contains($0) }
        let guests = fleet.guests.filter { hosts.contains($0.host) || left.contains($0.host) }
        return guests.reduce(0) { $0 + $1.memory.bytes }
            <= left.reduce(0) { $0 + fleet.hosts[$1].memory.bytes }
            && guests.reduce(0) { $0 + $1.load }
                <= left.reduce(0) { $0 + (fleet.hosts[$1].mostLoad ?? .infinity) }
    }

    /// What moves when these hosts are emptied; `nil` where that is not possible, at the end or on the way.
    private func empty(_ hosts: [Int]) -> Outcome? {
        var closed = fleet
        let others = Set(fleet.hosts.indices).subtracting(hosts)
        for host in hosts { closed.hosts[host].isOpen = false }
        for guest in closed.guests.indices where hosts.contains(closed.guests[guest].host) {
            closed.guests[guest].possibleHosts = (closed.guests[guest].possibleHosts ?? others).intersection(
                others)
        }
        guard hasRoom(without: Set(hosts)) else { return nil }
        let outcome = FleetPlanner(closed, steps: Self.steps).outcome(.empty(Set(hosts)))
        guard !closed.guests.indices.contains(where: { hosts.contains(outcome.hosts[$0]) }) else {
            return nil
        }
        let moves = outcome.moves(in: closed)
        guard FleetSchedule.sequence(moves, in: closed).stuck.isEmpty else { return nil }
        return Outcome(emptied: hosts, moves: moves)
    }
}
