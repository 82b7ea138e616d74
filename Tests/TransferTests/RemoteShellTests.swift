import FleetModel
import Testing

@testable import Transfer

@Suite("A remote shell", .timeLimit(.minutes(1)))
struct RemoteShellTests {
    private let here = RemoteShell(host: "alpha", words: [])

    @Test(
        "passes a value as one word, whatever it holds",
        arguments: ["plain", "two words", "it's", "$HOME `id` \"x\" \\", "new\nline", "", "-n", "*"])
    func quoting(value: String) async throws {
        let output = try await here.run("printf '[%s]' \(RemoteShell.quote(value))\n", to: "print")
        #expect(output == "[\(value)]")
    }

    @Test("says which host, which command and what the shell said when it fails")
    func failure() async {
        let error = await #expect(throws: ApusError.self) {
            try await here.run("echo no such thing >&2; exit 3\n", to: "look at alpha")
        }
        #expect(error?.code == .remoteShellFailed)
        #expect(error?.operation == "look at alpha")
        #expect(error?.detail.contains("alpha: no such thing") == true)
    }

    @Test("says so when the command does not exist")
    func missing() async {
        let shell = RemoteShell(host: "alpha", words: ["/nonexistent/ssh", "alpha"])
        let error = await #expect(throws: ApusError.self) {
            try await shell.run("true\n", to: "look at alpha")
        }
        #expect(error?.code == .remoteShellFailed)
        #expect(error?.hint?.contains("/nonexistent/ssh alpha true") == true)
    }

    @Test("answers line by line")
    func conversation() async throws {
        let answers = try await here.converse(
            "echo ready; while read -r line; do echo \"<$line>\"; done", to: "talk"
        ) { conversation in
            var answers: [String?] = [try await conversation.receive()]
            for word in ["one", "two"] {
                try await conversation.send(word)
                answers.append(try await conversation.receive())
            }
            return answers
        }
        #expect(answers == ["ready", "<one>", "<two>"])
    }

    @Test("ends a shell that does not answer in time, and all that it started")
    func late() async throws {
        let mark = "\(UInt64.random(in: 1 << 20 ... 1 << 40))"
        let error = await #expect(throws: ApusError.self) {
            try await here.run(
                "sleep 300.\(mark) & sleep 300.\(mark)\n", to: "wait", within: .milliseconds(300))
        }
        #expect(error?.detail.contains("no answer within 300 ms") == true)
        let left = try await here.run("pgrep -f 'sleep 300.[^ ]*\(mark)' || echo none\n", to: "look")
        #expect(left == "none\n")
    }

    @Test("is ended by a cancelled task while it starts, without a trap", arguments: 0..<12)
    func cancelledAtStart(yields: Int) async throws {
        let here = here
        let task = Task { try await here.run("sleep 30\n", to: "wait") }
        for _ in 0..<(yields * yields) { await Task.yield() }
        task.cancel()
        await #expect(throws: ApusError.self) { try await task.value }
    }

    @Test("is ended by a cancelled task while it talks, without a trap")
    func cancelledInTalk() async throws {
        let here = here
        let (told, teller) = AsyncStream.makeStream(of: String?.self)
        let task = Task {
            try await here.converse("echo ready; sleep 30", to: "wait") { conversation in
                teller.yield(try await conversation.receive())
                return try await conversation.receive() ?? "it ended"
            }
        }
        for await line in told {
            #expect(line == "ready")
            break
        }
        task.cancel()
        let error = await #expect(throws: ApusError.self) { try await task.value }
        #expect(error?.detail.contains("it was ended early") == true)
    }

    @Test("a shell that ends before it is asked says why")
    func gone() async throws {
        let shell = RemoteShell(
            host: "alpha", words: ["sh", "-c", "echo Permission denied, publickey. >&2; exit 255", "x"])
        let error = await #expect(throws: ApusError.self) {
            try await shell.converse("true", to: "talk") { conversation in
                guard let line = try await conversation.receive() else { throw Unanswered() }
                return line
            }
        }
        #expect(error?.detail.contains("Permission denied, publickey.") == true)
    }
}
