import Glibc
import SystemPackage
import Testing

import TransferSupport

@testable import Transfer

@Suite("A relay with a hostile peer", .timeLimit(.minutes(1)))
struct HostileRelayTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// What the peer says behind its hello, and behind the opening of stream 0.
        let frames: [RawFrames.Frame]
        var code = TransferError.Code.protocolBroken
    }

    private static func frame(_ type: UInt8, _ numbers: [UInt32], _ rest: [UInt8] = []) -> RawFrames.Frame {
        var writer = BodyWriter()
        for number in numbers { writer.append(number) }
        writer.append(rest)
        return RawFrames.Frame(type, writer.bytes)
    }

    private static func bytes(_ count: Int, of stream: UInt32 = 0) -> RawFrames.Frame {
        frame(0x21, [stream, UInt32(count), 0], [UInt8](repeating: 1, count: count))
    }

    private static func hello(_ role: UInt8) -> RawFrames.Frame {
        var writer = BodyWriter()
        writer.append(Array("APUS".utf8))
        for version: UInt16 in 1...2 { writer.append(version) }
        writer.append(UInt64(0))
        writer.append([role] + [UInt8](repeating: 0, count: 7))
        writer.append(UInt64(1))
        writer.append(UInt64(2))
        return RawFrames.Frame(0x01, writer.bytes)
    }

    private static let open = frame(0x20, [0], [0, 0])

    static let rows = [
        Row(testDescription: "bytes of a stream that there is not", frames: [bytes(1, of: 1)]),
        Row(testDescription: "an end of a stream that there is not", frames: [frame(0x22, [9], [0, 0])]),
        Row(testDescription: "credit for a stream that there is not", frames: [frame(0x23, [.max, 1])]),
        Row(testDescription: "bytes behind the end", frames: [frame(0x22, [0], [0, 0]), bytes(1)]),
        Row(
            testDescription: "an end behind the end",
            frames: Array(repeating: frame(0x22, [0], [0, 0]), count: 2)),
        Row(testDescription: "another way to end", frames: [frame(0x22, [0], [2, 0])]),
        Row(testDescription: "more than its credit", frames: Array(repeating: bytes(256 << 10), count: 40)),
        Row(testDescription: "more credit than sensible", frames: [frame(0x23, [0, .max])]),
        Row(testDescription: "no credit at all", frames: [frame(0x23, [0, 0])]),
        Row(testDescription: "no bytes", frames: [frame(0x21, [0, 0, 0], [1])]),
        Row(testDescription: "another length than it says", frames: [frame(0x21, [0, 5, 0], [1])]),
        Row(
            testDescription: "bytes that are longer than allowed", frames: [bytes((256 << 10) + 1)]),
        Row(
            testDescription: "a frame that is longer than allowed", frames: [bytes((256 << 10) + 65)],
            code: .frameDamaged),
        Row(testDescription: "an unknown encoding", frames: [frame(0x21, [0, 1, 2], [1])]),
        Row(testDescription: "few bytes compressed", frames: [frame(0x21, [0, 511, 1], [1])]),
        Row(
            testDescription: "more compressed bytes than content",
            frames: [frame(0x21, [0, 512, 1], [UInt8](repeating: 1, count: 600))]),
        Row(
            testDescription: "what is no LZ4 frame", frames: [frame(0x21, [0, 4096, 1], [1, 2, 3, 4])],
            code: .frameDamaged),
        Row(testDescription: "a frame about files", frames: [frame(0x17, [0])]),
        Row(testDescription: "a frame of no kind", frames: [frame(0x24, [0])], code: .frameDamaged),
        Row(testDescription: "a second hello", frames: [hello(2)]),
    ]

    /// Talks to a relay's end, which has one stream with a connection of QEMU's.
    private static func fate(
        ofSource isSource: Bool, saying frames: [RawFrames.Frame], afterReset: Bool = false
    ) async throws -> (error: TransferError?, ending: Talker.Ending?) {
        let (near, far) = try SocketPair.open()
        let scene = try Scene()
        let path = "\(scene.folder)/socket"
        let link = Link(adopting: near, near)
        let peer = Talker(far)
        let listener = isSource ? nil : try LocalSockets.listen(at: path)
        defer { try? listener?.close() }
        let channel = RelayChannel(0, at: FilePath(path))
        let relay =
            isSource
            ? try Relay(listeningOn: [channel], over: link, session: RelayScene.session)
            : try Relay(connectingTo: [channel], over: link, session: RelayScene.session)
        let running = Task { try await relay.run() }
        let start = isSource ? [hello(3)] : [hello(2), open]
        let first = RawFrames(start).bytes
        peer.say(first)
        let qemu = try await onThread {
            guard let listener else { return Talker(try LocalSockets.connect(to: path)) }
            return Talker(try LocalSockets.accept(listener))
        }
        // A byte of QEMU's has come through: so the stream is there.
        qemu.say([1])
        let opening = isSource ? 22 : 0
        let count = 56 + opening + 16 + 13
        _ = try await onThread { peer.hear(count) }
        // QEMU leaves with a byte that it has not read.
        let second = afterReset ? [bytes(1)] : []
        let said = RawFrames(start + second).bytes.count
        let all = RawFrames(start + second + frames).bytes
        peer.say(Array(all[first.count..<said]))
        if afterReset {
            let shut = try await onThread {
                var waiting = pollfd(fd: qemu.descriptor.rawValue, events: Int16(POLLIN), revents: 0)
                poll(&waiting, 1, -1)
                qemu.leave()
                return peer.hear(22).bytes
            }
            #expect(shut.first == 0x22 && shut[20] == 1)
        }
        sayMeanwhile(peer, Array(all[said...]))
        // QEMU does not read meanwhile: it would give credit back.
        async let drained = onThread {
            _ = peer.hear()
            peer.shut()
        }
        let result = await running.result
        try await drained
        return (result.error as? TransferError, try await onThread { qemu.hear().ending })
    }

    @Test("ends with an error, and QEMU's connection with a reset", arguments: rows, [true, false])
    func refused(row: Row, source: Bool) async throws {
        let (error, ending) = try await Self.fate(ofSource: source, saying: row.frames)
        #expect(error?.code == row.code && error?.side == .here, "\(String(describing: error))")
        #expect(ending == .reset)
    }

    @Test("opens no stream on the source, and on the destination only the next, in a channel that there is")
    func opening() async throws {
        for (source, frame) in [
            (true, Self.open), (false, Self.open), (false, Self.frame(0x20, [2], [0, 0])),
            (false, Self.frame(0x20, [1], [7, 0])),
        ] {
            let (error, ending) = try await Self.fate(ofSource: source, saying: [frame])
            #expect(error?.code == .protocolBroken && ending == .reset)
        }
    }

    @Test("opens no more streams than allowed")
    func many() async throws {
        let frames = (1...1100).map { Self.frame(0x20, [UInt32($0)], [0, 0]) }
        let (error, ending) = try await Self.fate(ofSource: false, saying: frames)
        #expect(error?.code == .refused && ending == .reset)
    }

    @Test("does not leave the source before it is let go")
    func leaving() async throws {
        let (error, ending) = try await Self.fate(ofSource: true, saying: [RawFrames.Frame(0x03, [])])
        #expect(error?.code == .protocolBroken && ending == .reset)
    }

    @Test("may not know yet that a stream is over: what comes for it is dropped", arguments: [true, false])
    func over(source: Bool) async throws {
        let frames = [Self.bytes(5), Self.frame(0x23, [0, 5]), Self.frame(0x22, [0], [1, 0])]
        let (error, _) = try await Self.fate(
            ofSource: source, saying: frames + [Self.frame(0x17, [0])], afterReset: true)
        #expect(error?.detail.contains("stored") == true)
    }

    @Test("is none of files", arguments: [UInt8(0), 1, 2])
    func roles(role: UInt8) async throws {
        let (near, far) = try SocketPair.open()
        let relay = try Relay(
            listeningOn: [], over: Link(adopting: near, near), session: RelayScene.session)
        let peer = Talker(far)
        peer.say(RawFrames([Self.hello(role)]).bytes)
        peer.shut()
        let error = await #expect(throws: TransferError.self) { try await relay.run() }
        #expect(error?.code == .protocolBroken)
        #expect(error?.detail.hasPrefix("the other end is a") == true)
    }

    @Test("finds that a sender of files is no relay, and a relay no sender")
    func sender() async throws {
        let (near, far) = try SocketPair.open()
        let relay = try Relay(
            connectingTo: [], over: Link(adopting: near, near), session: RelayScene.session)
        let running = Task { try await relay.run() }
        let error = await #expect(throws: TransferError.self) {
            try await Sender(over: Link(adopting: far, far), session: RelayScene.session).send([])
        }
        #expect(error?.code == .protocolBroken)
        await #expect(throws: TransferError.self) { try await running.value }
    }
}
