import FleetModel

/// Which bundle is on which host, with what that makes of every host: the planners' working state.
struct Placement: Sendable {
    let fleet: Fleet
    let bundles: [Bundle]
    let measure: ImbalanceMeasure
    /// By bundle; -1 is nowhere.
    private(set) var hostOf: [Int]
    private(set) var memory: [UInt64]
    private(set) var load: [Double]
    private(set) var bundlesOn: [[Int]]
    /// How many of an anti-affinity group are on a host, by `group * hosts + host`.
    private var inGroup: [Int: Int] = [:]
    /// Bundles whose guests are still where they were, on several hosts.
    private var isScattered: [Bool] = []
    /// By bundle: read millions of times, and a bundle is large.
    private let memoryOf: [UInt64]
    private let loadOf: [Double]

    var hosts: [FleetHost] { fleet.hosts }

    /// As it is now. A bundle whose guests are on several hosts is nowhere; its guests count where they are, until it is
    /// put somewhere.
    init(_ fleet: Fleet) {
        self.fleet = fleet
        bundles = Bundle.all(of: fleet)
        measure = ImbalanceMeasure(fleet)
        hostOf = Array(repeating: -1, count: bundles.count)
        memoryOf = bundles.map(\.memory)
        loadOf = bundles.map(\.load)
        isScattered = Array(repeating: false, count: bundles.count)
        memory = Array(repeating: 0, count: fleet.hosts.count)
        load = Array(repeating: 0, count: fleet.hosts.count)
        bundlesOn = Array(repeating: [], count: fleet.hosts.count)
        for (number, bundle) in bundles.enumerated() {
            if let home = bundle.home {
                put(number, on: home)
            } else {
                isScattered[number] = true
                count(bundle, 1)
            }
        }
    }

    /// Adds the guests of a scattered bundle where they are, or takes them off.
    private mutating func count(_ bundle: Bundle, _ sign: Int) {
        for (guest, groups) in zip(bundle.guests.map({ fleet.guests[$0] }), bundle.repelledOf) {
            memory[guest.host] =
                sign > 0 ? memory[guest.host] + guest.memory.bytes : memory[guest.host] - guest.memory.bytes
            load[guest.host] += Double(sign) * guest.load
            for group in groups { inGroup[group * hosts.count + guest.host, default: 0] += sign }
        }
    }

    /// What of a scattered bundle is on a host already.
    private func present(_ bundle: Int, on host: Int) -> (memory: UInt64, load: Double, groups: [Int]) {
        guard isScattered[bundle] else { return (0, 0, []) }
        var (memory, load, groups) = (UInt64(0), 0.0, [Int]())
        for (guest, own) in zip(bundles[bundle].guests.map({ fleet.guests[$0] }), bundles[bundle].repelledOf)
        where guest.host == host {
            memory += guest.memory.bytes
            load += guest.load
            groups += own
        }
        return (memory, load, groups)
    }

    // MARK: Changes

    mutating func put(_ bundle: Int, on host: Int) {
        if isScattered[bundle] {
            isScattered[bundle] = false
            count(bundles[bundle], -1)
        }
        hostOf[bundle] = host
        memory[host] += bundles[bundle].memory
        load[host] += bundles[bundle].load
        bundlesOn[host].append(bundle)
        for group in bundles[bundle].repelled { inGroup[group * hosts.count + host, default: 0] += 1 }
    }

    mutating func take(_ bundle: Int) {
        let host = hostOf[bundle]
        guard host >= 0 else { return }
        hostOf[bundle] = -1
        memory[host] -= bundles[bundle].memory
        load[host] -= bundles[bundle].load
        if let place = bundlesOn[host].firstIndex(of: bundle) {
            bundlesOn[host].swapAt(place, bundlesOn[host].count - 1)
            bundlesOn[host].removeLast()
        }
        for group in bundles[bundle].repelled { inGroup[group * hosts.count + host, default: 0] -= 1 }
    }

    mutating func move(_ bundle: Int, to host: Int) {
        take(bundle)
        put(bundle, on: host)
    }

    // MARK: What is allowed

    /// Whether a bundle may be there at all, whoever else is.
    func allows(_ bundle: Int, on host: Int) -> Bool {
        guard bundles[bundle].home == host || hosts[host].isOpen else { return false }
        return bundles[bundle].allowed?.contains(host) ?? true
    }

    /// Whether a bundle may come to a host as the others are now.
    ///
    /// - Parameters:
    ///   - bundle: which is not on it.
    ///   - host: where to.
    ///   - leaving: one that goes away from there at the same time.
    /// - Returns: whether memory and groups allow it.
    func fits(_ bundle: Int, on host: Int, leaving: Int? = nil) -> Bool {
        let there = present(bundle, on: host)
        let left = (leaving.map { memoryOf[$0] } ?? 0) + there.memory
        guard memory[host] - left + memoryOf[bundle] <= hosts[host].memory.bytes else { return false }
        if let most = hosts[host].mostLoad {
            let leaving = (leaving.map { loadOf[$0] } ?? 0) + there.load
            guard load[host] - leaving + loadOf[bundle] <= most else { return false }
        }
        return bundles[bundle].repelled.allSatisfy { group in
            let others = inGroup[group * hosts.count + host] ?? 0
            let leaves = leaving.map { bundles[$0].repelled.count { $0 == group } } ?? 0
            return others - leaves - there.groups.count { $0 == group } <= 0
        }
    }

    /// Whether a bundle breaks a rule where it is.
    func isMisplaced(_ bundle: Int) -> Bool {
        let host = hostOf[bundle]
        guard host >= 0, allows(bundle, on: host) else { return true }
        return bundles[bundle].repelled.contains { (inGroup[$0 * hosts.count + host] ?? 0) > 1 }
    }

    /// Whether a guest of a bundle is, as the fleet is now, on one of some hosts.
    func isOn(_ bundle: Int, _ some: Set<Int>) -> Bool {
        bundles[bundle].guests.contains { some.contains(fleet.guests[$0].host) }
    }

    func isOverfull(_ host: Int) -> Bool { memory[host] > hosts[host].memory.bytes }

    // MARK: What it is worth

    /// Its share of the imbalance.
    func unevenness(_ host: Int) -> Double { measure.unevenness(host, memory[host], load[host]) }

    /// What a host's share would be with so much more, or less.
    func unevenness(_ host: Int, adding bundle: Int, removing other: Int? = nil) -> Double {
        var (memory, load) = (memory[host] + memoryOf[bundle], load[host] + loadOf[bundle])
        if let other {
            memory -= memoryOf[other]
            load -= loadOf[other]
        }
        if isScattered[bundle] {
            let there = present(bundle, on: host)
            memory -= there.memory
            load -= there.load
        }
        return measure.unevenness(host, memory, load)
    }

    func unevenness(_ host: Int, removing bundle: Int) -> Double {
        measure.unevenness(host, memory[host] - memoryOf[bundle], load[host] - loadOf[bundle])
    }

    var imbalance: Double { hosts.indices.reduce(0) { $0 + unevenness($1) } }
}
