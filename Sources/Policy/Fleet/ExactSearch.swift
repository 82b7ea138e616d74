import FleetModel

/// Every placement of a small fleet, but for those that cannot be better than the best so far.
struct ExactSearch {
    struct Answer: Sendable {
        /// By bundle; -1 is nowhere. `nil` where no placement was better than what was known.
        var hostOf: [Int]?
        /// Whether all were looked at; else it gave up after `limit` steps.
        var isComplete = true
    }

    private var placement: Placement
    private let prices: PlacementSearch.Prices
    /// To be placed, the largest first.
    private let open: [Int]
    private var best: Double
    private var answer = Answer()
    private var left: Int
    /// What those from a place in `open` on weigh together.
    private let memoryFrom: [Double]
    private let loadFrom: [Double]
    /// What they cost at the least.
    private let priceFrom: [Double]

    /// - Parameters:
    ///   - placement: bundles that are not to be moved are where they stay.
    ///   - prices: what moving is worth.
    ///   - movable: the others.
    ///   - best: the cost that is to be undercut.
    ///   - limit: steps at the most.
    init(
        _ placement: Placement, prices: PlacementSearch.Prices, movable: [Int], below best: Double, limit: Int
    ) {
        self.prices = prices
        self.best = best
        left = limit
        var emptied = placement
        for bundle in movable { emptied.take(bundle) }
        let measure = placement.measure
        open = movable.sorted { left, right in
            let (mine, other) = (placement.bundles[left], placement.bundles[right])
            let (heavy, light) = (
                measure.weight(mine.memory, mine.load), measure.weight(other.memory, other.load)
            )
            return heavy == light ? left < right : heavy > light
        }
        var memory = [0.0]
        var load = [0.0]
        var price = [0.0]
        for bundle in open.reversed() {
            memory.append((memory.last ?? 0) + Double(placement.bundles[bundle].memory))
            load.append((load.last ?? 0) + placement.bundles[bundle].load)
            let cheapest = placement.hosts.indices.filter { emptied.allows(bundle, on: $0) }
                .map { emptied.price(bundle, on: $0, prices) }.min()
            price.append((price.last ?? 0) + (cheapest ?? 0))
        }
        (memoryFrom, loadFrom, priceFrom) = (memory.reversed(), load.reversed(), price.reversed())
        self.placement = emptied
    }

    mutating func run() -> Answer {
        let fixed = placement.bundles.indices.reduce(0.0) { sum, bundle in
            sum + placement.price(bundle, on: placement.hostOf[bundle], prices)
        }
        descend(0, fixed)
        return answer
    }

    private mutating func descend(_ depth: Int, _ spent: Double) {
        guard left > 0 else {
            answer.isComplete = false
            return
        }
        left -= 1
        guard depth < open.count else {
            let cost = placement.imbalance + spent
            if cost < best - 1e-12 {
                best = cost
                answer.hostOf = placement.hostOf
            }
            return
        }
        guard
            placement.measure.leastImbalance(
                placement.memory, placement.load, moreMemory: memoryFrom[depth], moreLoad: loadFrom[depth])
                + spent + priceFrom[depth] < best - 1e-12
        else { return }
        let bundle = open[depth]
        let choices = placement.hosts.indices
            .filter { placement.allows(bundle, on: $0) && placement.fits(bundle, on: $0) }
            .map { host in
                let price = placement.price(bundle, on: host, prices)
                return (
                    host, price,
                    placement.unevenness(host, adding: bundle) - placement.unevenness(host) + price
                )
            }
            .sorted { ($0.2, $0.0) < ($1.2, $1.0) }
        for (host, price, _) in choices {
            placement.put(bundle, on: host)
            descend(depth + 1, spent + price)
            placement.take(bundle)
        }
    }
}
