import FoundationEssentials
import Glibc
import LabSupport
import Testing

extension LabTests {
    @Test("a saved plan is run exactly, once", .lab)
    func planIsRun() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await Self.withFolder { folder in
            try await LabGuest.with("idle", on: lab) { guest in
                let plan = try await SavedPlanFile(
                    "\(folder)/p.json", lab,
                    [
                        "--to", hosts[1], "--bandwidth", "200MiB/s", "--downtime", "250ms",
                        "--keep-definition",
                    ], guest)
                let dry = try await lab.apus("migrate", "--plan", plan.path, "--dry-run")
                #expect(dry.status == 0, "\(dry.said)")
                #expect(try await guest.places() == [hosts[0]: "running"])

                let move = try await lab.apus("migrate", "--plan", plan.path, "--json")
                #expect(move.status == 0, "\(move.said)")
                // The plan said to keep it.
                #expect(try await guest.places() == [hosts[0]: "shut-off", hosts[1]: "running"])
                let again = try await lab.apus("migrate", "--plan", plan.path, "--json")
                #expect(again.status == 0, "\(again.said)")
                #expect(try MoveAnswer(again).changed == false)
                _ = try await guest.virsh(on: hosts[0], "undefine", guest.name)

                let mixed = try await lab.apus("migrate", "--plan", plan.path, "--bandwidth", "1MiB/s")
                #expect(mixed.status == 64, "\(mixed.said)")
            }
        }
    }

    @Test("a plan is refused when what it rests on has changed, and says what", .ownLab)
    func planOutdated() async throws {
        let lab = try await Lab.up()
        try await Self.withFolder { folder in
            try await LabGuest.with("idle", on: lab) { guest in
                let plan = try await SavedPlanFile("\(folder)/p.json", lab, ["--to", "host2"], guest)
                @Sendable func expectRefusal(_ words: String..., options: [String] = []) async throws {
                    let outcome = try await lab.apus(["migrate", "--plan", plan.path, "--json"] + options)
                    #expect(outcome.status == 2, "\(outcome.said)")
                    let error = try #require(try MoveAnswer(outcome).error)
                    #expect(error.code == "plan-outdated")
                    for word in words { #expect(error.detail.contains(word), "\(word) in: \(error.detail)") }
                    #expect(error.hint?.contains("apus plan \(guest.name)") == true)
                    #expect(try await guest.places()["host2"] == nil)
                }
                try await lab.inventory({
                    $0.replacing("migration-address: 192.0.2.12", with: "migration-address: host2.lab")
                }) { path in
                    try await expectRefusal(
                        "migration-address", "192.0.2.12", "host2.lab", options: ["--inventory", path])
                }
                try await Lab.with(
                    "host1", "truncate -s 1M /srv/shared/t.img", mending: "rm -f /srv/shared/t.img"
                ) {
                    try await guest.require(
                        "attach-disk", guest.name, "/srv/shared/t.img", "vdx", "--targetbus", "virtio")
                    try await expectRefusal("disk vdx", "not there", "/srv/shared/t.img")
                    try await guest.require("destroy", guest.name)
                }
                try await guest.require("setmaxmem", guest.name, "320M", "--config")
                try await guest.require("setmem", guest.name, "320M", "--config")
                try await guest.require("start", guest.name)
                try await expectRefusal("guest memory", "256 MiB", "320 MiB")
            }
        }
    }

    @Test("a plan that would lose the guest or do nothing is refused, whoever wrote it", .ownLab)
    func planRefused() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await Self.withFolder { folder in
            try await LabGuest.with("dirty", on: lab) { guest in
                let plan = try await SavedPlanFile("\(folder)/p.json", lab, ["--to", hosts[1]], guest)
                let rows: [(method: [String: Any], says: String)] = [
                    (["allows_post_copy": true, "connections": 2], "loses the guest"),
                    (["connections": 2, "xbzrle_cache": 64 << 20], "compresses nothing"),
                    (["connections": 0], "connections"), (["connections": 100_000], "connections"),
                ]
                for (method, says) in rows {
                    try plan.write(method: method)
                    for options in [["--json"], ["--json", "--dry-run"]] {
                        let outcome = try await lab.apus(["migrate", "--plan", plan.path] + options)
                        #expect(outcome.status == 2, "\(method): \(outcome.said)")
                        let error = try #require(try MoveAnswer(outcome).error)
                        #expect(error.code == "plan-refused")
                        #expect(error.detail.contains(says), "\(error.detail)")
                    }
                    #expect(try await guest.places() == [hosts[0]: "running"])
                }
                try plan.write("{}")
                let empty = try await lab.apus("migrate", "--plan", plan.path)
                #expect(empty.status == 64, "\(empty.said)")
            }
        }
    }

    @Test("libvirt carries out every method that a plan may name", .lab)
    func planMethods() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await Self.withFolder { folder in
            try await LabGuest.with("dirty", ["--dirty-rate", "20"], on: lab) { guest in
                var (source, destination) = (hosts[0], hosts[1])
                for (method, strategy) in [
                    (["connections": 3], "multifd"), (["xbzrle_cache": 64 << 20], "xbzrle"),
                    (["slows_guest_down": true], "auto-converge"), (["is_live": false], "stop-and-copy"),
                ] as [([String: Any], String)] {
                    let plan = try await SavedPlanFile("\(folder)/p.json", lab, ["--to", destination], guest)
                    try plan.write(method: method, strategy: strategy)
                    let outcome = try await lab.apus("migrate", "--plan", plan.path, "--json")
                    #expect(outcome.status == 0, "\(strategy): \(outcome.said)")
                    #expect(outcome.output.contains("\"strategy\":\"\(strategy)\""), "\(outcome.said)")
                    #expect(try await guest.places() == [destination: "running"])
                    (source, destination) = (destination, source)
                }
            }
        }
    }

    /// Why no plan of apus pairs the two: with the programs of Debian 12 the guest is gone on both hosts.
    @Test("post-copy with multifd, which libvirt accepts, loses the guest with QEMU 7.2", .ownLab)
    func postCopyWithMultifd() async throws {
        let lab = try await Lab.up()
        let version = try await Program(["qemu-system-x86_64", "--version"]).run()
        // Newer ones may have mended it: this shows what is known of this one.
        guard version.output.contains("version 7.2") else { return }
        try await LabGuest.with("dirty", on: lab) { guest in
            _ = try await guest.virsh(
                on: "host1", "migrate", guest.name, "qemu+tcp://192.0.2.12/system", "--live", "--p2p",
                "--postcopy", "--postcopy-after-precopy", "--bandwidth", "40", "--parallel",
                "--parallel-connections", "2", "--persistent", "--undefinesource")
            // libvirt hears of QEMU's end a moment after the switch.
            _ = try await guest.virsh(
                on: "host2", "event", guest.name, "--event", "lifecycle", "--timeout", "5")
            let places = try await guest.places()
            #expect(!places.values.contains { $0 != "shut-off" && $0 != "crashed" }, "it lives: \(places)")
            let log = try await Lab.run(on: "host2", "tail -n 5 /var/log/libvirt/qemu/\(guest.name).log")
            #expect(log.contains("Assertion"), "\(log)")
        }
    }

    @Test("history shows each move's forecast, made before it, beside what it took", .lab)
    func history() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with("dirty", on: lab) { guest in
            #expect(try await lab.history(guest).isEmpty)
            let slow = lab.startApus(
                "migrate", guest.name, "--to", hosts[1], "--bandwidth", "1MiB/s", "--json")
            for await line in slow.errorLines where line.contains("\"phase\":\"pre-copy\"") { break }
            // While it is under way its forecast is in the journal, and nothing else.
            let early = try #require(try await lab.history(guest).first)
            #expect(early.outcome == "open")
            #expect(early.total_seconds == nil && early.forecast_error == nil)
            let forecast = try #require(early.forecast)
            await slow.send(SIGINT)
            #expect(try await slow.outcome().status == 130)
            let aborted = try #require(try await lab.history(guest).first)
            #expect(aborted.outcome == "aborted")
            #expect(aborted.forecast?.total_seconds.likely == forecast.total_seconds.likely)

            let move = try await lab.apus("migrate", guest.name, "--to", hosts[1], "--json")
            #expect(move.status == 0, "\(move.said)")
            let done = try #require(try await lab.history(guest).first)
            #expect(done.outcome == "moved")
            #expect(done.source == hosts[0] && done.destination == hosts[1])
            #expect(done.total_seconds == (try MoveAnswer(move).result?.total_seconds))
            #expect(done.wire_bytes == (try MoveAnswer(move).result?.wire_bytes))
            #expect(done.forecast != nil && done.forecast_error != nil)
            let text = try await lab.apus("history", guest.name)
            #expect(text.output.contains("FORECAST") && text.output.contains("Forecast error over 1 move"))
        }
    }
}

