import FleetModel
import Glibc
import SystemPackage
import Testing

import TransferSupport

@testable import Transfer

/// Other ends that are there and say nothing, or are somebody else.
@Suite("An other end", .timeLimit(.minutes(1)))
struct PeerTests {
    @Test(
        "that said hello and nothing after it is given up, by a sender and by a receiver alike",
        arguments: [true, false])
    func silent(isSender: Bool) async throws {
        let scene = try Scene()
        let path = try scene.write("\(scene.source)/disk", [(0, Scene.random(65536, seed: 51))])
        let (near, far) = try SocketPair.open()
        let session = SessionID(high: 5, low: 1)
        // It stays open, and nobody reads it either.
        try far.closeAfter {
            let hello = Frame.hello(
                Hello(versions: 1...2, role: isSender ? .receiver : .sender, session: session))
            let bytes =
                FrameHeader(
                    .hello, bodyLength: hello.fixedBody.count, sequence: 0, checked: hello.fixedBody[...]
                )
                .bytes + hello.fixedBody
            _ = try far.writeAll(bytes)
            let link = Link(adopting: near, near, patience: .milliseconds(300))
            let error = #expect(throws: TransferError.self) {
                if isSender {
                    _ = try Sender(over: link, session: session).sendBlocking([
                        try scene.outgoing("disk", from: path)
                    ])
                } else {
                    _ = try Receiver(over: link, session: session, policy: scene.policy).receiveBlocking()
                }
            }
            #expect(error?.code == .streamBroken)
            #expect(try scene.received == [])
        }
    }

    @Test("of a direct connection comes in with the secret, and nobody without it")
    func direct() async throws {
        let secret = DirectLink.Secret()
        let ports = AsyncStream.makeStream(of: UInt16.self)
        async let accepted = Task.detached {
            try DirectLink.accept(on: "127.0.0.1", secret) { port in ports.continuation.yield(port) }
        }.value
        var iterator = ports.stream.makeAsyncIterator()
        let port = try #require(await iterator.next())
        // Somebody who guesses, and somebody who says nothing and goes.
        let stranger = try DirectLink.connect(to: "127.0.0.1", port: port, DirectLink.Secret())
        stranger.end()
        let friend = try DirectLink.connect(to: "127.0.0.1", port: port, secret)
        let link = try await accepted
        try friend.say("it is me")
        #expect(try link.line() == "it is me")
    }

    @Test("at an address that is none, or where nobody listens, is an error that says what to do")
    func nobody() {
        for address in ["beta.example", "127.0.0.1"] {
            let error = #expect(throws: TransferError.self) {
                _ = try DirectLink.connect(to: address, port: 1, DirectLink.Secret())
            }
            #expect(error?.hint?.contains("transport: tcp") == true)
        }
    }

    @Test("is a program that a shell starts; one that is not there says what to install")
    func program() async throws {
        let shell = PeerShell(host: "here", words: [])
        let answer = try await shell.converse(with: "echo", ["it's", "me"]) { (link) throws(TransferError) in
            try link.line()
        }
        #expect(answer == "it's me")
        let error = await #expect(throws: TransferError.self) {
            try await shell.converse(with: "apus-that-is-not-there", []) { (link) throws(TransferError) in
                try link.line()
            }
        }
        #expect(error?.code == .peerNotApus && error?.detail.contains("apus-that-is-not-there") == true)
        #expect(error?.hint?.contains("Install the same release") == true)
    }
}

@Suite("Images that are held", .timeLimit(.minutes(1)))
struct ImageHoldTests {
    static let hasTools = access("/usr/bin/qemu-io", X_OK) == 0

    @Test(
        "cannot be opened for writing by QEMU's tools, and can be again afterwards",
        .enabled(if: hasTools, "qemu-utils is not installed"))
    func held() async throws {
        let scene = try Scene()
        let path = try scene.write("\(scene.source)/disk", [], size: 1 << 20)
        let shell = RemoteShell(host: "here", words: [])
        let write = "qemu-io -f raw -c 'write 0 4k' '\(path)' 2>&1 || true"
        do {
            let hold = try ImageHold([FilePath(path)])
            let refused = try await shell.run(write, to: "write")
            #expect(refused.contains("lock"), "\(refused)")
            // Others may read, and hold it as well.
            let read = try await shell.run("qemu-io -r -f raw -c 'read 0 4k' '\(path)' 2>&1", to: "read")
            #expect(read.contains("4096/4096"), "\(read)")
            _ = try ImageHold([FilePath(path)])
            withExtendedLifetime(hold) {}
        }
        let taken = try await shell.run(write, to: "write")
        #expect(taken.contains("4096/4096"), "\(taken)")
    }

    @Test(
        "are refused while somebody may write to them",
        .enabled(if: hasTools, "qemu-utils is not installed"))
    func busy() async throws {
        let scene = try Scene()
        let path = try scene.write("\(scene.source)/disk", [], size: 1 << 20)
        let writer = RemoteShell(host: "here", words: [])
        // It has the image open for three seconds after it has said so.
        let open = "exec stdbuf -oL qemu-io -f raw -c 'write 0 4k' -c 'sleep 3000' '\(path)'"
        try await writer.converse(open, to: "hold it open") { conversation in
            while let line = try await conversation.receive() {
                if line.contains("4096/4096") { break }
            }
            let error = #expect(throws: TransferError.self) { _ = try ImageHold([FilePath(path)]) }
            #expect(error?.code == .fileBusy && error?.detail.contains(path) == true)
        }
    }
}
