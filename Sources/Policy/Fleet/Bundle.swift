import FleetModel

/// Guests that are to be on one host together, or a guest by itself: what the planners place.
struct Bundle: Sendable {
    /// Places in the fleet.
    var guests: [Int]
    var memory: UInt64 = 0
    var load = 0.0
    /// Seconds that the moves of all of them take.
    var seconds = 0.0
    var priority = 0
    /// Hosts that may have it; `nil` is all.
    var allowed: Set<Int>?
    /// Best first.
    var preferred: [Int] = []
    /// Numbers of the anti-affinity groups that it is in, once for each guest that is in one.
    var repelled: [Int] = []
    /// The same, guest by guest.
    var repelledOf: [[Int]] = []
    /// The host of its guests; `nil` while they are on several.
    var home: Int?
    /// Hosts of guests in it that never move: all of it has to be there.
    var tied: Set<Int> = []

    /// Whether it stays as it is: it is together, and one of it never moves.
    var stays: Bool { home.map { tied.contains($0) } ?? false }

    /// The fleet's guests as bundles.
    static func all(of fleet: Fleet) -> [Bundle] {
        var leader = Array(fleet.guests.indices)
        func root(_ guest: Int) -> Int {
            var guest = guest
            while leader[guest] != guest {
                leader[guest] = leader[leader[guest]]
                guest = leader[guest]
            }
            return guest
        }
        var firstOf: [String: Int] = [:]
        for (index, guest) in fleet.guests.enumerated() {
            for group in (guest.policy.affinity ?? []).sorted() {
                if let first = firstOf[group] {
                    leader[root(index)] = root(first)
                } else {
                    firstOf[group] = index
                }
            }
        }
        var hostNumbers: [String: Int] = [:]
        for (number, host) in fleet.hosts.enumerated() { hostNumbers[host.name] = number }
        var groupNumbers: [String: Int] = [:]
        var bundles: [Bundle] = []
        var bundleOf: [Int: Int] = [:]
        for (index, guest) in fleet.guests.enumerated() {
            let root = root(index)
            let groups = (guest.policy.antiAffinity ?? []).sorted().map { name in
                groupNumbers[name]
                    ?? {
                        let number = groupNumbers.count
                        groupNumbers[name] = number
                        return number
                    }()
            }
            if bundleOf[root] == nil {
                bundleOf[root] = bundles.count
                bundles.append(Bundle(guests: [], home: guest.host))
            }
            bundles[bundleOf[root] ?? 0].add(guest, index, groups, hostNumbers)
        }
        return bundles.map { bundle in
            var bundle = bundle
            // Whoever never moves may be where no rule would have it; the others join it, or cannot.
            if !bundle.tied.isEmpty {
                bundle.allowed = bundle.allowed.map { $0.intersection(bundle.tied) } ?? bundle.tied
            }
            if bundle.tied.count > 1 { bundle.allowed = [] }
            return bundle
        }
    }

    private mutating func add(
        _ guest: FleetGuest, _ index: Int, _ groups: [Int], _ hostNumbers: [String: Int]
    ) {
        guests.append(index)
        memory += guest.memory.bytes
        load += guest.load
        seconds += guest.moveSeconds
        priority = guests.count == 1 ? guest.policy.priority ?? 0 : max(priority, guest.policy.priority ?? 0)
        if home != guest.host { home = nil }
        if guest.policy.neverMoves == true { tied.insert(guest.host) }
        if let names = guest.policy.allowedHosts {
            // A name that no host bears allows nothing.
            restrict(to: Set(names.compactMap { hostNumbers[$0] }))
        }
        if let possible = guest.possibleHosts { restrict(to: possible) }
        for name in guest.policy.preferredHosts ?? [] {
            if let number = hostNumbers[name], !preferred.contains(number) { preferred.append(number) }
        }
        repelled.append(contentsOf: groups)
        repelledOf.append(groups)
    }

    private mutating func restrict(to hosts: Set<Int>) {
        allowed = allowed.map { $0.intersection(hosts) } ?? hosts
    }
}
