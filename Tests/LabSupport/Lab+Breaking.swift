import FoundationEssentials
import Testing

extension Lab {
    /// Runs a bash script on a host of the lab.
    ///
    /// - Returns: what it wrote to standard output.
    @discardableResult
    package static func run(on host: String, _ script: String) async throws -> String {
        let outcome = try await command(["exec", host, "bash", "-c", script])
        try #require(outcome.status == 0, "\(script) on \(host): \(outcome.said)")
        return outcome.output
    }

    /// Runs the lab's script, which has to succeed.
    package static func require(_ words: String...) async throws {
        let outcome = try await command(words)
        try #require(outcome.status == 0, "lab \(words.joined(separator: " ")): \(outcome.said)")
    }

    /// Breaks something for as long as `body` runs, and mends it whatever happens.
    ///
    /// - Parameters:
    ///   - host: where.
    ///   - breaking: a bash script.
    ///   - mending: a bash script that leaves nothing of it, also when `breaking` failed half-way.
    ///   - body: what is done meanwhile.
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw, or that it could not be broken.
    package static func with<Value: Sendable>(
        _ host: String, _ breaking: String, mending: String,
        _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        try await undoing(
            {
                try await run(on: host, breaking)
                return try await body()
            },
            by: { try await run(on: host, mending) })
    }

    /// Does something, then undoes it whatever happened.
    package static func undoing<Value: Sendable, Nothing>(
        _ body: @Sendable () async throws -> Value, by undo: @Sendable () async throws -> Nothing
    ) async throws -> Value {
        let result: Result<Value, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        do { _ = try await undo() } catch { Issue.record(error, "it could not be undone") }
        return try result.get()
    }

    /// This lab with its inventory's text changed, in a file that lives as long as `body` runs.
    package func inventory<Value: Sendable>(
        _ change: (String) -> String, _ body: @Sendable (String) async throws -> Value
    ) async throws -> Value {
        let path = "/tmp/apus-test-\(UInt64.random(in: 0 ... .max)).yaml"
        try writeFile(change(try String(contentsOfFile: inventory, encoding: .utf8)), to: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(path)
    }
}
