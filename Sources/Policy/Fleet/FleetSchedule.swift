package import FleetModel

/// The order of many moves: which may begin now, so that at every step memory, groups and slots hold.
///
/// A guest under way counts on both its hosts: its memory is taken on the destination from the beginning, and free on the
/// source only at the end. Where moves wait for each other in a circle, one guest is parked on a third host.
package struct FleetSchedule: Sendable {
    private let fleet: Fleet
    /// The whole wish, by rank: the first is begun first.
    private var wanted: [FleetMove]
    /// Where each guest is, or is still while it moves.
    private var hostOf: [Int]
    private var memory: [UInt64]
    private var groupsOn: [[String: Int]]
    private var outgoing: [Int]
    private var incoming: [Int]
    private var underWay: [Int: FleetMove] = [:]
    /// Ranks to be looked at, in order.
    private var candidates: [Int]
    /// Ranks that wait until something changes on a host.
    private var waitingFor: [[Int]]
    private var isParked: Set<Int> = []

    /// - Parameters:
    ///   - fleet: where everything is now.
    ///   - moves: one for a guest at the most.
    package init(_ fleet: Fleet, _ moves: [FleetMove]) {
        self.fleet = fleet
        wanted = moves.sorted { Self.isBefore($0, $1, in: fleet) }
        hostOf = fleet.guests.map(\.host)
        memory = Array(repeating: 0, count: fleet.hosts.count)
        groupsOn = Array(repeating: [:], count: fleet.hosts.count)
        outgoing = Array(repeating: 0, count: fleet.hosts.count)
        incoming = outgoing
        candidates = Array(wanted.indices)
        waitingFor = Array(repeating: [], count: fleet.hosts.count)
        for guest in fleet.guests.indices { arrive(guest, on: hostOf[guest]) }
    }

    /// Higher priority first; then what takes longest, for that is what the end waits for; then the larger.
    private static func isBefore(_ left: FleetMove, _ right: FleetMove, in fleet: Fleet) -> Bool {
        let (mine, other) = (fleet.guests[left.guest], fleet.guests[right.guest])
        let (first, second) = (mine.policy.priority ?? 0, other.policy.priority ?? 0)
        if first != second { return first > second }
        if mine.moveSeconds != other.moveSeconds { return mine.moveSeconds > other.moveSeconds }
        if mine.memory != other.memory { return mine.memory > other.memory }
        return left.guest < right.guest
    }

    /// Moves that have neither begun nor been given up.
    package var waiting: [FleetMove] {
        (candidates + waitingFor.flatMap(\.self)).sorted().map { wanted[$0] }
    }

    /// The fleet as it will be once everything has gone well: what is under way has arrived, what waits has moved.
    package var expected: Fleet {
        var fleet = fleet
        for guest in fleet.guests.indices { fleet.guests[guest].host = hostOf[guest] }
        for move in Array(underWay.values) + waiting { fleet.guests[move.guest].host = move.destination }
        return fleet
    }

    /// The next move that may begin now; it counts as begun.
    ///
    /// - Returns: `nil` while nothing can begin before something under way ends; or when nothing is left that can.
    package mutating func next() -> FleetMove? {
        while !candidates.isEmpty {
            let rank = candidates.removeFirst()
            guard let obstacle = obstacle(to: wanted[rank]) else {
                return begin(wanted[rank])
            }
            waitingFor[obstacle].append(rank)
        }
        return underWay.isEmpty ? park() : nil
    }

    /// A move that `next` gave has ended.
    ///
    /// - Parameters:
    ///   - guest: whose.
    ///   - hasMoved: whether it is on the destination now; else it is where it was, and is not tried again.
    package mutating func ended(_ guest: Int, hasMoved: Bool) {
        guard let move = underWay.removeValue(forKey: guest) else { return }
        outgoing[move.source] -= 1
        incoming[move.destination] -= 1
        if hasMoved {
            leave(guest, from: move.source)
            hostOf[guest] = move.destination
        } else {
            leave(guest, from: move.destination)
            _ = withdraw { $0.guest == guest }
        }
        wake(move.source)
        wake(move.destination)
    }

    /// Sends a guest somewhere after all.
    package mutating func add(_ move: FleetMove) {
        wanted.append(move)
        candidates.append(wanted.count - 1)
    }

    /// Takes moves that have not begun out of it.
    package mutating func withdraw(where isUnwanted: (FleetMove) -> Bool) -> [FleetMove] {
        let gone = waiting.filter(isUnwanted)
        candidates.removeAll { isUnwanted(wanted[$0]) }
        for host in waitingFor.indices { waitingFor[host].removeAll { isUnwanted(wanted[$0]) } }
        return gone
    }

    private mutating func begin(_ move: FleetMove) -> FleetMove {
        underWay[move.guest] = move
        outgoing[move.source] += 1
        incoming[move.destination] += 1
        arrive(move.guest, on: move.destination)
        return move
    }

    /// The host on which something has to change first.
    private func obstacle(to move: FleetMove) -> Int? {
        if underWay[move.guest] != nil || outgoing[move.source] >= fleet.hosts[move.source].maxOutgoing {
            return move.source
        }
        if incoming[move.destination] >= fleet.hosts[move.destination].maxIncoming { return move.destination }
        return hasRoom(for: move.guest, on: move.destination) ? nil : move.destination
    }

    private func hasRoom(for guest: Int, on host: Int) -> Bool {
        let guest = fleet.guests[guest]
        return memory[host] + guest.memory.bytes <= fleet.hosts[host].memory.bytes
            && (guest.policy.antiAffinity ?? []).allSatisfy { (groupsOn[host][$0] ?? 0) == 0 }
    }

    /// Breaks a circle: a guest that another one waits for goes to a third host first.
    private mutating func park() -> FleetMove? {
        for blocked in waiting {
            for rank in waitingFor.flatMap(\.self).sorted()
            where wanted[rank].source == blocked.destination && !isParked.contains(wanted[rank].guest) {
                let guest = wanted[rank].guest
                let source = wanted[rank].source
                guard
                    let place = fleet.hosts.indices.first(where: { host in
                        host != source && allows(guest, on: host) && hasRoom(for: guest, on: host)
                    })
                else { continue }
                isParked.insert(guest)
                waitingFor[obstacleList(of: rank)].removeAll { $0 == rank }
                wanted[rank] = FleetMove(guest: guest, from: place, to: wanted[rank].destination)
                waitingFor[place].append(rank)
                return begin(FleetMove(guest: guest, from: source, to: place))
            }
        }
        return nil
    }

    private func obstacleList(of rank: Int) -> Int {
        waitingFor.firstIndex { $0.contains(rank) } ?? 0
    }

    private func allows(_ guest: Int, on host: Int) -> Bool {
        let guest = fleet.guests[guest]
        return fleet.hosts[host].isOpen && guest.possibleHosts?.contains(host) ?? true
            && guest.policy.allowedHosts?.contains(fleet.hosts[host].name) ?? true
    }

    private mutating func arrive(_ guest: Int, on host: Int) {
        memory[host] += fleet.guests[guest].memory.bytes
        for group in fleet.guests[guest].policy.antiAffinity ?? [] { groupsOn[host][group, default: 0] += 1 }
    }

    private mutating func leave(_ guest: Int, from host: Int) {
        memory[host] -= fleet.guests[guest].memory.bytes
        for group in fleet.guests[guest].policy.antiAffinity ?? [] { groupsOn[host][group, default: 0] -= 1 }
    }

    private mutating func wake(_ host: Int) {
        guard !waitingFor[host].isEmpty else { return }
        candidates = (candidates + waitingFor[host]).sorted()
        waitingFor[host] = []
    }
}

extension FleetSchedule {
    /// The moves one after the other, in an order in which every step holds; and those for which there is none.
    package static func sequence(
        _ moves: [FleetMove], in fleet: Fleet
    ) -> (steps: [FleetMove], stuck: [FleetMove]) {
        var schedule = FleetSchedule(fleet, moves)
        var steps: [FleetMove] = []
        while let step = schedule.next() {
            steps.append(step)
            schedule.ended(step.guest, hasMoved: true)
        }
        return (steps, schedule.waiting)
    }
}
