import FoundationEssentials
import LabSupport
import Testing

extension LabTests {
    @Test("saved facts give the same findings without any host", .lab)
    func savedFacts() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await Self.withFolder { folder in
            try await LabGuest.with("idle", on: lab) { guest in
                let path = "\(folder)/facts.json"
                let live = try await lab.check(guest, "--save-facts", path, to: hosts[1])
                for words in [["--facts", path], ["--facts", path, "--inventory", "/dev/null"]] {
                    let outcome = try await lab.apus(["check", "--json"] + words)
                    #expect(outcome.status == 0, "\(outcome.said)")
                    #expect(try CheckAnswer(outcome).findings == live.findings)
                }
                let piped = try await Program(
                    ["bash", "-c", "\(Lab.apusPath) check --json --facts - < <(cat \(path))"]
                ).run()
                #expect(try CheckAnswer(piped).findings == live.findings)
            }
        }
    }

    @Test("files that are no facts are refused with their name and the reason, whatever is in them", .lab)
    func badFacts() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await Self.withFolder { folder in
            let good = "\(folder)/good.json"
            try await LabGuest.with("idle", on: lab) { guest in
                _ = try await lab.check(guest, "--save-facts", good, to: hosts[1])
            }
            let text = try String(contentsOfFile: good, encoding: .utf8)
            let cases: [(name: String, content: [UInt8], says: String)] = [
                ("empty", [], "JSON"),
                ("truncated", Array(text.utf8.prefix(1000)), "JSON"),
                ("deep", Array(String(repeating: "[", count: 500_000).utf8), "JSON"),
                ("nested", Array((String(repeating: #"{"guest":"#, count: 100_000)).utf8), "JSON"),
                ("binary", (0..<100_000).map { _ in .random(in: 0 ... .max) }, "JSON"),
                ("large", [UInt8](repeating: 0x20, count: 20 << 20), "16 MiB"),
                ("older", Array(text.replacing(#/"schema":\d+/#, with: "\"schema\":77").utf8), "77"),
                ("plan", Array(#"{"schema":1,"command":"plan","changed":false}"#.utf8), "has no guest"),
                ("number", Array(text.replacing("\"vcpus\":1", with: "\"vcpus\":\"one\"").utf8), "vcpus"),
            ]
            for (name, content, says) in cases {
                let path = "\(folder)/\(name)"
                try Data(content).write(to: URL(filePath: path))
                let outcome = try await lab.apus("check", "--facts", path, "--json")
                #expect(outcome.status == 64, "\(name): \(outcome.said)")
                let error = try #require(try CheckAnswer(outcome).error)
                #expect(error.code == "document-invalid")
                #expect(error.detail.contains(says), "\(name): \(error.detail)")
            }
            for path in ["/nonexistent/facts", "/", "/dev/zero"] {
                let outcome = try await lab.apus("check", "--facts", path)
                #expect(outcome.status == 64, "\(outcome.said)")
                #expect(outcome.error.contains(path), "\(outcome.said)")
                #expect(
                    !outcome.error.contains("NSError") && !outcome.error.contains("Domain="),
                    "\(outcome.said)")
            }
        }
    }

    @Test("a state directory that cannot be written is an error before anything is touched", .ownLab)
    func badStateDirectory() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("idle", on: lab) { guest in
            for (options, fill) in [
                ("ro", "true"), ("size=64k", "head -c 1M /dev/zero >/srv/apus-state/full; true"),
            ] {
                let make =
                    "mkdir /srv/apus-state; mount -t tmpfs -o \(options) state /srv/apus-state; \(fill)"
                try await Lab.with(
                    "host1", "\(make) 2>/dev/null", mending: "umount /srv/apus-state; rmdir /srv/apus-state"
                ) {
                    // On the host, where the disk is full; it reaches both hosts as from anywhere.
                    for command in ["check", "plan", "migrate"] {
                        let outcome = try await Program(
                            Lab.words(on: "host1") + [
                                Lab.apusPath, command, guest.name, "--to", "host2", "--json", "--inventory",
                                lab.inventory, "--state-dir", "/srv/apus-state/apus",
                            ], environment: Lab.environment
                        ).run()
                        #expect(outcome.status == 2, "\(command) \(options): \(outcome.said)")
                        let error = try CheckAnswer(outcome).error
                        #expect(error?.code == "journal-unwritable", "\(outcome.said)")
                        #expect(error?.detail.contains("/srv/apus-state") == true, "\(outcome.said)")
                        #expect(error?.hint?.contains("--state-dir") == true, "\(outcome.said)")
                    }
                }
            }
            #expect(try await guest.places() == ["host1": "running"])
        }
    }

    @Test("two checks of one guest at once disturb neither each other nor the hosts", .lab)
    func twoAtOnce() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with("idle", on: lab) { guest in
            async let first = lab.apus("check", guest.name, "--to", hosts[1], "--json")
            async let second = lab.apus("check", guest.name, "--to", hosts[1], "--json")
            for outcome in [try await first, try await second] {
                #expect(outcome.status == 0, "\(outcome.said)")
                #expect(try CheckAnswer(outcome).result?.can_move == true)
            }
        }
    }

    @Test("without --to every host is ranked, and one that is down says so", .ownLab)
    func ranking() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("idle", on: lab) { guest in
            let down = "  host9:\n    uri: qemu+unix:///system?socket=/nonexistent/libvirt-sock\n"
            try await lab.inventory({ $0 + down }) { path in
                let outcome = try await lab.apus(
                    "check", guest.name, "--quick", "--json", "--inventory", path)
                #expect(outcome.status == 0, "\(outcome.said)")
                let destinations = try #require(try CheckAnswer(outcome).result?.destinations)
                #expect(destinations.map(\.host) == ["host2", "host9"])
                #expect(destinations.map(\.can_move) == [true, false])
                #expect(destinations.last?.reason.contains("/nonexistent/libvirt-sock") == true)
                try await Lab.with(
                    "host2",
                    "nft 'table inet apustest { chain input { type filter hook input priority 0; "
                        + "tcp dport 16509 reject; }; }'", mending: "nft delete table inet apustest"
                ) {
                    let none = try await lab.apus("check", guest.name, "--quick", "--inventory", path)
                    #expect(none.status == 2, "\(none.said)")
                    #expect(none.output.contains("destination-unreachable"), "\(none.said)")
                }
            }
        }
    }

    @Test("a check's exit status says whether the move can be, could not be, or was not understood", .lab)
    func checkStatuses() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with("idle", on: lab) { guest in
            let rows: [(words: [String], status: Int32, says: String)] = [
                ([guest.name, "--to", hosts[1], "--quick"], 0, "nothing stands in the way"),
                ([guest.name, "--to", hosts[0]], 0, "nothing to do"),
                (["\(guest.name)x", "--to", hosts[1]], 2, guest.name),
                ([guest.name, "--to", "\(hosts[1])x"], 64, hosts[1]),
                ([guest.name, "--from", hosts[1], "--to", hosts[1]], 64, "same host"),
                ([guest.name, "--to", hosts[1], "--ignore", "disk-not-provn"], 64, "disk-not-proven"),
                ([guest.name, "--to", hosts[1], "--ignore", "guest-on-two-hosts"], 64, "never be ignored"),
                ([guest.name, "--save-facts", "/tmp/never"], 64, "--to"),
                ([], 64, "guest"),
            ]
            for (words, status, says) in rows {
                let outcome = try await lab.apus(["check"] + words)
                #expect(outcome.status == status, "\(words): \(outcome.said)")
                #expect((outcome.output + outcome.error).contains(says), "\(words): \(outcome.said)")
            }
        }
    }

    /// A folder that is gone afterwards.
    static func withFolder<Value: Sendable>(
        _ body: @Sendable (String) async throws -> Value
    ) async throws -> Value {
        let folder = "/tmp/apus-test-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try await body(folder)
    }
}
