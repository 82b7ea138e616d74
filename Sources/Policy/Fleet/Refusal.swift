package import FleetModel

/// Why a guest cannot be on a host as the fleet is.
package struct Refusal: Sendable, Hashable {
    package let host: String
    package let reason: String

    /// What a check said has been told already, in its own words.
    package static let refusedByCheck = "was refused by a check"

    /// What each of the other hosts says, in their order.
    package static func all(_ guest: Int, in fleet: Fleet) -> [Refusal] {
        fleet.hosts.indices.filter { $0 != fleet.guests[guest].host }.compactMap { host in
            reason(guest, on: host, in: fleet).map { Refusal(host: fleet.hosts[host].name, reason: $0) }
        }
    }

    /// What a host says; `nil` where it would take the guest.
    package static func reason(_ number: Int, on host: Int, in fleet: Fleet) -> String? {
        let guest = fleet.guests[number]
        let target = fleet.hosts[host]
        guard target.isOpen else { return "is marked: nothing is placed on it" }
        if let allowed = guest.policy.allowedHosts, !allowed.contains(target.name) {
            return "is not among the hosts that the policy of \(guest.identity) allows"
        }
        if let possible = guest.possibleHosts, !possible.contains(host) { return refusedByCheck }
        let there = fleet.guests.filter { $0.host == host && $0.identity != guest.identity }
        for group in (guest.policy.antiAffinity ?? []).sorted() {
            if let other = there.first(where: { $0.policy.antiAffinity?.contains(group) ?? false }) {
                return "has \(other.identity), which is to be apart from it (\(group))"
            }
        }
        let used = there.reduce(UInt64(0)) { $0 + $1.memory.bytes }
        let free = target.memory.bytes > used ? target.memory.bytes - used : 0
        guard guest.memory.bytes > free else { return nil }
        return "has \(ByteCount(free)) left for guests, and it needs \(guest.memory)"
    }
}
