import FoundationEssentials
import LabSupport
import Testing

/// What `apus set --json` answers, as far as tests read it.
private struct SetAnswer: Decodable {
    struct Result: Decodable {
        let guest: String
        let source: String
        let bandwidth_bytes_per_second: UInt64?
        let previous_bandwidth_bytes_per_second: UInt64?
        let downtime_limit_seconds: Double
        let previous_downtime_limit_seconds: Double
        let post_copy: Bool
    }
    let changed: Bool
    let result: Result?

    init(_ outcome: Outcome) throws {
        self = try JSONDecoder().decode(SetAnswer.self, from: Data(outcome.output.utf8))
    }
}

extension LabGuest {
    /// A move from the first host to the second by virsh, which has begun to send.
    fileprivate func startVirshMove(_ options: [String], on lab: Lab) async throws -> RunningProgram {
        let uri = try await HostList(lab).uri(of: "host1")
        let move = Program(
            [
                "virsh", "-q", "-c", uri, "migrate", "--live", "--p2p", "--persistent", "--undefinesource",
                name, "qemu+tcp://192.0.2.12/system",
            ] + options
        ).start()
        while try await !virsh(on: "host1", "domjobinfo", name).output.contains("Iteration:") {}
        return move
    }

    fileprivate func limit(_ verb: String) async throws -> String {
        let outcome = try await virsh(on: "host1", verb, name)
        try #require(outcome.status == 0, "\(outcome.said)")
        return outcome.output.filter(\.isNumber)
    }
}

extension LabTests {
    /// A move by virsh, slow enough to be changed: `apus set` works on every move.
    private func withSlowMove(
        _ options: String..., body: @Sendable (Lab, LabGuest, RunningProgram) async throws -> Void
    ) async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("dirty", ["--dirty-rate", "10"], on: lab) { guest in
            let move = try await guest.startVirshMove(["--bandwidth", "2"] + options, on: lab)
            try await body(lab, guest, move)
        }
    }

    @Test("a downtime limit that is given to a move by apus is what that keeps to from there on", .ownLab)
    func downtimeOfOwnMove() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("dirty", ["--dirty-rate", "10"], on: lab) { guest in
            let move = lab.startApus(
                "migrate", guest.name, "--to", "host2", "--json", "--bandwidth", "12MiB/s", "--downtime",
                "50ms")
            for await line in move.errorLines where line.contains("\"phase\":\"pre-copy\"") { break }
            let set = try await lab.apus("set", guest.name, "--downtime", "1500ms", "--json")
            #expect(set.status == 0, "\(set.said)")
            let faster = try await lab.apus("set", guest.name, "--bandwidth", "24MiB/s")
            #expect(faster.status == 0, "\(faster.said)")
            let end = try await move.outcome()
            #expect(end.status == 0, "\(end.said)")
            let story = try await lab.apus("show", guest.name)
            #expect(story.output.contains("set to 1.5 s from outside"), "\(story.said)")
        }
    }

    @Test("apus set changes the bandwidth and the downtime limit of a move under way", .ownLab)
    func set() async throws {
        try await withSlowMove { lab, guest, move in
            let dryRun = try await lab.apus("set", guest.name, "--bandwidth", "64MiB/s", "--dry-run")
            #expect(dryRun.status == 0 && dryRun.output.contains("would be changed"), "\(dryRun.said)")
            #expect(try await guest.limit("migrate-getspeed") == "2")

            let outcome = try await lab.apus(
                "set", guest.name, "--bandwidth", "8MiB/s", "--downtime", "40ms", "--json")
            #expect(outcome.status == 0, "\(outcome.said)")
            let answer = try SetAnswer(outcome)
            let result = try #require(answer.result)
            #expect(answer.changed)
            #expect(result.guest == guest.name && result.source == "host1" && !result.post_copy)
            #expect(result.previous_bandwidth_bytes_per_second == 2 << 20)
            #expect(result.bandwidth_bytes_per_second == 8 << 20)
            #expect(result.downtime_limit_seconds == 0.04)
            #expect(result.previous_downtime_limit_seconds == 0.3)
            #expect(try await guest.limit("migrate-getspeed") == "8")
            #expect(try await guest.limit("migrate-getmaxdowntime") == "40")

            let again = try await lab.apus("set", guest.name, "--bandwidth", "8MiB/s", "--json")
            #expect(try !SetAnswer(again).changed, "\(again.said)")

            let free = try await lab.apus("set", guest.name, "--bandwidth", "none", "--downtime", "300ms")
            #expect(free.status == 0, "\(free.said)")
            #expect(free.output.contains("8 MiB/s → without limit"), "\(free.said)")
            // Without a limit it converges; with the first one it would have taken minutes.
            let ended = try await move.outcome()
            #expect(ended.status == 0, "\(ended.said)")
            #expect(try await guest.places() == ["host2": "running"])
        }
    }

    @Test("apus set changes what a post-copy pulls with", .ownLab)
    func setPostCopy() async throws {
        try await withSlowMove("--postcopy", "--postcopy-bandwidth", "1") { lab, guest, move in
            try await guest.require("migrate-postcopy", guest.name)
            // libvirt returns before QEMU has switched.
            let deadline = ContinuousClock.now.advanced(by: .seconds(20))
            while try await !guest.virsh(on: "host1", "domstate", "--reason", guest.name).output
                .contains("post-copy")
            {
                try #require(ContinuousClock.now < deadline, "the source never said that it is in post-copy")
            }
            let outcome = try await lab.apus(
                "set", guest.name, "--bandwidth", "64MiB/s", "--downtime", "50ms", "--json")
            #expect(outcome.status == 0, "\(outcome.said)")
            let result = try #require(try SetAnswer(outcome).result)
            #expect(result.post_copy)
            #expect(result.previous_bandwidth_bytes_per_second == 1 << 20)
            #expect(result.bandwidth_bytes_per_second == 64 << 20)
            #expect(result.downtime_limit_seconds == result.previous_downtime_limit_seconds)
            let ended = try await move.outcome()
            #expect(ended.status == 0, "\(ended.said)")
            #expect(try await guest.places() == ["host2": "running"])
        }
    }

    @Test("apus set has nothing to do for a guest that is not being moved", .lab)
    func setNothing() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("idle", on: lab) { guest in
            let outcome = try await lab.apus("set", guest.name, "--bandwidth", "1MiB/s", "--json")
            #expect(outcome.status == 0, "\(outcome.said)")
            #expect(try !SetAnswer(outcome).changed)
            let unknown = try await lab.apus("set", "no-such-guest", "--bandwidth", "1MiB/s")
            #expect(unknown.status == 2, "\(unknown.said)")
        }
    }

    @Test("apus set wants to know what to change, with its unit", .lab)
    func setUsage() async throws {
        let lab = try await Lab.up()
        for words in [["set", "x"], ["set", "x", "--bandwidth", "5"], ["set", "x", "--downtime", "fast"]] {
            let outcome = try await lab.apus(words)
            #expect(outcome.status == 64, "\(outcome.said)")
        }
    }
}
