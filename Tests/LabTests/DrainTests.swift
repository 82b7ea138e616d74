import FoundationEssentials
import LabSupport
import Testing

/// What `apus drain --json` and `undrain --json` answer.
private struct DrainAnswer: Decodable {
    struct Result: Decodable {
        struct Move: Decodable {
            let guest: String
            let source: String
            let destination: String
            let total_seconds: Double?
        }
        struct Remaining: Decodable {
            let guest: String
            let code: String
            let detail: String?
        }
        let moves: [Move]
        let remaining: [Remaining]
    }
    let changed: Bool
    let result: Result

    init(_ outcome: Outcome) throws {
        self = try JSONDecoder().decode(DrainAnswer.self, from: Data(outcome.output.utf8))
    }
}

/// Whole hosts: three of them, and eight guests.
extension LabTests {
    @Test("a host is emptied by its guests' rules, takes nothing until undrain, and gets them back", .ownLab)
    func drained() async throws {
        try await FleetLab.with(8) { lab in
            for (number, guest) in lab.guests.enumerated() {
                let set = try await lab.apus("policy", "set", guest, "--anti-affinity", "pair\(number / 2)")
                #expect(set.status == 0, "\(set.said)")
            }
            // Two of a pair on one host, as they are now, are to be parted.
            let dry = try await lab.apus("drain", "host1", "--dry-run", "--json")
            #expect(dry.status == 0, "\(dry.said)")
            #expect(try DrainAnswer(dry).result.moves.count == 8)
            #expect(try await lab.places().values.allSatisfy { $0 == ["host1"] })

            let drain = try await lab.apus("drain", "host1", "--json")
            #expect(drain.status == 0, "\(drain.said)")
            let answer = try DrainAnswer(drain)
            #expect(answer.changed && answer.result.remaining.isEmpty)
            #expect(Set(answer.result.moves.map(\.guest)) == Set(lab.guests))
            let places = try await lab.places()
            for number in stride(from: 0, to: 8, by: 2) {
                let pair = [places[lab.guests[number]], places[lab.guests[number + 1]]]
                #expect(Set(pair) == [["host2"], ["host3"]], "\(pair)")
            }

            let again = try await lab.apus("drain", "host1", "--json")
            #expect(again.status == 0, "\(again.said)")
            #expect(try !DrainAnswer(again).changed)
            let back = try await lab.apus("migrate", lab.guests[0], "--to", "host1")
            #expect(back.status == 2 && back.said.contains("host-marked"), "\(back.said)")

            // The way back would put each pair on one host again.
            let stays = try await lab.apus("undrain", "host1", "--return", "--json")
            #expect(stays.status == 1, "\(stays.said)")
            let left = try DrainAnswer(stays).result.remaining
            #expect(left.map(\.code) == Array(repeating: "no-room-yet", count: 4))
            #expect(left.allSatisfy { $0.detail?.contains("to be apart from it") == true }, "\(stays.said)")
            for guest in lab.guests {
                let unset = try await lab.apus("policy", "unset", guest)
                #expect(unset.status == 0, "\(unset.said)")
            }
            let undrain = try await lab.apus("undrain", "host1", "--return", "--json")
            #expect(undrain.status == 0, "\(undrain.said)")
            #expect(try DrainAnswer(undrain).result.moves.count == 4)
            #expect(try await lab.places().values.allSatisfy { $0 == ["host1"] })
            let nothing = try await lab.apus("undrain", "host1", "--return", "--json")
            #expect(nothing.status == 0, "\(nothing.said)")
            #expect(try !DrainAnswer(nothing).changed)
        }
    }

    @Test("a host that dies in the middle of a drain takes no guest but its own with it", .ownLab)
    func drainedBesideDeath() async throws {
        try await FleetLab.with(8) { lab in
            let drain = lab.startApus("drain", "host1", "--json")
            // One has arrived on host3, and the next ones are on their way.
            for await line in drain.errorLines where line.contains("host1 → host3 in ") { break }
            try await lab.require(
                "exec", "host3", "bash", "-c",
                "kill -9 $(cat /run/libvirtd.pid) $(cat /run/libvirt/qemu/*.pid)")
            try await lab.require("link", "--cut", "host3")
            let outcome = try await drain.outcome()
            let answer = try DrainAnswer(outcome)
            let places = try await lab.places()
            let died = Set(answer.result.moves.filter { $0.destination == "host3" }.map(\.guest))
                .subtracting(places.keys)
            #expect(!died.isEmpty, "\(outcome.said)")
            for guest in lab.guests where !died.contains(guest) {
                let place = places[guest] ?? []
                #expect(place.count == 1, "\(guest) is on \(place): \(outcome.said)")
                let remains = answer.result.remaining.contains { $0.guest == guest }
                #expect(place == (remains ? ["host1"] : ["host2"]), "\(guest): \(outcome.said)")
            }
            // Whatever was on its way to the dead host went to the other one.
            #expect(outcome.status == 0, "\(outcome.said)")
            #expect(answer.result.remaining.isEmpty)
        }
    }

    @Test("nothing is moved while one cannot be, and every reason is named; --partial leaves it", .ownLab)
    func drainBlocked() async throws {
        try await FleetLab.with(3) { lab in
            let set = try await lab.apus("policy", "set", lab.guests[0], "--never-move", "yes")
            #expect(set.status == 0, "\(set.said)")
            let bound = try await lab.apus("policy", "set", lab.guests[1], "--allow", "host1")
            #expect(bound.status == 0, "\(bound.said)")
            let drain = try await lab.apus("drain", "host1", "--json")
            #expect(drain.status == 2, "\(drain.said)")
            let codes = try DrainAnswer(drain).result.remaining
            #expect(codes.map(\.guest) == [lab.guests[0], lab.guests[1]])
            #expect(codes.map(\.code) == ["never-move", "no-destination"])
            #expect(codes.last?.detail?.contains("host3 is not among the hosts") == true, "\(drain.said)")
            #expect(try await lab.places().values.allSatisfy { $0 == ["host1"] })
            // Nothing was attempted: the host is not marked either.
            let plan = try await lab.apus("plan", lab.guests[2], "--to", "host2", "--quick")
            #expect(plan.status == 0, "\(plan.said)")

            let partial = try await lab.apus("drain", "host1", "--partial", "--json")
            #expect(partial.status == 1, "\(partial.said)")
            #expect(try DrainAnswer(partial).result.moves.map(\.guest) == [lab.guests[2]])
            let places = try await lab.places()
            #expect(places[lab.guests[0]] == ["host1"] && places[lab.guests[2]] != ["host1"])
        }
    }
}
