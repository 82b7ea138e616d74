package import FleetModel
import Subprocess
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

    /// Runs a script to its end.
    ///
    /// - Returns: what it wrote to standard output, at most 1 MiB.
    /// - Throws: `ApusError` with `remote-shell-failed` when it could not be run or did not exit 0.
    package func run(_ script: String, to operation: String) async throws(ApusError) -> String {
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
        do {
            let result = try await Subprocess.run(
                executable, arguments: arguments, platformOptions: options, input: .inputWriter,
                output: .sequence, error: .discarded
            ) { execution in
                let writer = execution.standardInputWriter
                _ = try await writer.write(script + "\n")
                let value = try await body(
                    Conversation(
                        writer: writer, lines: execution.standardOutput.strings().makeAsyncIterator()))
                try await writer.finish()
                return value
            }
            return result.closureResult
        } catch {
            throw failure(operation, "\(error)")
        }
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
