import FleetModel
import Transfer

/// A host's remote shell that is opened before it is known what to ask: ssh's handshake takes longer than most
/// answers.
struct OpenShell: Sendable {
    private let host: String
    private let questions: AsyncStream<HostScript>.Continuation
    private let answer: Task<HostAnswers, Never>

    init(to host: Host) {
        self.host = host.name
        let (stream, continuation) = AsyncStream.makeStream(of: HostScript.self)
        questions = continuation
        answer = Task {
            guard let words = host.remoteShell else {
                return HostAnswers(unreadable: "\(host.name) has no remote-shell")
            }
            do throws(ApusError) {
                return try await Self.converse(RemoteShell(host: host.name, words: words), stream)
            } catch {
                return HostAnswers(unreadable: error.detail)
            }
        }
    }

    /// Sends the script, once.
    ///
    /// - Returns: what the host answered; or why it did not, after 10 s at the latest: a dead network file
    ///   system answers nobody.
    func ask(_ script: HostScript) async -> HostAnswers {
        questions.yield(script)
        questions.finish()
        let answer = answer
        if let told = await withFirst(of: .seconds(10), { await answer.value }) { return told }
        answer.cancel()
        return HostAnswers(unreadable: "the remote-shell of \(host) did not answer within 10 s")
    }

    /// Lets go of a shell that nothing will be asked of.
    func close() { questions.finish() }

    private static func converse(
        _ shell: RemoteShell, _ questions: AsyncStream<HostScript>
    ) async throws(ApusError) -> HostAnswers {
        try await shell.converse("", to: "look at \(shell.host)") { conversation in
            var scripts = questions.makeAsyncIterator()
            guard let script = await scripts.next() else {
                return HostAnswers(unreadable: "nothing was asked")
            }
            let began = ContinuousClock.now
            try await conversation.send(script.text + "exit 0")
            var output = ""
            while let line = try await conversation.receive(), output.utf8.count < 1 << 20 {
                output += line + "\n"
            }
            guard output.contains("\n. ") else { throw Unanswered() }
            return HostAnswers(
                parsing: output, paths: script.paths + script.directories, began: began, ended: .now)
        }
    }
}
