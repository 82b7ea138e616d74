package import FleetModel

/// How unevenly hosts are loaded.
///
/// Of each host, how far its share of memory in use, and of processors at work, is from the whole fleet's; squared, weighted
/// by the host's size, and summed: a variance, whose root is in shares of a host (0.1: hosts are ten points off). Only open
/// hosts count. The fleet's own share does not change when guests move, so a move's gain is a matter of two hosts.
package struct ImbalanceMeasure: Sendable {
    /// What the two are worth against each other: processors suffer first, for memory is not shared.
    package static let loadWeight = 0.7
    package static let memoryWeight = 0.3

    /// What one host counts for, in the mean.
    let hostShare: Double
    private let memoryShare: Double
    private let loadShare: Double
    private let memoryOf: [Double]
    private let processorsOf: [Double]
    private let memoryWeightOf: [Double]
    private let loadWeightOf: [Double]

    package init(_ fleet: Fleet) {
        let open = fleet.hosts.filter(\.isOpen)
        hostShare = 1 / Double(max(1, open.count))
        let memory = open.reduce(0.0) { $0 + Double($1.memory.bytes) }
        let processors = open.reduce(0.0) { $0 + Double($1.processors) }
        memoryShare = fleet.guests.reduce(0.0) { $0 + Double($1.memory.bytes) } / max(1, memory)
        loadShare = fleet.guests.reduce(0.0) { $0 + $1.load } / max(1, processors)
        memoryOf = fleet.hosts.map { max(1, Double($0.memory.bytes)) }
        processorsOf = fleet.hosts.map { max(1, Double($0.processors)) }
        memoryWeightOf = fleet.hosts.map {
            $0.isOpen ? Self.memoryWeight * Double($0.memory.bytes) / max(1, memory) : 0
        }
        loadWeightOf = fleet.hosts.map {
            $0.isOpen ? Self.loadWeight * Double($0.processors) / max(1, processors) : 0
        }
    }

    func unevenness(_ host: Int, _ memory: UInt64, _ load: Double) -> Double {
        let memoryOff = Double(memory) / memoryOf[host] - memoryShare
        let loadOff = load / processorsOf[host] - loadShare
        return memoryWeightOf[host] * memoryOff * memoryOff + loadWeightOf[host] * loadOff * loadOff
    }

    /// How far above the fleet's share a host is, both together; a closed one is hotter than any.
    func heat(_ host: Int, _ memory: UInt64, _ load: Double) -> Double {
        guard loadWeightOf[host] > 0 else { return .greatestFiniteMagnitude }
        return Self.memoryWeight * (Double(memory) / memoryOf[host] - memoryShare)
            + Self.loadWeight * (load / processorsOf[host] - loadShare)
    }

    /// How much of the fleet something is.
    func weight(_ memory: UInt64, _ load: Double) -> Double {
        Self.memoryWeight * Double(memory) / max(1, memoryOf.reduce(0, +))
            + Self.loadWeight * load / max(1, processorsOf.reduce(0, +))
    }

    /// What the imbalance cannot go below once so much more has come to the hosts, however it is spread.
    ///
    /// As if it were water: it evens out what lies lowest. What stays on closed hosts makes that less, so more than the
    /// fleet's share is never assumed.
    func leastImbalance(
        _ memory: [UInt64], _ load: [Double], moreMemory: Double, moreLoad: Double
    ) -> Double {
        Self.flooded(memory.map { Double($0) }, memoryOf, memoryWeightOf, moreMemory, to: memoryShare)
            + Self.flooded(load, processorsOf, loadWeightOf, moreLoad, to: loadShare)
    }

    private static func flooded(
        _ used: [Double], _ size: [Double], _ weight: [Double], _ more: Double, to share: Double
    ) -> Double {
        let open = used.indices.filter { weight[$0] > 0 }.sorted { used[$0] / size[$0] < used[$1] / size[$1] }
        var level = open.first.map { used[$0] / size[$0] } ?? 0
        var (amount, area) = (more, 0.0)
        for (place, host) in open.enumerated() {
            area += size[host]
            let next = place + 1 < open.count ? used[open[place + 1]] / size[open[place + 1]] : .infinity
            let needed = (next - level) * area
            guard amount > needed else {
                level += amount / area
                break
            }
            amount -= needed
            level = next
        }
        level = min(level, share)
        return open.reduce(0) { sum, host in
            let off = max(level, used[host] / size[host]) - share
            return sum + weight[host] * off * off
        }
    }
}
