package import FleetModel

/// A fleet drawn from a seed: hosts of a few sizes, guests of many, unevenly spread, with rules for some of them.
package struct SyntheticFleet: Sendable {
    package var hosts: Int
    package var guests: Int
    package var seed: UInt64
    /// The share of the hosts' memory that guests take, about.
    package var fill = 0.6
    /// The share of guests in an anti-affinity group; in an affinity group; bound to some of the hosts; that stay.
    package var repelled = 0.2
    package var attracted = 0.05
    package var bound = 0.1
    package var fixed = 0.02

    package init(hosts: Int, guests: Int, seed: UInt64) {
        self.hosts = hosts
        self.guests = guests
        self.seed = seed
    }

    /// The same for the same values, always. It breaks no rule of its own: guests are where they may be.
    package func fleet() -> Fleet {
        var random = SeededGenerator(seed: seed)
        let gibibyte = UInt64(1) << 30
        let machines = (0..<max(1, hosts)).map { number in
            let processors = random.element(of: [16, 32, 64])
            return FleetHost(
                name: "host\(number)", memory: ByteCount(UInt64(processors) * 4 * gibibyte),
                processors: processors)
        }
        let all = machines.reduce(0.0) { $0 + Double($1.memory.bytes) }
        let typical = all * fill / Double(max(1, guests))
        var draft = Draft(hosts: machines)
        for number in 0..<guests {
            let size = random.spread(0.25, 2.6)
            let memory = UInt64(typical * size) / (64 << 20) * (64 << 20) + (64 << 20)
            let busy = random.fraction()
            let load = Double(memory) / Double(4 * gibibyte) * busy * busy * 1.8
            var policy = GuestPolicy()
            if random.chance(repelled) {
                policy.antiAffinity = ["apart\(number / 20)"]
            } else if random.chance(attracted) {
                policy.affinity = ["together\(number / 40)"]
            }
            // The first hosts are fuller than the last.
            let skew = random.fraction()
            let first = Int(skew * skew * Double(machines.count))
            if random.chance(bound), machines.count > 2 {
                policy.allowedHosts = Set((0..<3).map { machines[(first + $0) % machines.count].name })
            }
            policy.neverMoves = random.chance(fixed) ? true : nil
            let guest = FleetGuest(
                GuestIdentity(name: "guest\(number)", uuid: "\(number)"), on: 0, memory: ByteCount(memory),
                load: load, policy: policy,
                moveSeconds: 2 + Double(memory) / 1e9 * (1 + random.fraction()))
            draft.place(guest, near: first)
        }
        return Fleet(hosts: machines, guests: draft.guests)
    }

    /// Guests that have a place.
    private struct Draft {
        let hosts: [FleetHost]
        var guests: [FleetGuest] = []
        private var memory: [UInt64]
        private var groups: [Set<String>]
        private var homeOf: [String: Int] = [:]

        init(hosts: [FleetHost]) {
            self.hosts = hosts
            memory = Array(repeating: 0, count: hosts.count)
            groups = Array(repeating: [], count: hosts.count)
        }

        /// On the nearest host that may have it; a guest for which there is none is left out.
        mutating func place(_ guest: FleetGuest, near first: Int) {
            var policy = guest.policy
            let together = policy.affinity?.first
            for step in hosts.indices {
                let host = together.flatMap { homeOf[$0] } ?? (first + step) % hosts.count
                guard memory[host] + guest.memory.bytes <= hosts[host].memory.bytes,
                    policy.allowedHosts?.contains(hosts[host].name) ?? true,
                    groups[host].isDisjoint(with: policy.antiAffinity ?? [])
                else { continue }
                if let together { homeOf[together] = host }
                // What keeps it company must be able to follow it.
                if together != nil { policy.allowedHosts = nil }
                memory[host] += guest.memory.bytes
                groups[host].formUnion(policy.antiAffinity ?? [])
                var placed = guest
                placed.host = host
                placed.policy = policy
                guests.append(placed)
                return
            }
        }
    }
}
