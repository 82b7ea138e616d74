import FleetModel
import Policy
import Simulator
import Testing

@Suite("Fewer hosts, and hosts for new guests")
struct ConsolidationTests {
    private static func fleet(
        _ hosts: [UInt64], _ guests: [(memory: UInt64, host: Int, apart: String?)], load: Double = 0
    ) -> Fleet {
        Fleet(
            hosts: hosts.enumerated().map { number, size in
                FleetHost(name: "host\(number)", memory: ByteCount(size << 30), processors: 8)
            },
            guests: guests.enumerated().map { number, guest in
                var policy = GuestPolicy()
                policy.antiAffinity = guest.apart.map { [$0] }
                return FleetGuest(
                    GuestIdentity(name: "guest\(number)", uuid: "\(number)"), on: guest.host,
                    memory: ByteCount(guest.memory << 30), load: load, policy: policy, moveSeconds: 1)
            })
    }

    @Test("as few hosts as the memory allows, with room to spare")
    func fewest() {
        let fleet = Self.fleet([16, 16, 16, 16], [(4, 0, nil), (4, 1, nil), (4, 2, nil), (2, 3, nil)])
        #expect(ConsolidationPlanner(fleet, headroom: 0).outcome().emptied.count == 3)
        // 14 GiB with a fifth of 16 free need two.
        let outcome = ConsolidationPlanner(fleet, headroom: 0.2).outcome()
        #expect(outcome.emptied.count == 2)
        #expect(outcome.moves.allSatisfy { !outcome.emptied.contains($0.destination) })
    }

    @Test("groups and processors keep hosts in use")
    func kept() {
        let apart = Self.fleet([16, 16, 16], [(2, 0, "db"), (2, 1, "db"), (2, 2, nil)])
        #expect(ConsolidationPlanner(apart, headroom: 0).outcome().emptied.count == 1)
        let busy = Self.fleet([64, 64, 64], [(2, 0, nil), (2, 1, nil), (2, 2, nil)], load: 3)
        #expect(ConsolidationPlanner(busy, headroom: 0.2).outcome().emptied.count == 1)
    }

    @Test("what is chosen has an order in which no host is ever too full", arguments: 1...8)
    func order(seed: UInt64) {
        var drawn = SyntheticFleet(hosts: 6, guests: 24, seed: seed)
        drawn.fill = 0.35
        let fleet = drawn.fleet()
        let outcome = ConsolidationPlanner(fleet, headroom: 0.1).outcome()
        var now = fleet
        for step in FleetSchedule.sequence(outcome.moves, in: fleet).steps {
            now.guests[step.guest].host = step.destination
            #expect(now.brokenRules == 0)
        }
        #expect(now.guests.allSatisfy { !outcome.emptied.contains($0.host) })
    }

    @Test(
        "hosts for a guest: its wishes first, then the emptiest; those that cannot have it last, with the reason"
    )
    func ranking() {
        var fleet = Self.fleet([16, 16, 16, 4], [(8, 0, nil), (2, 1, "db"), (1, 2, nil)])
        var policy = GuestPolicy()
        policy.antiAffinity = ["db"]
        let guest = FleetGuest(
            GuestIdentity(name: "new", uuid: "new"), on: 0, memory: ByteCount(5 << 30), policy: policy)
        let ranking = PlacementRanking(guest, in: fleet)
        #expect(ranking.choices.map(\.host) == ["host2", "host0", "host1", "host3"])
        #expect(ranking.choices[2].refusal?.contains("to be apart from it (db)") == true)
        #expect(ranking.choices[3].refusal?.contains("left for guests") == true)
        var choosy = guest
        choosy.policy.preferredHosts = ["host0"]
        #expect(PlacementRanking(choosy, in: fleet).best?.host == "host0")
        fleet.hosts[2].isOpen = false
        #expect(PlacementRanking(guest, in: fleet).best?.host == "host0")
    }
}