extension Lab {
    /// The moves of a guest, newest first, by `apus history`.
    func history(_ guest: LabGuest) async throws -> [HistoryAnswer.Move] {
        let outcome = try await apus("history", guest.name, "--json")
        #expect(outcome.status == 0, "\(outcome.said)")
        return try JSONDecoder().decode(HistoryAnswer.self, from: Data(outcome.output.utf8)).result.moves
    }
}

/// What `apus history --json` answers.
struct HistoryAnswer: Decodable {
    struct Range: Decodable {
        let low: Double
        let likely: Double
        let high: Double
    }
    struct Forecast: Decodable {
        let total_seconds: Range
    }
    struct Move: Decodable {
        let outcome: String
        let source: String
        let destination: String
        let strategy: String?
        let total_seconds: Double?
        let wire_bytes: UInt64?
        let forecast: Forecast?
        let forecast_error: Double?
    }
    struct Result: Decodable {
        let moves: [Move]
    }
    let result: Result
}

/// A plan as `apus plan --json` writes it, whose method a test may change as a user could.
private struct SavedPlanFile {
    let path: String
    private let text: String

    init(_ path: String, _ lab: Lab, _ options: [String], _ guest: LabGuest) async throws {
        let outcome = try await lab.apus(["plan", guest.name, "--quick", "--json"] + options)
        try #require(outcome.status == 0, "\(outcome.said)")
        self.path = path
        text = outcome.output
        try write(text)
    }

    func write(_ text: String) throws { try writeFile(text, to: path) }

    func write(method: [String: Any], strategy: String = "pre-copy") throws {
        let pairs =
            ["\"strategy\":\"\(strategy)\""]
            + method.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
        let kept = ["allows_post_copy", "is_live", "slows_guest_down", "writes_twice"].filter {
            method[$0] == nil
        }
        .map { "\"\($0)\":\($0 == "is_live")" }
        let before = try #require(text.firstRange(of: "\"method\":{"))
        let rest = text[before.upperBound...]
        let end = try #require(rest.firstIndex(of: "}"))
        try write(
            String(text[..<before.upperBound]) + (pairs + kept).joined(separator: ",") + String(text[end...]))
    }
}
