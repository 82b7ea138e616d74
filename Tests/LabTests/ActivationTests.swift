import FoundationEssentials
import LabSupport
import Testing

/// What `apus migrate --json` says of what was done besides moving.
private struct ActivationAnswer: Decodable {
    struct Result: Decodable {
        struct Activation: Decodable {
            struct Address: Decodable {
                let mac: String
                let is_learnt: Bool?
                let detail: String?
            }
            let clock: String?
            let clock_lost_seconds: Double?
            let autostart: Bool?
            let addresses: [Address]
            let learnt_seconds: Double?
        }
        let activation: Activation
        let downtime_seconds: Double
        let remarks: [String]
    }
    let result: Result

    init(_ outcome: Outcome) throws {
        try #require(outcome.status == 0, "\(outcome.said)")
        self = try JSONDecoder().decode(ActivationAnswer.self, from: Data(outcome.output.utf8))
    }
}

extension LabGuest {
    /// The guest's clock by its agent, less this machine's; both in whole seconds.
    fileprivate func clockError(on host: String) async throws -> Double {
        let outcome = try await virsh(on: host, "domtime", name)
        let time = try #require(Double(outcome.output.filter(\.isNumber)), "\(outcome.said)")
        return time - Date().timeIntervalSince1970.rounded(.down)
    }
}

extension LabTests {
    @Test("autostart and metadata are behind the move what they were before it", .lab)
    func carriedSettings() async throws {
        let lab = try await Lab.up()
        let policy = "<policy xmlns='http://apus.example/policy' postcopy='never'/>"
        try await LabGuest.with("idle", on: lab) { guest in
            let set = [
                "metadata", guest.name, "http://apus.example/policy", "--key", "apus", "--set", policy,
            ]
            for scope in ["--live", "--config"] {
                let outcome = try await guest.virsh(
                    on: "host1", set[0], set[1], set[2], set[3], set[4], set[5], set[6], scope)
                try #require(outcome.status == 0, "\(outcome.said)")
            }
            try await guest.require("autostart", guest.name)
            let answer = try ActivationAnswer(
                await lab.apus("migrate", guest.name, "--to", "host2", "--keep-definition", "--json"))
            #expect(answer.result.activation.autostart == true)
            #expect(answer.result.remarks.isEmpty, "\(answer.result.remarks)")
            let information = try await guest.virsh(on: "host2", "dominfo", guest.name).output
            #expect(information.contains { $0.isNewline } && information.contains("enable"), "\(information)")
            // Two hosts that start one guest when they start would be two guests.
            let kept = try await guest.virsh(on: "host1", "dominfo", guest.name).output
            #expect(kept.contains("disable") && !kept.contains("enable"), "\(kept)")
            for words in ["--inactive", "--migratable"] {
                let xml = try await guest.virsh(on: "host2", "dumpxml", guest.name, words).output
                #expect(xml.contains("postcopy=\"never\"") || xml.contains("postcopy='never'"), "\(xml)")
            }
            let back = try ActivationAnswer(
                await lab.apus("migrate", guest.name, "--to", "host1", "--json"))
            #expect(back.result.activation.autostart == true)
            // It has no interface that a bridge could learn, and no agent.
            #expect(back.result.activation.addresses.isEmpty && back.result.activation.clock == nil)
        }
    }

    @Test(
        "a guest that stood still for seconds has the right time again, and the network knows the way",
        .ownLab)
    func clockAndAddresses() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("web", ["--agent"], on: lab) { guest in
            while try await guest.virsh(on: "host1", "domtime", guest.name).status != 0 {}
            let before = try await guest.clockError(on: "host1")
            let answer = try ActivationAnswer(
                await lab.apus(
                    "migrate", guest.name, "--to", "host2", "--strategy", "stop-and-copy", "--bandwidth",
                    "40MiB/s", "--json"))
            let found = answer.result.activation
            #expect(answer.result.downtime_seconds > 1.5)
            #expect(found.clock == "set")
            let lost = try #require(found.clock_lost_seconds)
            #expect(abs(lost - answer.result.downtime_seconds) < 0.7, "\(lost), \(answer)")
            // Both are cut off to whole seconds.
            #expect(abs(try await guest.clockError(on: "host2") - before) <= 1)
            #expect(found.addresses.map(\.is_learnt) == [true], "\(found)")
            #expect(try #require(found.learnt_seconds) < 1)
            #expect(answer.result.remarks.isEmpty, "\(answer.result.remarks)")
            // What cannot be asked is said not to be known.
            let deaf: @Sendable (String) -> String = { text in
                text.split(separator: "\n").filter { !$0.contains("remote-shell") }.joined(separator: "\n")
            }
            try await lab.inventory(deaf) { path in
                let blind = try ActivationAnswer(
                    await lab.apus(
                        "migrate", guest.name, "--to", "host1", "--json", "--inventory", path, "--ignore",
                        "not-known", "--strategy", "stop-and-copy", "--bandwidth", "40MiB/s"))
                let address = try #require(blind.result.activation.addresses.first)
                #expect(address.is_learnt == nil && address.detail?.contains("remote-shell") == true)
                #expect(blind.result.activation.clock == "set")
            }
        }
    }
}
