import FoundationEssentials
import LabSupport
import Testing

/// What `apus migrate --json` answers.
struct MoveAnswer: Decodable {
    struct Result: Decodable {
        struct Phase: Decodable {
            let name: String
            let seconds: Double
        }
        let guest: String?
        let source: String?
        let destination: String?
        let total_seconds: Double?
        let downtime_seconds: Double?
        let downtime_method: String?
        let downtime_error_seconds: Double?
        let wire_bytes: UInt64?
        let rounds: Int?
        let phases: [Phase]?
        let destination_state: String?
    }
    struct Failure: Decodable {
        let code: String
        let detail: String
        let hint: String?
    }
    let changed: Bool
    let result: Result?
    let error: Failure?

    init(_ outcome: Outcome) throws {
        try self.init(outcome.output)
    }

    init(_ text: some StringProtocol) throws {
        self = try JSONDecoder().decode(MoveAnswer.self, from: Data(text.utf8))
    }
}

extension LabTests {
    @Test("a guest moves there and back, and both hosts agree", .lab, arguments: ["idle", "dirty"])
    func thereAndBack(kind: String) async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with(kind, on: lab) { guest in
            for (source, destination) in [(hosts[0], hosts[1]), (hosts[1], hosts[0])] {
                let outcome = try await lab.apus("migrate", guest.name, "--to", destination, "--json")
                #expect(outcome.status == 0, "\(outcome.said)")
                let answer = try MoveAnswer(outcome)
                let result = try #require(answer.result)
                #expect(answer.changed)
                #expect(result.source == source)
                #expect(try #require(result.total_seconds) > 0)
                #expect(try #require(result.wire_bytes) > 0)
                #expect(try #require(result.rounds) >= 1)
                #expect(
                    result.phases?.map(\.name) == [
                        "pre-migration", "reservation", "pre-copy", "stop-and-copy", "commitment",
                        "activation",
                    ])
                #expect(result.downtime_method == "qemu-events")
                #expect(try #require(result.downtime_seconds) >= 0)
                #expect(result.destination_state?.hasPrefix("running") == true)
                #expect(try await guest.places() == [destination: "running"])
            }
        }
    }

    @Test("a guest moves under TCG as well", .ownLab)
    func underTCG() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("dirty", ["--accel", "tcg"], on: lab) { guest in
            #expect(guest.accelerator == "tcg")
            let outcome = try await lab.apus("migrate", guest.name, "--to", "host2")
            #expect(outcome.status == 0, "\(outcome.said)")
            #expect(try await guest.places() == ["host2": "running"])
        }
    }

    @Test("apus drives the move itself where the hosts cannot reach each other's libvirt", .lab)
    func direct() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with("idle", on: lab) { guest in
            let outcome = try await lab.apus("migrate", guest.name, "--to", hosts[1], "--direct")
            #expect(outcome.status == 0, "\(outcome.said)")
            #expect(try await guest.places() == [hosts[1]: "running"])
        }
    }

    @Test("a paused guest arrives paused", .lab)
    func paused() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with("idle", ["--paused"], on: lab) { guest in
            let outcome = try await lab.apus("migrate", guest.name, "--to", hosts[1], "--json")
            #expect(outcome.status == 0, "\(outcome.said)")
            #expect(try MoveAnswer(outcome).result?.downtime_seconds == nil)
            #expect(try await guest.places() == [hosts[1]: "paused"])
        }
    }

    @Test("a guest that is there already is no error and no change", .lab)
    func alreadyThere() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with("idle", on: lab) { guest in
            let outcome = try await lab.apus("migrate", guest.name, "--to", hosts[0], "--json")
            #expect(outcome.status == 0, "\(outcome.said)")
            #expect(try MoveAnswer(outcome).changed == false)
            let from = try await lab.apus(
                "migrate", guest.name, "--from", hosts[1], "--to", hosts[0], "--json")
            #expect(from.status == 0, "\(from.said)")
            #expect(try MoveAnswer(from).changed == false)
        }
    }

    @Test("a dry run shows the plan and changes nothing", .lab)
    func dryRun() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with("idle", on: lab) { guest in
            let outcome = try await lab.apus("migrate", guest.name, "--to", hosts[1], "--dry-run")
            #expect(outcome.status == 0, "\(outcome.said)")
            #expect(outcome.output.contains("would move from \(hosts[0]) to \(hosts[1])"))
            #expect(try await guest.places() == [hosts[0]: "running"])
        }
    }

    @Test("--keep-definition leaves the definition, and the way back replaces it", .lab)
    func keepDefinition() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with("idle", on: lab) { guest in
            let there = try await lab.apus("migrate", guest.name, "--to", hosts[1], "--keep-definition")
            #expect(there.status == 0, "\(there.said)")
            #expect(try await guest.places() == [hosts[0]: "shut-off", hosts[1]: "running"])
            let back = try await lab.apus("migrate", guest.name, "--to", hosts[0])
            #expect(back.status == 0, "\(back.said)")
            #expect(try await guest.places() == [hosts[0]: "running"])
        }
    }

    @Test("the guest's policy arrives untouched; one with a word that nobody knows stops the move", .lab)
    func metadata() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with("idle", on: lab) { guest in
            func set(_ policy: String) async throws {
                for scope in ["--config", "--live"] {
                    let set = try await guest.virsh(
                        on: hosts[0], "metadata", guest.name, "--uri", "https://apus.example/policy/1",
                        "--key", "apus", "--set", policy, scope)
                    #expect(set.status == 0, "\(set.said)")
                }
            }
            try await set("<policy prority='7'><affinity group='late at 22:00'/></policy>")
            let refused = try await lab.apus("migrate", guest.name, "--to", hosts[1])
            #expect(refused.status == 2 && refused.said.contains("Did you mean priority"), "\(refused.said)")
            try await set("<policy priority='7'><affinity group='late at 22:00 &amp; so on'/></policy>")
            let before = try await metadata(of: guest, on: hosts[0])
            let outcome = try await lab.apus("migrate", guest.name, "--to", hosts[1])
            #expect(outcome.status == 0, "\(outcome.said)")
            #expect(try await metadata(of: guest, on: hosts[1]) == before)
        }
    }

    private func metadata(of guest: LabGuest, on host: String) async throws -> String {
        let outcome = try await guest.virsh(
            on: host, "metadata", guest.name, "--uri", "https://apus.example/policy/1")
        try #require(outcome.status == 0 && outcome.output.contains("22:00"), "\(outcome.said)")
        return outcome.output
    }
}
