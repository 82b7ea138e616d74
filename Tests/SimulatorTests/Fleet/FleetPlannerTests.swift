import FleetModel
import Policy
import Simulator
import Testing

/// What the planner weighs, computed in another way, and every placement of a small fleet.
private struct Exhaustive {
    let fleet: Fleet
    private let units: [[Int]]

    init(_ fleet: Fleet) {
        self.fleet = fleet
        var units: [[Int]] = []
        for (number, guest) in fleet.guests.enumerated() {
            let group = guest.policy.affinity?.first
            if let group,
                let place = units.firstIndex(where: { fleet.guests[$0[0]].policy.affinity?.first == group })
            {
                units[place].append(number)
            } else {
                units.append([number])
            }
        }
        self.units = units
    }

    func isAllowed(_ hosts: [Int]) -> Bool {
        var memory = Array(repeating: UInt64(0), count: fleet.hosts.count)
        var groups = Array(repeating: Set<String>(), count: fleet.hosts.count)
        for (number, guest) in fleet.guests.enumerated() {
            let host = hosts[number]
            if let allowed = guest.policy.allowedHosts, !allowed.contains(fleet.hosts[host].name) {
                return false
            }
            if let possible = guest.possibleHosts, !possible.contains(host) { return false }
            if guest.policy.neverMoves == true, host != guest.host { return false }
            if host != guest.host, !fleet.hosts[host].isOpen { return false }
            memory[host] += guest.memory.bytes
            for group in guest.policy.antiAffinity ?? [] where !groups[host].insert(group).inserted {
                return false
            }
        }
        return fleet.hosts.indices.allSatisfy { memory[$0] <= fleet.hosts[$0].memory.bytes }
    }

    func cost(_ hosts: [Int]) -> Double {
        let open = fleet.hosts.indices.filter { fleet.hosts[$0].isOpen }
        func part(_ weight: Double, _ used: (FleetGuest) -> Double, _ size: (FleetHost) -> Double) -> Double {
            let whole = open.reduce(0) { $0 + size(fleet.hosts[$1]) }
            let share = fleet.guests.reduce(0) { $0 + used($1) } / whole
            return open.reduce(0) { sum, host in
                let here = fleet.guests.indices.filter { hosts[$0] == host }.reduce(0) {
                    $0 + used(fleet.guests[$1])
                }
                let off = here / size(fleet.hosts[host]) - share
                return sum + weight * size(fleet.hosts[host]) / whole * off * off
            }
        }
        let moved = units.filter { unit in unit.contains { fleet.guests[$0].host != hosts[$0] } }
        return part(0.3, { Double($0.memory.bytes) }, { Double($0.memory.bytes) })
            + part(0.7, \.load, { Double($0.processors) })
            + 1e-5 / Double(open.count)
            * moved.reduce(0) { $0 + $1.reduce(0) { $0 + fleet.guests[$1].moveSeconds } }
    }

    /// The least cost of all placements.
    func best() -> Double {
        var hosts = fleet.guests.map(\.host)
        var best = Double.infinity
        func descend(_ unit: Int) {
            guard unit < units.count else {
                if isAllowed(hosts) { best = min(best, cost(hosts)) }
                return
            }
            for host in fleet.hosts.indices {
                for guest in units[unit] { hosts[guest] = host }
                descend(unit + 1)
            }
        }
        descend(0)
        return best
    }
}

@Suite("Planning for a fleet")
struct FleetPlannerTests {
    @Test("no placement of a small fleet is better than the chosen one", arguments: 1...40)
    func exhaustive(seed: UInt64) {
        var drawn = SyntheticFleet(hosts: 2 + Int(seed % 3), guests: 3 + Int(seed % 5), seed: seed)
        drawn.repelled = 0.3
        drawn.attracted = 0.2
        drawn.fill = 0.5 + Double(seed % 4) * 0.1
        let fleet = drawn.fleet()
        let all = Exhaustive(fleet)
        let outcome = FleetPlanner(fleet).outcome(.balance)
        #expect(all.isAllowed(outcome.hosts))
        #expect(outcome.isOptimal)
        #expect(all.cost(outcome.hosts) <= all.best() * 1.000001 + 1e-12)
    }

    @Test("a fleet of the largest size that is solved exhaustively is solved to the end", arguments: 1...20)
    func largestExact(seed: UInt64) {
        let fleet = SyntheticFleet(hosts: 5, guests: 12, seed: seed).fleet()
        #expect(FleetPlanner(fleet).outcome(.balance).isOptimal)
    }

    @Test("a larger fleet gets more even, and no rule is broken", arguments: 1...10)
    func large(seed: UInt64) {
        let fleet = SyntheticFleet(hosts: 40, guests: 240, seed: seed).fleet()
        let outcome = FleetPlanner(fleet).outcome(.balance)
        #expect(Exhaustive(fleet).isAllowed(outcome.hosts))
        #expect(outcome.homeless.isEmpty)
        #expect(outcome.imbalanceAfter < outcome.imbalanceBefore * 0.7)
    }

