package import FleetModel
import Glibc
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
        let ending = try await conduct(to: operation, within: limit) { writer, output in
            _ = try await writer.write(script)
            try await writer.finish()
            var bytes: [UInt8] = []
            for try await buffer in output where bytes.count < 1 << 20 {
                unsafe buffer.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
        guard let value = ending.value, ending.status.isSuccess else {
            throw failure(operation, ending.lastWords)
        }
        return value
    }

    /// Runs a script and lends its two ends, line by line. It ends when our task is cancelled, or has taken too long.
    package func converse<Value: Sendable>(
        _ script: String, to operation: String, within limit: Duration? = nil,
        _ body: @escaping @Sendable (Conversation) async throws -> Value
    ) async throws(ApusError) -> Value {
        let ending = try await conduct(to: operation, within: limit) { writer, output in
            _ = try await writer.write(script + "\n")
            let value = try await body(
                Conversation(writer: writer, lines: output.strings().makeAsyncIterator()))
            try await writer.finish()
            return value
        }
        guard let value = ending.value else { throw failure(operation, ending.lastWords) }
        return value
    }

    /// A shell that went away is an error of write(2), not a signal that ends this process.
    private static let outlivesItsPeer: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

    /// Why we ended a shell, if we did.
    private final class Reason: Sendable {
        let text = Mutex<String?>(nil)
    }

    /// How a shell came to its end.
    private struct Ending<Value: Sendable>: Sendable {
        /// `nil` when the shell had gone before all was said.
        let value: Value?
        let status: TerminationStatus
        let error: String

        /// Why it failed, as far as anybody said.
        var lastWords: String { error.split(separator: "\n").last.map(String.init) ?? "\(status)" }
    }

    /// Starts the shell and lends its ends.
    ///
    /// A task that runs a subprocess is never cancelled: swift-subprocess 1.0.2 traps in
    /// `StandardInputWriter.deinit` when that happens at the wrong moment. The shell's process group is ended
    /// instead, and the task comes to its end by itself.
    private func conduct<Value: Sendable>(
        to operation: String, within limit: Duration?,
        _ body: @escaping @Sendable (StandardInputWriter, SubprocessOutputSequence) async throws -> Value
    ) async throws(ApusError) -> Ending<Value> {
        _ = Self.outlivesItsPeer
        let (stops, stop) = AsyncStream.makeStream(of: String.self)
        let reason = Reason()
        let work = Task { () async -> Result<Ending<Value>, ApusError> in
            do {
                let result = try await Subprocess.run(
                    executable, arguments: arguments, platformOptions: options, input: .inputWriter,
                    output: .sequence, error: .string(limit: 1 << 16)
                ) { execution in
                    let group = execution.processIdentifier.value
                    let ender = Task { @Sendable in
                        for await said in stops {
                            reason.text.withLock { $0 = said }
                            kill(-group, SIGTERM)
                            try? await Task.sleep(for: .milliseconds(200))
                            kill(-group, SIGKILL)
                        }
                    }
                    defer { ender.cancel() }
                    return await Self.attempt(execution.standardInputWriter) {
                        try await body(execution.standardInputWriter, execution.standardOutput)
                    }
                }
                return .success(
                    Ending(
                        value: result.closureResult, status: result.terminationStatus,
                        error: result.standardError))
            } catch {
                return .failure(failure(operation, "\(error)"))
            }
        }
        let timer = limit.map { limit in
            Task {
                guard (try? await Task.sleep(for: limit)) != nil else { return }
                stop.yield("no answer within \(limit.text)")
            }
        }
        let result = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            stop.yield("it was ended early")
        }
        timer?.cancel()
        stop.finish()
        if let reason = reason.text.withLock({ $0 }) { throw failure(operation, reason) }
        return try result.get()
    }

    /// The value of a conversation; `nil` when the other end was gone before it came. Its standard input is
    /// closed in any case.
    private static func attempt<Value: Sendable>(
        _ writer: StandardInputWriter, _ body: () async throws -> Value
    ) async -> Value? {
        let value = try? await body()
        try? await writer.finish()
        return value
    }

    private var executable: Executable {
        command[0].contains("/") ? .path(FilePath(command[0])) : .name(command[0])
    }

    private var arguments: Arguments { Arguments(Array(command.dropFirst())) }

    private var options: PlatformOptions {
        var options = PlatformOptions()
        // A session of its own: Ctrl-C in our terminal must not reach the shell that we are talking to, and
        // all that it starts can be ended with it.
        options.createSession = true
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
