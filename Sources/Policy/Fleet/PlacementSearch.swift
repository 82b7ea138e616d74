import FleetModel

/// Looks for a better place for bundles, one or two at a time, until there is none.
struct PlacementSearch: Sendable {
    /// What moving is worth against imbalance, on one host: in a fleet of N it counts for an Nth, as a host does.
    struct Prices: Sendable, Hashable {
        /// Imbalance (a variance) that a second of moving has to be worth.
        var second = 1e-5
        /// The same for each rank on a guest's list of preferred hosts.
        var rank = 1e-4
    }

    private(set) var placement: Placement
    let prices: Prices
    private let isMovable: [Bool]
    /// Hosts by how hot they are, the coldest first.
    private var order: [Int] = []
    private var heat: [Double] = []

    /// So many of the coldest hosts are looked at for each bundle; in a smaller fleet, all.
    private static let width = 24
    /// What counts as better: less is the noise of adding up.
    private static let least = 1e-12

    init(_ placement: Placement, prices: Prices, isMovable: [Bool]) {
        self.placement = placement
        self.prices = prices
        self.isMovable = isMovable
        heat = placement.hosts.indices.map { placement.heat($0) }
        order = placement.hosts.indices.sorted { (heat[$0], $0) < (heat[$1], $1) }
    }

    /// All that the planners weigh against each other: imbalance, moves, wishes.
    var cost: Double {
        placement.imbalance
            + placement.hostOf.enumerated().reduce(0) { $0 + price($1.offset, on: $1.element) }
    }

    /// What it costs to have a bundle there.
    func price(_ bundle: Int, on host: Int) -> Double { placement.price(bundle, on: host, prices) }

    // MARK: Getting everything to a place

    /// Brings everything that is nowhere, or where it must not be, or is too much for its host, to a place.
    ///
    /// - Parameter only: hosts to whose guests that is confined; `nil` is all.
    /// - Returns: bundles for which there is none; they are nowhere.
    mutating func settle(onlyOf only: Set<Int>?) -> [Int] {
        var waiting = placement.bundles.indices.filter { bundle in
            isMovable[bundle] && placement.isMisplaced(bundle)
                && only.map { placement.isOn(bundle, $0) } ?? true
        }
        for host in placement.hosts.indices where only == nil && placement.isOverfull(host) {
            // The smallest that make room.
            for bundle in placement.bundlesOn[host].sorted(by: { size($0) < size($1) })
            where placement.isOverfull(host) && isMovable[bundle] && !waiting.contains(bundle) {
                waiting.append(bundle)
                remove(bundle)
            }
        }
        for bundle in waiting { remove(bundle) }
        let choices = Dictionary(
            uniqueKeysWithValues: waiting.map { bundle in
                (bundle, placement.hosts.indices.count { placement.allows(bundle, on: $0) })
            })
        waiting.sort { left, right in
            let (mine, other) = (placement.bundles[left], placement.bundles[right])
            if mine.priority != other.priority { return mine.priority > other.priority }
            // The choosy and the large first.
            let (few, more) = (choices[left] ?? 0, choices[right] ?? 0)
            return few == more ? (other.memory, left) < (mine.memory, right) : few < more
        }
        var left: [Int] = []
        for bundle in waiting {
            if let host = bestHost(for: bundle) {
                move(bundle, to: host)
            } else if !makeRoom(for: bundle) {
                left.append(bundle)
            }
        }
        return left
    }

    private func size(_ bundle: Int) -> UInt64 { placement.bundles[bundle].memory }

    private func bestHost(for bundle: Int) -> Int? {
        var best: (host: Int, cost: Double)?
        for host in candidates(for: bundle, all: true)
        where placement.allows(bundle, on: host) && placement.fits(bundle, on: host) {
            let cost =
                placement.unevenness(host, adding: bundle) - placement.unevenness(host)
                + price(bundle, on: host)
            if cost < best?.cost ?? .infinity { best = (host, cost) }
        }
        return best?.host
    }

    /// Puts a bundle where one other has to go elsewhere for it.
    private mutating func makeRoom(for bundle: Int) -> Bool {
        for host in placement.hosts.indices where placement.allows(bundle, on: host) {
            for other in placement.bundlesOn[host]
            where isMovable[other] && placement.fits(bundle, on: host, leaving: other) {
                remove(other)
                move(bundle, to: host)
                if let elsewhere = bestHost(for: other) {
                    move(other, to: elsewhere)
                    return true
                }
                remove(bundle)
                move(other, to: host)
            }
        }
        return false
    }