    @Test("a host is emptied into the others, all guests at once", arguments: 1...20)
    func drained(seed: UInt64) {
        var drawn = SyntheticFleet(hosts: 5, guests: 30, seed: seed)
        drawn.fixed = 0
        drawn.bound = 0
        drawn.fill = 0.4
        drawn.repelled = 0.1
        var fleet = drawn.fleet()
        fleet.hosts[0].isOpen = false
        for guest in fleet.guests.indices where fleet.guests[guest].host == 0 {
            fleet.guests[guest].possibleHosts = [1, 2, 3, 4]
        }
        let outcome = FleetPlanner(fleet).outcome(.settle)
        var after = fleet
        for guest in fleet.guests.indices { after.guests[guest].host = outcome.hosts[guest] }
        // One that stays is refused by each of the others as they are then.
        for guest in outcome.homeless { #expect(Refusal.all(guest, in: after).count == 4) }
        #expect(fleet.guests.indices.filter { outcome.hosts[$0] == 0 } == outcome.homeless)
        let (steps, stuck) = FleetSchedule.sequence(outcome.moves(in: fleet), in: fleet)
        #expect(stuck.isEmpty)
        #expect(steps.count >= fleet.guests.count { $0.host == 0 } - outcome.homeless.count)
    }

    @Test(
        "what one host alone could take goes where the whole fits, though the obvious choice would not leave room"
    )
    func wholeSet() {
        // 6 GiB and 5 GiB free; 5, 3 and 3 GiB to be placed: the 5 must not go where the 6 are.
        let fleet = small(
            hosts: [16, 6, 5], guests: [(5, 0), (3, 0), (3, 0)], closed: 0, possible: [1, 2])
        let outcome = FleetPlanner(fleet).outcome(.settle)
        #expect(outcome.homeless.isEmpty)
        #expect(outcome.hosts == [2, 1, 1])
    }

    @Test("a guest that fits nowhere is named, the others have places")
    func homeless() {
        let fleet = small(hosts: [32, 8, 8], guests: [(9, 0), (3, 0)], closed: 0, possible: [1, 2])
        let outcome = FleetPlanner(fleet).outcome(.settle)
        #expect(outcome.homeless == [0])
        #expect(outcome.hosts[0] == 0)
        #expect(outcome.hosts[1] != 0)
    }

    @Test("one that failed goes elsewhere: to its company where it has some, nowhere where there is no room")
    func elsewhere() {
        let fleet = small(hosts: [16, 16, 16, 2], guests: [(4, 0), (4, 1)])
        #expect(FleetPlanner(fleet).elsewhere(0, besides: [1]) == 2)
        #expect(FleetPlanner(fleet).elsewhere(0, besides: [1, 2]) == nil)
        var company = fleet
        for guest in 0...1 { company.guests[guest].policy.affinity = ["shop"] }
        #expect(FleetPlanner(company).elsewhere(0, besides: []) == 1)
        #expect(FleetPlanner(company).elsewhere(0, besides: [1]) == nil)
    }

    @Test("guests that are to be together and are not take their room once")
    func scattered() {
        // 8 + 6 GiB fit into 16, and would not if the 8 that are there counted twice.
        var fleet = small(hosts: [16, 16], guests: [(6, 0), (8, 1)], closed: 0, possible: [1])
        for guest in 0...1 { fleet.guests[guest].policy.affinity = ["shop"] }
        let outcome = FleetPlanner(fleet).outcome(.empty([0]))
        #expect(outcome.homeless.isEmpty)
        #expect(outcome.hosts == [1, 1])
        // One that never moves brings the other to it.
        var tied = small(hosts: [16, 16, 64], guests: [(6, 0), (8, 1)])
        for guest in 0...1 { tied.guests[guest].policy.affinity = ["shop"] }
        tied.guests[1].policy.neverMoves = true
        #expect(FleetPlanner(tied).outcome(.settle).hosts == [1, 1])
    }

    @Test("two guests that want each other's places go by way of a third host")
    func circle() {
        let fleet = small(hosts: [8, 8, 8], guests: [(6, 0), (5, 1)])
        let moves = [FleetMove(guest: 0, from: 0, to: 1), FleetMove(guest: 1, from: 1, to: 0)]
        let (steps, stuck) = FleetSchedule.sequence(moves, in: fleet)
        #expect(stuck.isEmpty)
        #expect(steps.count == 3)
        let full = small(hosts: [8, 8, 4], guests: [(6, 0), (5, 1)])
        let (none, left) = FleetSchedule.sequence(moves, in: full)
        #expect(none.isEmpty)
        #expect(left.count == 2)
    }

    @Test("no host takes part in more moves than it may, and nothing waits that could go")
    func slots() {
        let fleet = small(hosts: [64, 64, 64], guests: Array(repeating: (4, 0), count: 6))
        var schedule = FleetSchedule(
            fleet, fleet.guests.indices.map { FleetMove(guest: $0, from: 0, to: 1 + $0 % 2) })
        let first = schedule.next()
        #expect(first != nil)
        #expect(schedule.next() != nil)
        #expect(schedule.next() == nil)
        schedule.ended(first?.guest ?? 0, hasMoved: true)
        #expect(schedule.next() != nil)
        #expect(schedule.next() == nil)
        #expect(schedule.waiting.count == 3)
    }

    private func small(
        hosts: [UInt64], guests: [(UInt64, Int)], closed: Int? = nil, possible: Set<Int>? = nil
    ) -> Fleet {
        Fleet(
            hosts: hosts.enumerated().map { number, size in
                FleetHost(
                    name: "host\(number)", memory: ByteCount(size << 30), processors: 8,
                    isOpen: number != closed)
            },
            guests: guests.enumerated().map { number, guest in
                FleetGuest(
                    GuestIdentity(name: "guest\(number)", uuid: "\(number)"), on: guest.1,
                    memory: ByteCount(guest.0 << 30), possibleHosts: possible, moveSeconds: 1)
            })
    }
}
