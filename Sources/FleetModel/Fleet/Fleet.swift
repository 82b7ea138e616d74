/// Hosts and the guests on them, as the planners of many moves see them.
package struct Fleet: Sendable, Hashable, Codable {
    package var hosts: [FleetHost]
    package var guests: [FleetGuest]

    package init(hosts: [FleetHost], guests: [FleetGuest]) {
        self.hosts = hosts
        self.guests = guests
    }

    package func host(named name: String) -> Int? { hosts.firstIndex { $0.name == name } }

    /// The same with other loads; a guest for which none is known keeps its own.
    package func withLoads(_ load: (GuestIdentity) -> Double?) -> Fleet {
        var fleet = self
        for guest in fleet.guests.indices {
            if let load = load(fleet.guests[guest].identity) { fleet.guests[guest].load = load }
        }
        return fleet
    }
}

/// What a host has for guests.
package struct FleetHost: Sendable, Hashable, Codable {
    package let name: String
    /// What all guests together may take of its memory.
    package var memory: ByteCount
    package let processors: Int
    /// What guests may keep busy of its processors, together; `nil` is as much as they like.
    package var mostLoad: Double?
    /// Whether guests may be brought to it; those that are there stay allowed.
    package var isOpen: Bool
    /// Moves at a time, as the inventory says.
    package let maxIncoming: Int
    package let maxOutgoing: Int

    package init(
        name: String, memory: ByteCount, processors: Int, isOpen: Bool = true, maxIncoming: Int = 2,
        maxOutgoing: Int = 2
    ) {
        self.name = name
        self.memory = memory
        self.processors = processors
        self.isOpen = isOpen
        self.maxIncoming = maxIncoming
        self.maxOutgoing = maxOutgoing
    }
}

/// What a guest takes of its host, and where it may be.
package struct FleetGuest: Sendable, Hashable, Codable {
    package let identity: GuestIdentity
    /// Its host's place in the fleet.
    package var host: Int
    /// What it takes of its host's memory; zero for one that does not run.
    package let memory: ByteCount
    /// Processors' worth of work that it does.
    package var load: Double
    /// The guest's own policy, with what it leaves open taken from the inventory.
    package var policy: GuestPolicy
    /// Hosts that can have it as far as a check found out; `nil` is all of them.
    package var possibleHosts: Set<Int>?
    /// How long a move of it takes, forecast, in seconds.
    package var moveSeconds: Double

    package init(
        _ identity: GuestIdentity, on host: Int, memory: ByteCount, load: Double = 0,
        policy: GuestPolicy = GuestPolicy(), possibleHosts: Set<Int>? = nil, moveSeconds: Double = 0
    ) {
        self.identity = identity
        self.host = host
        self.memory = memory
        self.load = load
        self.policy = policy
        self.possibleHosts = possibleHosts
        self.moveSeconds = moveSeconds
    }
}

/// One guest that is to go from one host to another.
package struct FleetMove: Sendable, Hashable, Codable {
    /// The guest's place in the fleet.
    package let guest: Int
    package let source: Int
    package let destination: Int

    package init(guest: Int, from source: Int, to destination: Int) {
        self.guest = guest
        self.source = source
        self.destination = destination
    }
}
