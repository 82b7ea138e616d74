import Glibc
import Subprocess
import Synchronization
import SystemPackage

/// Starts a program on the other host whose standard input and output become a `Link`.
///
/// As with `RemoteShell`, the command goes through standard input of `sh -s`, so that nothing depends on how many shells
/// in between split words.
package struct PeerShell: Sendable {
    private let host: String
    private let words: [String]

    /// - Parameters:
    ///   - host: for errors.
    ///   - words: put in front of the command; empty runs it on this machine.
    package init(host: String, words: [String]) {
        self.host = host
        self.words = words
    }

    /// Runs a program there for as long as `body` talks to it.
    ///
    /// - Parameters:
    ///   - program: its name or path.
    ///   - arguments: of it.
    ///   - body: may not begin before the program has spoken: a shell may have read ahead what comes behind its script.
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw; where the program could not even be run, that instead.
    package func converse<Value: Sendable>(
        with program: String, _ arguments: [String],
        _ body: @escaping @Sendable (Link) async throws(TransferError) -> Value
    ) async throws(TransferError) -> Value {
        let (ours, theirs) = try Self.pair()
        let script =
            "command -v \(RemoteShell.quote(program)) >/dev/null || "
            + "{ echo \(RemoteShell.quote("there is no \(program)")) >&2; exit 127; }; exec "
            + ([program] + arguments).map(RemoteShell.quote).joined(separator: " ") + "\n"
        let link = Link(adopting: ours, ours)
        let (stops, stop) = AsyncStream.makeStream(of: Void.self)
        async let ending = Self.run(words + ["sh", "-s"], on: theirs, until: stops)
        let result: Result<Value, TransferError>
        do throws(TransferError) {
            try link.write(Array(script.utf8)[...], [])
            link.limitSilence()
            try await SessionThreads.run(over: link) {
                Result { () throws(TransferError) in try link.waitForInput() }
            }
            result = .success(try await body(link))
        } catch {
            result = .failure(error)
        }
        link.end()
        stop.finish()
        let end = await ending
        guard case .failure(let error) = result, error.code == .streamBroken || error.code == .peerNotApus
        else { return try result.get() }
        throw failure(program, end, error)
    }

    /// How the program came to its end.
    private struct Ending: Sendable {
        let status: String
        let exitCode: Int32?
        let lastWords: String?
    }

    /// - Parameters:
    ///   - command: the shell.
    ///   - end: its standard input and output.
    ///   - stops: its end means that nobody talks to the program any more. One that stays all the same is ended: ssh waits
    ///     for a dead connection for a quarter of an hour.
    /// - Returns: how it came to its end.
    private static func run(
        _ command: [String], on end: FileDescriptor, until stops: AsyncStream<Void>
    ) async -> Ending {
        var options = PlatformOptions()
        options.createSession = true
        // As long as this process has it too, nobody is told that the program is gone.
        let ours = Mutex<OpenFile?>(OpenFile(adopting: end.rawValue))
        do {
            let result = try await Subprocess.run(
                command[0].contains("/") ? .path(FilePath(command[0])) : .name(command[0]),
                arguments: Arguments(Array(command.dropFirst())), platformOptions: options,
                input: .fileDescriptor(end, closeAfterSpawningProcess: false),
                output: .fileDescriptor(end, closeAfterSpawningProcess: false),
                error: .string(limit: 1 << 16)
            ) { execution in
                ours.withLock { $0 = nil }
                let group = execution.processIdentifier.value
                return Task {
                    for await _ in stops {}
                    for signal in [0, SIGTERM, SIGKILL] {
                        guard !Task.isCancelled, kill(-group, signal) == 0,
                            (try? await Task.sleep(for: .seconds(1))) != nil
                        else { return }
                    }
                }
            }
            result.closureResult.cancel()
            var code: Int32?
            if case .exited(let status) = result.terminationStatus { code = status }
            return Ending(
                status: "\(result.terminationStatus)", exitCode: code,
                lastWords: result.standardError.split(separator: "\n").last.map(String.init))
        } catch {
            return Ending(status: "\(error)", exitCode: nil, lastWords: nil)
        }
    }

    private static func pair() throws(TransferError) -> (FileDescriptor, FileDescriptor) {
        var ends: [CInt] = [0, 0]
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            throw .file("a socket pair", "start the other end", Errno(rawValue: errno))
        }
        return (FileDescriptor(rawValue: ends[0]), FileDescriptor(rawValue: ends[1]))
    }

    private func failure(_ program: String, _ end: Ending, _ error: TransferError) -> TransferError {
        let command = (words + [program]).joined(separator: " ")
        if end.exitCode == 127 {
            return TransferError(
                .peerNotApus, "start \(program) on \(host)",
                "\(host) has no \(program): \(end.lastWords ?? "its shell does not find it")",
                hint:
                    "Install the same release of apus there, on the PATH of a shell that is no login shell, or say "
                    + "where it is: apus: /path/to/apus for \(host) in the inventory.")
        }
        guard end.exitCode != 0, let words = end.lastWords else { return error }
        return TransferError(
            error.code, error.operation,
            "\(error.detail); the last words of \(command) for \(host): \(words)",
            hint: error.hint)
    }
}
