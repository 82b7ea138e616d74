import FoundationEssentials
import Testing

/// A guest of the lab's, removed when the test is over.
package struct LabGuest: Sendable {
    package let name: String
    package let accelerator: String
    private let lab: Lab

    /// Adds a guest, lends it, and removes it whatever happens.
    ///
    /// - Parameters:
    ///   - kind: `idle`, `dirty`, `web`, `echo` or `disk`.
    ///   - options: further options of `lab guest add`.
    ///   - lab: the lab that the guest belongs to.
    ///   - body: what is done with the guest.
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw, or why the guest could not be added or removed.
    package static func with<Value: Sendable>(
        _ kind: String, _ options: [String] = [], on lab: Lab,
        _ body: @Sendable (LabGuest) async throws -> Value
    ) async throws -> Value {
        let name = "t\(UInt32.random(in: 0 ... .max))"
        let provider: any GuestProvider = lab.isForeign ? ForeignGuests(lab: lab) : ScriptGuests()
        let accelerator = try await provider.add(name, kind, options)
        GuestLedger.note(accelerator)
        let guest = LabGuest(name: name, accelerator: accelerator, lab: lab)
        let result: Result<Value, any Error>
        do { result = .success(try await body(guest)) } catch { result = .failure(error) }
        try await provider.remove(name)
        return try result.get()
    }

    /// Where the guest is, by apus: host → state, for every host that knows it.
    package func places() async throws -> [String: String] {
        let outcome = try await lab.apus("guests", "--json")
        let list = try JSONDecoder().decode(GuestsAnswer.self, from: Data(outcome.output.utf8))
        return Dictionary(
            list.result.guests.filter { $0.name == name }.map { ($0.host, $0.state) },
            uniquingKeysWith: { $1 })
    }

    /// Waits until the guest is settled on exactly one host, as libvirt tells it.
    package func settledPlace(within limit: Duration = .seconds(60)) async throws -> (
        host: String, state: String
    ) {
        let deadline = ContinuousClock.now.advanced(by: limit)
        while true {
            let outcome = try await lab.apus("guests", "--json")
            let list = try JSONDecoder().decode(GuestsAnswer.self, from: Data(outcome.output.utf8))
            let mine = list.result.guests.filter { $0.name == name }
            let active = mine.filter { $0.state != "shut-off" }
            if active.count == 1, let only = active.first, only.activity == nil {
                return (only.host, only.state)
            }
            try #require(ContinuousClock.now < deadline, "\(name) does not settle: \(mine)")
            // Asking without a pause would take the processor from the very move that is waited for.
            if let host = mine.first(where: { $0.activity != nil })?.host {
                _ = try await virsh(on: host, "event", name, "--event", "lifecycle", "--timeout", "1")
            }
        }
    }

    /// The document of the guest on a host.
    package func xml(on host: String) async throws -> String {
        let outcome = try await virsh(on: host, "dumpxml", name)
        try #require(outcome.status == 0, "\(outcome.said)")
        return outcome.output
    }

    /// Runs `virsh` against a host of the inventory.
    package func virsh(on host: String, _ words: String...) async throws -> Outcome {
        try await virsh(on: host, words)
    }

    /// Runs `virsh` on the lab's first host, which has to succeed.
    package func require(_ words: String...) async throws {
        let outcome = try await virsh(on: "host1", words)
        try #require(outcome.status == 0, "virsh \(words.joined(separator: " ")): \(outcome.said)")
    }

    /// Runs `virsh` against a host of the inventory.
    package func virsh(on host: String, _ words: [String]) async throws -> Outcome {
        try await Program(["virsh", "-q", "-c", try await HostList(lab).uri(of: host)] + words).run()
    }
}

/// What `apus guests --json` answers, as far as tests read it.
struct GuestsAnswer: Decodable {
    struct Result: Decodable {
        struct Guest: Decodable {
            let name: String
            let host: String
            let state: String
            let activity: String?
        }
        let guests: [Guest]
    }
    let result: Result
}

/// The hosts as `apus hosts --json` tells them.
package struct HostList: Sendable {
    private struct Answer: Decodable {
        struct Result: Decodable {
            struct Host: Decodable {
                let name: String
                let uri: String
                let state: String
            }
            let hosts: [Host]
        }
        let result: Result
    }

    package let names: [String]
    private let uris: [String: String]

    package init(_ lab: Lab) async throws {
        let outcome = try await lab.apus("hosts", "--json")
        let answer = try JSONDecoder().decode(Answer.self, from: Data(outcome.output.utf8))
        names = answer.result.hosts.map(\.name)
        uris = Dictionary(uniqueKeysWithValues: answer.result.hosts.map { ($0.name, $0.uri) })
    }

    package func uri(of host: String) throws -> String {
        try #require(uris[host])
    }
}
