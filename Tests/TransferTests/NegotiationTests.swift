import FleetModel
import SystemPackage
import Testing

import TransferSupport

@testable import Transfer

@Suite("Two ends that meet", .timeLimit(.minutes(1)))
struct NegotiationTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sender: ClosedRange<UInt16>
        let receiver: ClosedRange<UInt16>
    }

    @Test(
        "use the highest version that both know",
        arguments: [
            Row(testDescription: "both this one", sender: 1...2, receiver: 1...2),
            Row(testDescription: "an older sender", sender: 1...1, receiver: 1...2),
            Row(testDescription: "an older receiver", sender: 1...2, receiver: 1...1),
            Row(testDescription: "a newer sender", sender: 2...9, receiver: 1...2),
        ])
    func versions(row: Row) async throws {
        let scene = try Scene()
        let content = Scene.random(20 * 65536, seed: 30)
        let path = try scene.write("\(scene.source)/disk", [(0, content)])
        try scene.write("\(scene.root)/disk", [(0, content)])
        var exchange = Exchange([try scene.outgoing("disk", from: path, replaces: true)], scene.policy)
        exchange.policy.replaces = true
        exchange.senderVersions = row.sender
        exchange.receiverVersions = row.receiver
        let outcome = try await exchange.run()
        #expect(outcome.sendError == nil)
        #expect(outcome.receiveError == nil)
        #expect(try scene.read("disk") == content)
        // Version 1 knows no older copies: then all of it crosses.
        let isSecond = row.sender.contains(2) && row.receiver.contains(2)
        #expect((outcome.forth.count < 1000) == isSecond)
    }

    @Test("and have none in common say which they know, both of them")
    func mismatch() async throws {
        let scene = try Scene()
        var exchange = Exchange([], scene.policy)
        exchange.senderVersions = 3...4
        let outcome = try await exchange.run()
        #expect(outcome.sendError?.code == .versionMismatch)
        #expect(outcome.sendError?.detail.contains("3 to 4") == true)
        #expect(outcome.sendError?.hint?.contains("the other end's") == true)
        #expect(outcome.receiveError?.code == .versionMismatch)
        #expect(outcome.receiveError?.hint?.contains("this end's") == true)
    }

    @Test(
        "and one is no Apus: what it said first is in the error",
        arguments: [
            ("bash: line 1: apus: command not found\n", "bash: line 1: apus: command not found"),
            ("Welcome to Debian\n\u{1b}[1mbeta\n", "Welcome to Debian"),
            ("no", "no"), ("", "without a word"), ("\u{1}\0\0\0half a hello", "half"),
        ])
    func stranger(case row: (said: String, expected: String)) throws {
        for isSender in [true, false] {
            let (near, far) = try SocketPair.open()
            _ = try far.writeAll(Array(row.said.utf8))
            try far.close()
            let error = #expect(throws: TransferError.self) {
                let link = Link(adopting: near, near)
                if isSender {
                    _ = try Sender(over: link, session: .random()).sendBlocking([])
                } else {
                    _ = try Receiver(over: link, session: nil, policy: ReceivingPolicy(roots: []))
                        .receiveBlocking()
                }
            }
            #expect(error?.code == .peerNotApus)
            #expect(error?.detail.contains(row.expected) == true, "\(error?.detail ?? "")")
        }
    }

    @Test("and take part in different transfers do not begin")
    func session() async throws {
        let (near, far) = try SocketPair.open()
        let scene = try Scene()
        let policy = scene.policy
        let receiving = Task {
            try await Receiver(
                over: Link(adopting: far, far), session: SessionID(high: 1, low: 1), policy: policy
            ).receive()
        }
        await #expect(throws: TransferError.self) {
            try await Sender(over: Link(adopting: near, near), session: SessionID(high: 1, low: 2)).send([])
        }
        let error = await #expect(throws: TransferError.self) { try await receiving.value }
        #expect(error?.code == .wrongSession)
    }

    @Test("end when the task of one is cancelled")
    func cancelled() async throws {
        let (near, far) = try SocketPair.open()
        let task = Task {
            try await Receiver(
                over: Link(adopting: near, near), session: nil, policy: ReceivingPolicy(roots: [])
            )
            .receive()
        }
        var hello = [UInt8](repeating: 0, count: FrameHeader.length + Hello.length)
        _ = try hello.withUnsafeMutableBytes { try far.read(into: $0) }
        task.cancel()
        await #expect(throws: TransferError.self) { try await task.value }
        try far.close()
    }

    @Test("tell each other errors that an older one does not know by name")
    func unknownCode() {
        let error = TransferError(PeerError(code: "too-hot", operation: "go on", detail: "90 °C", hint: ""))
        #expect(error.code == .peerFailed)
        #expect(error.detail == "too-hot: 90 °C")
        #expect(error.hint == nil)
        #expect(error.side == .peer)
    }
}
