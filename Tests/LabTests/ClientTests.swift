import LabSupport
import Testing

extension LabTests {
    /// Linux with an HTTP server, and a boot sector that answers pings under the software KVM too.
    @Test(
        "a client that pings every 2 ms and downloads keeps its guest, there and back", .ownLab,
        arguments: ["web", "echo"])
    func clientNotices(kind: String) async throws {
        let lab = try await Lab.up()
        try await LabGuest.with(kind, on: lab) { guest in
            for destination in ["host2", "host1"] {
                let outcome = try await Program(
                    Lab.watch(
                        guest.name, [Lab.apusPath, "migrate", guest.name, "--to", destination, "--json"]),
                    environment: Lab.environment.merging(lab.apusEnvironment) { $1 }
                ).run()
                #expect(outcome.status == 0, "\(outcome.said)")
                let figures = try Figures(outcome.output)
                let answer = try #require(
                    outcome.error.split(separator: "\n").last { $0.contains("\"schema\"") })
                let result = try #require(try MoveAnswer(answer).result)
                #expect(figures["failed"] == 0)
                #expect((try #require(figures["downloads"]) > 0) == (kind == "web"))
                // What the client waited holds the downtime: a guest that stands still answers nobody.
                let downtime = try #require(result.downtime_seconds) * 1000
                let error = try #require(result.downtime_error_seconds) * 1000
                #expect(try #require(figures["longest_gap_ms"]) >= downtime - error - 4, "\(outcome.said)")
                #expect(try await guest.places() == [destination: "running"])
            }
        }
    }

    @Test("a guest with a disk on shared storage moves, and no record is lost", .ownLab)
    func sharedDisk() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("disk", ["--disk-on", "shared"], on: lab) { guest in
            let before = try await records(of: guest)
            let outcome = try await lab.apus("migrate", guest.name, "--to", "host2")
            #expect(outcome.status == 0, "\(outcome.said)")
            // It goes on writing where it is now.
            var after = try await records(of: guest)
            let deadline = ContinuousClock.now.advanced(by: .seconds(30))
            while after <= before, ContinuousClock.now < deadline { after = try await records(of: guest) }
            #expect(after > before)
            #expect(try await guest.places() == ["host2": "running"])
        }
    }

    /// The last record on the guest's disk; fails when one is missing or torn.
    private func records(of guest: LabGuest) async throws -> Double {
        let outcome = try await Lab.command(["guest", "records", guest.name])
        #expect(outcome.status == 0, "\(outcome.said)")
        return try #require(try Figures(outcome.output)["last"])
    }
}

/// A line of `name=number` pairs.
struct Figures {
    private let values: [String: Double]

    init(_ text: String) throws {
        let pairs = text.split { $0 == " " || $0 == "\n" }.compactMap { word -> (String, Double)? in
            let parts = word.split(separator: "=")
            guard parts.count == 2, let value = Double(String(parts[1])) else { return nil }
            return (String(parts[0]), value)
        }
        try #require(!pairs.isEmpty, "no figures in: \(text)")
        values = Dictionary(pairs) { $1 }
    }

    subscript(_ name: String) -> Double? { values[name] }
}
