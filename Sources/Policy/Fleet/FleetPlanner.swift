package import FleetModel

/// Chooses places for guests of a fleet: all that a command wants moved, together.
package struct FleetPlanner: Sendable {
    /// What it may do.
    package enum Aim: Sendable, Hashable {
        /// Only what has to: guests that are where they must not be.
        case settle
        /// Only the guests of these hosts, and others as far as they have to make room.
        case empty(Set<Int>)
        /// Besides, whatever makes the load more even by more than it costs.
        case balance
    }

    /// Where everything is to go.
    package struct Outcome: Sendable {
        /// Hosts by guest; a guest without a place stays where it is.
        package let hosts: [Int]
        /// Guests for which there is no place.
        package let homeless: [Int]
        /// The root of the measure's variance, in shares of a host, before and after.
        package let imbalanceBefore: Double
        package let imbalanceAfter: Double
        /// Whether every possible placement was weighed.
        package let isOptimal: Bool

        /// What has to move, in no order.
        package func moves(in fleet: Fleet) -> [FleetMove] {
            fleet.guests.indices.filter { fleet.guests[$0].host != hosts[$0] }
                .map { FleetMove(guest: $0, from: fleet.guests[$0].host, to: hosts[$0]) }
        }
    }

    /// So many steps of trying the placements of a small fleet one by one, unless told.
    static let exactSteps = 200_000
    /// Bundles times hosts, from which on that leads nowhere.
    static let exactSize = 400

    let fleet: Fleet
    let prices: PlacementSearch.Prices
    private let steps: Int

    package init(_ fleet: Fleet) {
        self.init(fleet, prices: PlacementSearch.Prices())
    }

    init(_ fleet: Fleet, prices: PlacementSearch.Prices = .init(), steps: Int = FleetPlanner.exactSteps) {
        self.fleet = fleet
        self.prices = prices
        self.steps = steps
    }

    package func outcome(_ aim: Aim) -> Outcome {
        let now = Placement(fleet)
        let movable = now.bundles.map { !$0.stays }
        var search = PlacementSearch(now, prices: prices, isMovable: movable)
        switch aim {
        case .settle, .empty:
            // Others are moved only to make room.
            let hosts: Set<Int>? = if case .empty(let hosts) = aim { hosts } else { nil }
            var homeless = search.settle(onlyOf: hosts)
            var placement = search.placement
            if !homeless.isEmpty, let all = settledExactly(now, movable, onlyOf: hosts) {
                (placement, homeless) = (all, [])
            }
            return outcome(of: placement, now, homeless, isOptimal: false)
        case .balance:
            let homeless = search.settle(onlyOf: nil)
            search.improve()
            let open = now.bundles.indices.filter { movable[$0] }
            guard homeless.isEmpty, isSmall(open) else {
                return outcome(of: search.placement, now, homeless, isOptimal: false)
            }
            var exact = ExactSearch(
                now, prices: prices, movable: open, below: search.cost, limit: steps)
            let answer = exact.run()
            var placement = search.placement
            if let hosts = answer.hostOf { placement.follow(hosts) }
            return outcome(of: placement, now, [], isOptimal: answer.isComplete)
        }
    }

    /// Another host for one guest, with everything else where it is in this fleet.
    ///
    /// - Parameters:
    ///   - guest: which.
    ///   - tried: hosts on which it was tried.
    /// - Returns: `nil` where no other can have it.
    package func elsewhere(_ guest: Int, besides tried: Set<Int>) -> Int? {
        var rest = fleet
        let home = fleet.guests[guest].host
        let possible = fleet.guests[guest].possibleHosts ?? Set(fleet.hosts.indices)
        rest.guests[guest].possibleHosts = possible.subtracting(tried).subtracting([home])
        for other in rest.guests.indices where other != guest { rest.guests[other].policy.neverMoves = true }
        let host = FleetPlanner(rest, prices: prices).outcome(.empty([home])).hosts[guest]
        return host == home ? nil : host
    }

    /// What the search by ones and twos did not find, where all placements can be tried.
    private func settledExactly(
        _ now: Placement, _ movable: [Bool], onlyOf hosts: Set<Int>?
    ) -> Placement? {
        // Those that make room are few; all that need not move would be too many.
        let open = now.bundles.indices.filter { movable[$0] && (hosts == nil || now.isOn($0, hosts ?? [])) }
        guard isSmall(open) else { return nil }
        var exact = ExactSearch(
            now, prices: prices, movable: open, below: .infinity, limit: steps)
        guard let hosts = exact.run().hostOf else { return nil }
        var placement = now
        placement.follow(hosts)
        return placement
    }

    private func isSmall(_ bundles: [Int]) -> Bool { bundles.count * fleet.hosts.count <= Self.exactSize }

    private func outcome(
        of placement: Placement, _ now: Placement, _ homeless: [Int], isOptimal: Bool
    ) -> Outcome {
        var hosts = fleet.guests.map(\.host)
        for (number, bundle) in placement.bundles.enumerated() where placement.hostOf[number] >= 0 {
            for guest in bundle.guests { hosts[guest] = placement.hostOf[number] }
        }
        return Outcome(
            hosts: hosts, homeless: homeless.flatMap { placement.bundles[$0].guests }.sorted(),
            imbalanceBefore: now.imbalance.squareRoot(), imbalanceAfter: placement.imbalance.squareRoot(),
            isOptimal: isOptimal)
    }
}

extension Placement {
    /// Moves every bundle to where a list says.
    mutating func follow(_ hosts: [Int]) {
        for (bundle, host) in hosts.enumerated() where host >= 0 && hostOf[bundle] != host {
            move(bundle, to: host)
        }
    }
}