    // MARK: Getting better

    /// One bundle elsewhere, or two in each other's places, as long as that is cheaper.
    mutating func improve() {
        var isDone = Array(repeating: false, count: placement.hosts.count)
        while let host = order.last(where: { !isDone[$0] }) {
            guard let step = bestStep(from: host) else {
                isDone[host] = true
                continue
            }
            apply(step)
            isDone[step.destination] = false
        }
    }

    private struct Step {
        let bundle: Int
        let source: Int
        let destination: Int
        /// What comes back in exchange.
        let exchanged: Int?
        let gain: Double
    }

    private func bestStep(from host: Int) -> Step? {
        var best: Step?
        for bundle in placement.bundlesOn[host] where isMovable[bundle] {
            let lightened = placement.unevenness(host, removing: bundle) - placement.unevenness(host)
            let here = price(bundle, on: host)
            for other in candidates(for: bundle, all: false)
            where other != host && placement.allows(bundle, on: other) {
                let before = placement.unevenness(other)
                let moved = price(bundle, on: other) - here
                if placement.fits(bundle, on: other) {
                    let cost = lightened + placement.unevenness(other, adding: bundle) - before + moved
                    if -cost > best?.gain ?? Self.least {
                        best = Step(
                            bundle: bundle, source: host, destination: other, exchanged: nil, gain: -cost)
                    }
                }
                for exchanged in placement.bundlesOn[other]
                where isMovable[exchanged] && placement.allows(exchanged, on: host) {
                    let cost =
                        placement.unevenness(host, adding: exchanged, removing: bundle)
                        - placement.unevenness(host)
                        + placement.unevenness(other, adding: bundle, removing: exchanged) - before
                        + moved + price(exchanged, on: host) - price(exchanged, on: other)
                    if -cost > best?.gain ?? Self.least,
                        placement.fits(bundle, on: other, leaving: exchanged),
                        placement.fits(exchanged, on: host, leaving: bundle)
                    {
                        best = Step(
                            bundle: bundle, source: host, destination: other, exchanged: exchanged,
                            gain: -cost)
                    }
                }
            }
        }
        return best
    }

    private mutating func apply(_ step: Step) {
        if let exchanged = step.exchanged {
            remove(exchanged)
            move(step.bundle, to: step.destination)
            move(exchanged, to: step.source)
        } else {
            move(step.bundle, to: step.destination)
        }
    }

    /// Hosts worth looking at: all of a few; else those that the bundle is bound to, or the coldest.
    private func candidates(for bundle: Int, all: Bool) -> some Sequence<Int> {
        let wanted = placement.bundles[bundle]
        if let allowed = wanted.allowed, allowed.count <= 2 * Self.width {
            return AnySequence(allowed.sorted())
        }
        return AnySequence(all ? order[...] : order.prefix(2 * Self.width))
    }

    // MARK: Hosts in order

    private mutating func move(_ bundle: Int, to host: Int) {
        remove(bundle)
        placement.put(bundle, on: host)
        reorder(host)
    }

    private mutating func remove(_ bundle: Int) {
        let host = placement.hostOf[bundle]
        placement.take(bundle)
        if host >= 0 { reorder(host) }
    }

    private mutating func reorder(_ host: Int) {
        order.remove(at: place(of: host))
        heat[host] = placement.heat(host)
        order.insert(host, at: place(of: host))
    }

    /// Where a host stands in the order, or would stand.
    private func place(of host: Int) -> Int {
        let key = (heat[host], host)
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            if (heat[order[middle]], order[middle]) < key { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension Placement {
    /// What it costs to have a bundle there, besides the imbalance: its move, and its wishes.
    func price(_ bundle: Int, on host: Int, _ prices: PlacementSearch.Prices) -> Double {
        let wanted = bundles[bundle]
        guard host >= 0 else { return 0 }
        let rank =
            wanted.preferred.isEmpty
            ? 0 : wanted.preferred.firstIndex(of: host) ?? wanted.preferred.count
        return measure.hostShare
            * ((host == wanted.home ? 0 : prices.second * wanted.seconds) + prices.rank * Double(rank))
    }

    /// How far above the fleet's share a host is; what is closed is hottest of all.
    func heat(_ host: Int) -> Double { measure.heat(host, memory[host], load[host]) }
}
