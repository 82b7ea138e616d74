import FoundationEssentials
import Glibc
import LabSupport
import Testing

/// What `apus show --json` says of one move's decisions.
private struct StoryAnswer: Decodable {
    struct Result: Decodable {
        struct Entry: Decodable {
            struct Sample: Decodable {
                let throughput_bytes_per_second: UInt64?
                let memory_remaining_bytes: UInt64?
            }
            let at_seconds: Double
            let kind: String
            let step: String?
            let bandwidth_bytes_per_second: UInt64?
            let reason: String?
            let sample: Sample?
        }
        let entries: [Entry]
    }
    let result: Result

    init(_ outcome: Outcome) throws {
        try #require(outcome.status == 0, "\(outcome.said)")
        self = try JSONDecoder().decode(StoryAnswer.self, from: Data(outcome.output.utf8))
    }

    /// What the move was held to, one after the other; `nil` is no limit.
    var shares: [(at: Double, bytesPerSecond: UInt64?)] {
        result.entries.filter { $0.step == "set-bandwidth" }.map {
            ($0.at_seconds, $0.bandwidth_bytes_per_second)
        }
    }
}

/// What `apus migrate --json` says of which move it was.
private struct MoveNumber: Decodable {
    struct Result: Decodable {
        let id: String
        let total_seconds: Double
    }
    let result: Result

    init(_ outcome: Outcome) throws {
        try #require(outcome.status == 0, "\(outcome.said)")
        self = try JSONDecoder().decode(MoveNumber.self, from: Data(outcome.output.utf8))
    }
}

extension LabTests {
    @Test("two moves over one link get half of it each, and the one that is left gets all", .ownLab)
    func fairShares() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("web", on: lab) { first in
            try await LabGuest.with("web", ["--data", "96"], on: lab) { second in
                try await Lab.undoing(
                    {
                        try await Lab.require("link", "--rate", "200mbit")
                        // Measures the link: some 23 MiB/s.
                        let plan = try await lab.apus("plan", first.name, "--to", "host2")
                        #expect(plan.status == 0, "\(plan.said)")
                        let early = lab.startApus("migrate", first.name, "--to", "host2", "--json")
                        for await line in early.errorLines where line.contains("\"phase\":\"pre-copy\"") {
                            break
                        }
                        let late = try MoveNumber(
                            await lab.apus("migrate", second.name, "--to", "host2", "--json"))
                        let earlyMove = try MoveNumber(await early.outcome())
                        let stories = (
                            try StoryAnswer(await lab.apus("show", earlyMove.result.id, "--json")),
                            try StoryAnswer(await lab.apus("show", late.result.id, "--json"))
                        )
                        let half: ClosedRange<UInt64> = 9 << 20...12 << 20
                        // Alone it was not held at all; then to half; it ended first.
                        #expect(stories.0.shares.compactMap(\.bytesPerSecond).allSatisfy(half.contains))
                        #expect(stories.0.shares.count == 1, "\(stories.0.shares)")
                        // Half from its start, everything when the other had ended.
                        let shares = stories.1.shares
                        #expect(shares.count == 2, "\(shares)")
                        #expect(half.contains(try #require(shares.first?.bytesPerSecond)), "\(shares)")
                        #expect(try #require(shares.last).bytesPerSecond == nil, "\(shares)")
                        let raised = try #require(shares.last).at
                        // What was sent from one reading to the next, before and after.
                        let rates = stories.1.result.entries.compactMap { entry in
                            entry.sample?.throughput_bytes_per_second.map { (entry.at_seconds, $0) }
                        }
                        let before = rates.filter { $0.0 > raised - 2 && $0.0 < raised }.map(\.1).max() ?? 0
                        let after = rates.filter { $0.0 > raised + 0.5 }.map(\.1).max() ?? 0
                        #expect(before < 15 << 20, "\(rates)")
                        #expect(after > 16 << 20, "\(rates)")
                        // Nothing of it stays with the guest.
                        let speed = try await second.virsh(on: "host2", "migrate-getspeed", second.name)
                        #expect((UInt64(speed.output.filter(\.isNumber)) ?? 0) > 1 << 30, "\(speed.said)")
                    }, by: { try await Lab.require("link", "--rate", "none") })
            }
        }
    }

    @Test("a move's reservation holds its slot and its memory; the next one is told who, or waits", .ownLab)
    func reservations() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("dirty", on: lab) { slow in
            try await LabGuest.with("idle", on: lab) { guest in
                try await lab.inventory({
                    $0.replacing("  host2:\n", with: "  host2:\n    max-incoming: 1\n")
                }) { limited in
                    let move = lab.startApus(
                        "migrate", slow.name, "--to", "host2", "--bandwidth", "2MiB/s", "--json",
                        "--inventory",
                        limited)
                    for await line in move.errorLines where line.contains("\"phase\":\"pre-copy\"") { break }
                    let refused = try await lab.apus(
                        "migrate", guest.name, "--to", "host2", "--inventory", limited)
                    #expect(refused.status == 2, "\(refused.said)")
                    #expect(
                        refused.said.contains("incoming-limit")
                            && refused.said.contains("\(slow.name) from host1, process"), "\(refused.said)")
                    // The one that waits goes as soon as the other has ended, here by Ctrl-C.
                    let waiting = lab.startApus(
                        "migrate", guest.name, "--to", "host2", "--wait", "60s", "--inventory", limited)
                    await move.send(SIGINT)
                    #expect(try await move.outcome().status == 130)
                    let waited = try await waiting.outcome()
                    #expect(waited.status == 0, "\(waited.said)")
                    #expect(try await guest.places() == ["host2": "running"])
                    #expect(try await slow.places() == ["host1": "running"])
                }
            }
        }
    }
}
