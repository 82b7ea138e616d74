import FoundationEssentials
import Glibc
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

            // Nor does a single move break the rule.
            let other = try #require(places[lab.guests[1]]?.first)
            let alone = try await lab.apus("migrate", lab.guests[0], "--to", other)
            #expect(alone.status == 2 && alone.said.contains("[anti-affinity]"), "\(alone.said)")

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

/// What `apus balance --json` answers.
private struct BalanceAnswer: Decodable {
    struct Result: Decodable {
        struct Move: Decodable {
            let guest: String
            let destination: String
        }
        let decision: String
        let imbalance: Double
        let moves: [Move]
    }
    let changed: Bool
    let result: Result

    init(_ outcome: Outcome) throws {
        self = try JSONDecoder().decode(BalanceAnswer.self, from: Data(outcome.output.utf8))
    }
}

extension LabTests {
    @Test("guests that work are spread over the hosts once that has been worth it for long enough", .ownLab)
    func balanced() async throws {
        try await FleetLab.with(2, kind: "dirty", ["--dirty-rate", "1000"]) { lab in
            let first = try await lab.apus("balance", "--apply", "--rounds", "2", "--json")
            #expect(first.status == 0, "\(first.said)")
            #expect(try BalanceAnswer(first).result.decision == "not-yet")
            #expect(try await lab.places().values.allSatisfy { $0 == ["host1"] })
            let second = try await lab.apus("balance", "--apply", "--rounds", "2", "--json")
            #expect(second.status == 0, "\(second.said)")
            let answer = try BalanceAnswer(second)
            #expect(answer.changed && answer.result.decision == "move", "\(second.said)")
            #expect(answer.result.moves.count == 1)
            #expect(Set(try await lab.places().values.flatMap(\.self)).count == 2)
            // Two working guests and three hosts: better than this is not to be had, and both were looked at lately.
            let third = try await lab.apus("balance", "--apply", "--rounds", "1", "--json")
            #expect(third.status == 0, "\(third.said)")
            #expect(try !BalanceAnswer(third).changed)
            let place = try await lab.apus("place", lab.guests[0], "--json")
            #expect(place.status == 0 && place.output.contains(#""possible":true"#), "\(place.said)")
        }
    }
}

extension LabTests {
    @Test(
        "guests are packed onto fewer hosts, which are marked and handed to a command, and come into use again",
        .ownLab)
    func consolidated() async throws {
        try await FleetLab.with(3) { lab in
            for (guest, host) in [(lab.guests[1], "host2"), (lab.guests[2], "host3")] {
                let moved = try await lab.apus("migrate", guest, "--to", host, "--json")
                #expect(moved.status == 0, "\(moved.said)")
            }
            let list = "/tmp/apus-emptied-\(UInt32.random(in: 0 ... .max))"
            defer { try? FileManager.default.removeItem(atPath: list) }
            let dry = try await lab.apus("consolidate", "--json")
            #expect(dry.status == 0 && dry.output.contains(#""changed":false"#), "\(dry.said)")
            let done = try await lab.apus(
                "consolidate", "--apply", "--run", "echo \"$APUS_HOST\" >>\(list)", "--json")
            #expect(done.status == 0, "\(done.said)")
            let hosts = Set(try await lab.places().values.flatMap(\.self))
            #expect(hosts.count == 1)
            let emptied = try String(contentsOfFile: list, encoding: .utf8).split(separator: "\n").map(
                String.init)
            #expect(Set(emptied) == Set(["host1", "host2", "host3"]).subtracting(hosts))
            let host = try #require(emptied.first)
            let blocked = try await lab.apus("migrate", lab.guests[0], "--to", host)
            #expect(blocked.status == 2 && blocked.said.contains("host-marked"), "\(blocked.said)")
            let again = try await lab.apus("consolidate", "--apply", "--json")
            #expect(again.status == 0 && again.output.contains(#""changed":false"#), "\(again.said)")

            let spread = try await lab.apus("spread", "--apply", "--json")
            #expect(spread.status == 0, "\(spread.said)")
            #expect(try await lab.places().values.allSatisfy { $0.count == 1 })
            // It takes guests again: one that is there already needs no move.
            let back = try await lab.apus("migrate", lab.guests[0], "--to", host)
            #expect(back.status == 0, "\(back.said)")
        }
    }

    @Test(
        "Ctrl-C in a drain begins no further move, finishes those under way, and the next drain goes on",
        .ownLab)
    func drainInterrupted() async throws {
        try await FleetLab.with(6) { lab in
            let drain = lab.startApus("drain", "host1", "--json")
            for await line in drain.errorLines where line.contains("host1 → ") { break }
            await drain.send(SIGINT)
            let outcome = try await drain.outcome()
            #expect(outcome.status == 130, "\(outcome.said)")
            let answer = try DrainAnswer(outcome)
            #expect(!answer.result.moves.isEmpty && !answer.result.remaining.isEmpty)
            #expect(answer.result.remaining.allSatisfy { $0.code == "interrupted" }, "\(outcome.said)")
            let places = try await lab.places()
            #expect(places.values.allSatisfy { $0.count == 1 })
            #expect(places.count { $0.value == ["host1"] } == answer.result.remaining.count)
            let again = try await lab.apus("drain", "host1", "--json")
            #expect(again.status == 0, "\(again.said)")
            #expect(try await !lab.places().values.contains(["host1"]))
        }
    }
}
