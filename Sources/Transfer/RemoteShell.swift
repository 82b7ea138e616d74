package import FleetModel
import Subprocess
import Synchronization
import SystemPackage

/// Runs POSIX shell scripts on a host, the way the inventory's `remote-shell` says.
///
/// The script goes through standard input of `sh -s`: so nothing depends on how many shells in between split
/// words (ssh's does, others do not).
package struct RemoteShell: Sendable {
    package let host: String
    private let command: [String]

    /// - Parameters:
    ///   - host: the inventory's name, for errors.
    ///   - words: the words put in front of the command; empty runs it on this machine.
    package init(host: String, words: [String]) {
        self.host = host
        command = words + ["sh", "-s"]
    }

    /// Puts a value into a script as one word, whatever it holds.
    package static func quote(_ value: String) -> String {
        "'" + value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// Runs a script to its end, and ends it when it takes too long.
    ///
    /// - Parameters:
    ///   - script: in POSIX shell.
    ///   - operation: what it is for, in words that fit behind "could not".
    ///   - limit: how long it may take.
    /// - Returns: what it wrote to standard output, at most 1 MiB.
    /// - Throws: `ApusError` with `remote-shell-failed` when it could not be run, did not exit 0 or took too
    ///   long.
    package func run(
        _ script: String, to operation: String, within limit: Duration = .seconds(10)
    ) async throws(ApusError) -> String {
        let work = Task { () async -> Result<String, ApusError> in
            do throws(ApusError) { return .success(try await runToEnd(script, to: operation)) } catch {
                return .failure(error)
            }
        }
        let isLate = Mutex(false)
        let timer = Task {
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            isLate.withLock { $0 = true }
            work.cancel()
        }
        let result = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
        timer.cancel()
        guard !isLate.withLock({ $0 }) else {
            throw failure(operation, "no answer within \(limit.text)")
        }
        return try result.get()
    }

    private func runToEnd(_ script: String, to operation: String) async throws(ApusError) -> String {
        let outcome: (status: TerminationStatus, output: String, error: String)
        do {
            let result = try await Subprocess.run(
                executable, arguments: arguments, platformOptions: options, input: .string(script),
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 16))
            outcome = (result.terminationStatus, result.standardOutput, result.standardError)
        } catch {
            throw failure(operation, "\(error)")
        }
        guard outcome.status.isSuccess else {
            let said = outcome.error.split(separator: "\n").last.map(String.init) ?? "\(outcome.status)"
            throw failure(operation, said)
        }
        return outcome.output
    }

    /// Runs a script and lends its two ends, line by line.
    package func converse<Value: Sendable>(
        _ script: String, to operation: String,
        _ body: @Sendable (Conversation) async throws -> Value
    ) async throws(ApusError) -> Value {
        let said: String
        do {
            let result = try await Subprocess.run(
                executable, arguments: arguments, platformOptions: options, input: .inputWriter,
                output: .sequence, error: .string(limit: 1 << 16)
            ) { execution in
                let writer = execution.standardInputWriter
                return try await Self.converse(writer, script) {
                    try await body(
                        Conversation(
                            writer: writer, lines: execution.standardOutput.strings().makeAsyncIterator()))
                }
            }
            if let value = result.closureResult { return value }
            said =
                result.standardError.split(separator: "\n").last.map(String.init)
                ?? "\(result.terminationStatus)"
        } catch {
            throw failure(operation, "\(error)")
        }
        throw failure(operation, said)
    }

    /// `nil` when the other end has gone before it read the script: its last words say why.
    private static func converse<Value: Sendable>(
        _ writer: StandardInputWriter, _ script: String, _ body: () async throws -> Value
    ) async throws -> Value? {
        do { _ = try await writer.write(script + "\n") } catch { return nil }
        let value: Value
        do { value = try await body() } catch is SubprocessError { return nil } catch is Unanswered {
            return nil
        }
        try? await writer.finish()
        return value
    }

    private var executable: Executable {
        command[0].contains("/") ? .path(FilePath(command[0])) : .name(command[0])
    }

    private var arguments: Arguments { Arguments(Array(command.dropFirst())) }

    private var options: PlatformOptions {
        var options = PlatformOptions()
        // A session of its own: Ctrl-C in our terminal must not reach the shell that we are talking to.
        options.createSession = true
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .milliseconds(200))]
        return options
    }

    private func failure(_ operation: String, _ detail: String) -> ApusError {
        ApusError(
            .remoteShellFailed, operation, "\(command.joined(separator: " ")) for \(host): \(detail)",
            hint: "Run it by hand and mend what it says: "
                + "\((command.dropLast(2) + ["true"]).joined(separator: " "))")
    }
}

/// What a conversation throws when the other end said nothing of what was asked: its last words on standard
/// error then say why.
package struct Unanswered: Error {
    package init() {}
}

/// The two ends of a running script.
package final class Conversation: Sendable {
    private let writer: StandardInputWriter
    private let lines: LineReader

    init(
        writer: StandardInputWriter,
        lines: consuming sending SubprocessOutputSequence.StringSequence<UTF8>.AsyncIterator
    ) {
        self.writer = writer
        self.lines = LineReader(lines)
    }

    /// Writes a line.
    package func send(_ line: String) async throws {
        _ = try await writer.write(line + "\n")
    }

    /// The next line, without its end; `nil` when the script has closed its output.
    package func receive() async throws -> String? {
        try await lines.next()
    }

    private actor LineReader {
        private var iterator: SubprocessOutputSequence.StringSequence<UTF8>.AsyncIterator

        init(_ iterator: consuming sending SubprocessOutputSequence.StringSequence<UTF8>.AsyncIterator) {
            self.iterator = iterator
        }

        func next() async throws -> String? {
            var mine = iterator
            defer { iterator = mine }
            return try await mine.next(isolation: self)
        }
    }
}
