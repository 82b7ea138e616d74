import Dispatch
import FoundationEssentials
import Glibc
import SystemPackage
import Transfer

/// Both ends of a relay against mutated streams. What is checked: no trap and no hang, and no socket left behind.
///
/// `@unchecked`: one thread at a time uses it.
package final class RelayFuzz: @unchecked Sendable {
    /// How the runs ended: the code of the error, or `ok`.
    package private(set) var endings: [String: Int] = [:]

    private let folder: String
    private let listeners: [FileDescriptor]
    private let forth = RawFrames(FromPeer.source).bytes
    private let back = RawFrames(FromPeer.destination).bytes

    package init(below directory: String) throws {
        let folder = "\(directory)/apus-fuzz-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        self.folder = folder
        listeners = try (0..<2).map { try LocalSockets.listen(at: "\(folder)/far\($0)") }
        for listener in listeners {
            DispatchQueue(label: "far").async {
                while let accepted = try? LocalSockets.accept(listener) { Self.converse(accepted) }
            }
        }
    }

    deinit {
        for listener in listeners {
            shutdown(listener.rawValue, CInt(SHUT_RDWR))
            try? listener.close()
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// One run against each end.
    package func run(seed: UInt64) throws {
        var mutator = Mutator(seed: seed)
        try runDestination(mutator.next(forth))
        try runSource(mutator.next(back))
        let left = try FileManager.default.contentsOfDirectory(atPath: folder)
        guard left.filter({ $0.hasPrefix("near") }).isEmpty else {
            throw TransferFuzz.Finding(description: "seed \(seed): a socket was left behind")
        }
    }

    private func runDestination(_ stream: [UInt8]) throws {
        let (near, far) = try SocketPair.open()
        let channels = (0..<2).map { RelayChannel(UInt16($0), at: FilePath("\(folder)/far\($0)")) }
        let relay = try Relay(connectingTo: channels, over: Link(adopting: near, near), session: nil)
        run(relay, "relay on the destination") {
            _ = try? far.writeAll(stream)
            shutdown(far.rawValue, CInt(SHUT_WR))
            Self.drain(far)
        }
        try far.close()
    }

    /// Two connections, of which the peer has heard before it goes on.
    private func runSource(_ stream: [UInt8]) throws {
        let (near, far) = try SocketPair.open()
        let channels = (0..<2).map { RelayChannel(UInt16($0), at: FilePath("\(folder)/near\($0)")) }
        let relay = try Relay(
            listeningOn: channels, over: Link(adopting: near, near), session: SessionID(high: 1, low: 2))
        let clients = try channels.map { try LocalSockets.connect(to: $0.path.string) }
        // Behind another greeting nothing is opened that could be waited for.
        let hello = stream.starts(with: back.prefix(56)) ? 56 : stream.count
        run(relay, "relay on the source") {
            for client in clients {
                _ = try? client.writeAll([1, 2, 3])
                shutdown(client.rawValue, CInt(SHUT_WR))
            }
            _ = try? far.writeAll(stream[..<hello])
            if hello == 56, Self.hears(2, far) { relay.finish() }
            _ = try? far.writeAll(stream[hello...])
            shutdown(far.rawValue, CInt(SHUT_WR))
            Self.drain(far)
        }
        for client in clients { try client.close() }
        try far.close()
    }

    private func run(_ relay: Relay, _ name: String, against peer: () -> Void) {
        let group = DispatchGroup()
        let ending = Ending()
        DispatchQueue(label: "relay").async(group: group) {
            do throws(TransferError) {
                _ = try relay.runBlocking()
                ending.text = "ok"
            } catch {
                ending.text = error.code.rawValue
            }
        }
        peer()
        group.wait()
        endings["\(name): \(ending.text)", default: 0] += 1
    }

    /// `@unchecked`: read when its writer has ended.
    private final class Ending: @unchecked Sendable {
        var text = ""
    }

    /// What QEMU would do on the destination: it talks, listens and leaves.
    private static func converse(_ socket: FileDescriptor) {
        _ = try? socket.writeAll([UInt8](repeating: 7, count: 3000))
        shutdown(socket.rawValue, CInt(SHUT_WR))
        drain(socket)
        try? socket.close()
    }

    private static func drain(_ socket: FileDescriptor) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while let count = try? buffer.withUnsafeMutableBytes({ try socket.read(into: $0) }), count > 0 {}
    }

    /// Whether so many streams are opened, before the relay says anything else or ends.
    private static func hears(_ opens: Int, _ socket: FileDescriptor) -> Bool {
        var heard: [UInt8] = []
        var byte: [UInt8] = [0]
        while RawFrames(heard).frames.count(where: { $0.type == 0x20 }) < opens {
            guard let count = try? byte.withUnsafeMutableBytes({ try socket.read(into: $0) }), count == 1
            else {
                return false
            }
            heard += byte
        }
        return true
    }
}

/// What honest ends say, by the words of docs/wire.md.
private enum FromPeer {
    /// 600 times the letter a, as the `lz4` tool writes it with blocks of 64 KiB.
    static let letters: [UInt8] = [
        0x04, 0x22, 0x4d, 0x18, 0x64, 0x40, 0xa7, 0x0d, 0x00, 0x00, 0x00, 0x1f, 0x61, 0x01,
        0x00, 0xff, 0xff, 0x41, 0x50, 0x61, 0x61, 0x61, 0x61, 0x61, 0x00, 0x00, 0x00, 0x00,
        0xd9, 0xce, 0x49, 0x79,
    ]

    static let source: [RawFrames.Frame] =
        [hello(2), open(0, 0), open(1, 1)]
        + [bytes(0, stored: 3000), credit(1, 70000), bytes(1, letters, 600), bytes(0, stored: 1)]
        + [shut(0, 0), shut(1, 1), shut(0, 1), RawFrames.Frame(0x03, [])]

    static let destination: [RawFrames.Frame] =
        [hello(3), credit(0, 70000), bytes(1, stored: 3000), bytes(0, letters, 600), bytes(0, stored: 5)]
        + [shut(0, 0), shut(1, 1), RawFrames.Frame(0x03, [])]

    private static func hello(_ role: UInt8) -> RawFrames.Frame {
        let numbers = [UInt8]([1, 0, 2, 0]) + [UInt8](repeating: 0, count: 8) + [role]
        let session: [UInt8] =
            [UInt8](repeating: 0, count: 7) + [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
        return RawFrames.Frame(0x01, Array("APUS".utf8) + numbers + session)
    }

    private static func open(_ stream: UInt8, _ channel: UInt8) -> RawFrames.Frame {
        RawFrames.Frame(0x20, [stream, 0, 0, 0, channel, 0])
    }

    private static func bytes(_ stream: UInt8, stored count: Int) -> RawFrames.Frame {
        RawFrames.Frame(0x21, head(stream, count) + [0, 0, 0, 0] + [UInt8](repeating: 9, count: count))
    }

    private static func bytes(_ stream: UInt8, _ frame: [UInt8], _ count: Int) -> RawFrames.Frame {
        RawFrames.Frame(0x21, head(stream, count) + [1, 0, 0, 0] + frame)
    }

    private static func shut(_ stream: UInt8, _ ending: UInt8) -> RawFrames.Frame {
        RawFrames.Frame(0x22, [stream, 0, 0, 0, ending, 0])
    }

    private static func credit(_ stream: UInt8, _ count: Int) -> RawFrames.Frame {
        RawFrames.Frame(0x23, head(stream, count))
    }

    private static func head(_ stream: UInt8, _ count: Int) -> [UInt8] {
        [stream, 0, 0, 0] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    }
}
