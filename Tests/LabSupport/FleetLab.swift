import FoundationEssentials
import Testing

/// A lab of its own with three hosts, for what is about more than two; gone when its test is over.
package struct FleetLab: Sendable {
    private let name: String
    private let inventory: String
    private let journal: String
    /// By name, all on host1 at first.
    package let guests: [String]

    /// Raises it with so many guests on host1, lends it, and takes it down whatever happens.
    package static func with(
        _ count: Int, kind: String = "idle", _ options: [String] = [],
        _ body: @Sendable (FleetLab) async throws -> Void
    ) async throws {
        let name = "\(Lab.environment["APUS_LAB"] ?? "test")3"
        let guests = (1...count).map { "fleet\($0)" }
        let draft = FleetLab(name: name, inventory: "", journal: "", guests: guests)
        let result: Result<Void, any Error>
        do {
            try await draft.require("up", "--hosts", "3")
            let path = try await draft.command("inventory").output.split(separator: "\n").joined()
            let lab = FleetLab(
                name: name, inventory: path,
                journal: "/tmp/apus-fleet-journal-\(UInt32.random(in: 0 ... .max))",
                guests: guests)
            for guest in guests {
                let added = try await draft.script(
                    ["guest", "add", guest, "--kind", kind, "--on", "host1"] + options)
                try #require(added.status == 0, "lab guest add: \(added.said)")
            }
            defer { try? FileManager.default.removeItem(atPath: lab.journal) }
            result = .success(try await body(lab))
        } catch { result = .failure(error) }
        _ = try await draft.command("down")
        try result.get()
    }

    /// Runs the lab's script on this lab.
    package func command(_ words: String...) async throws -> Outcome { try await script(words) }

    /// Runs the lab's script on this lab; it has to succeed.
    package func require(_ words: String...) async throws {
        let outcome = try await script(words)
        try #require(outcome.status == 0, "lab \(words.joined(separator: " ")): \(outcome.said)")
    }

    private func script(_ words: [String]) async throws -> Outcome {
        try await Program(["\(Lab.root)/Examples/lab/lab"] + words, environment: environment).run()
    }

    private var environment: [String: String] {
        Lab.environment.merging(["APUS_LAB": name]) { $1 }
    }

    /// Runs `apus` with this lab's inventory and a journal of its own.
    package func apus(_ words: String...) async throws -> Outcome { try await program(words).run() }

    package func startApus(_ words: String...) -> RunningProgram { program(words).start() }

    private func program(_ words: [String]) -> Program {
        Program(
            [Lab.apusPath] + words,
            environment: environment.merging(
                ["APUS_INVENTORY": inventory, "APUS_STATE": journal, "NO_COLOR": "1"]
            ) { $1 })
    }

    /// The hosts on which each guest is running; one, if all is well.
    package func places() async throws -> [String: [String]] {
        let outcome = try await apus("guests", "--json")
        let list = try JSONDecoder().decode(GuestsAnswer.self, from: Data(outcome.output.utf8))
        return Dictionary(grouping: list.result.guests.filter { $0.state == "running" }, by: \.name)
            .mapValues { $0.map(\.host).sorted() }
    }
}
