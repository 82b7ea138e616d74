import FleetModel
import FoundationEssentials
import Glibc
import Synchronization
import SystemPackage
import Testing

import TransferSupport

@testable import Transfer

@Suite("A file that is sent", .timeLimit(.minutes(2)))
struct RoundTripTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let pieces: [(offset: Int, bytes: [UInt8])]
        let size: Int
        /// At most so many bytes cross the wire.
        let wire: Int
    }

    static let block = 65536
    static let rows = [
        Row(testDescription: "empty", pieces: [], size: 0, wire: 500),
        Row(testDescription: "one byte", pieces: [(0, [7])], size: 1, wire: 500),
        Row(
            testDescription: "one block", pieces: [(0, Scene.random(block, seed: 1))], size: block,
            wire: block + 600),
        Row(
            testDescription: "an unaligned size", pieces: [(0, Scene.random(5 * block + 123, seed: 2))],
            size: 5 * block + 123, wire: 5 * block + 1000),
        Row(
            testDescription: "incompressible", pieces: [(0, Scene.random(64 * block, seed: 3))],
            size: 64 * block,
            wire: 64 * block + 64 * 100),
        Row(
            testDescription: "text",
            pieces: [(0, Array(repeatElement(Array("all work, no play. ".utf8), count: 99_999).joined()))],
            size: 19 * 99_999, wire: 30_000),
        Row(testDescription: "one hole of 1 TiB", pieces: [], size: 1 << 40, wire: 500),
        Row(
            testDescription: "data at both ends of 100 GiB",
            pieces: [(0, [1, 2, 3]), (100 << 30, [4, 5, 6])], size: (100 << 30) + 777, wire: 800),
        Row(
            testDescription: "written zeros between data",
            pieces: [
                (0, [UInt8](repeating: 0, count: 40 * block)), (17 * block + 5, [9]), (31 * block, [8]),
            ],
            size: 40 * block, wire: 1000),
    ]

    @Test("arrives as it is: content, mode, holes", arguments: rows)
    func arrives(row: Row) async throws {
        let scene = try Scene()
        let source = try scene.write("\(scene.source)/disk", row.pieces, size: row.size)
        try #require(chmod(source, 0o640) == 0)
        let outcome = try await Exchange([scene.outgoing("disk", from: source)], scene.policy).run()
        #expect(outcome.sendError == nil)
        #expect(outcome.receiveError == nil)
        #expect(try outcome.sent.get().files == outcome.received.get().files)
        #expect(try scene.received == ["disk"])
        let (before, after) = (
            try OpenFile(source, below: nil, flags: O_RDONLY),
            try OpenFile("\(scene.root)/disk", below: nil, flags: O_RDONLY)
        )
        let (wanted, got) = (try before.status(), try after.status())
        #expect(got.st_size == wanted.st_size)
        #expect(got.st_mode == wanted.st_mode)
        #expect(
            got.st_blocks * 512
                <= Int(row.pieces.map { ($0.bytes.count / Self.block + 2) * Self.block }.reduce(0, +)))
        #expect(try Scene.sameContent(before, after, UInt64(row.size)))
        #expect(outcome.forth.count + outcome.back.count <= row.wire)
        #expect(try outcome.sent.get().wireSent.bytes == UInt64(outcome.forth.count))
        #expect(try outcome.received.get().wireSent.bytes == UInt64(outcome.back.count))
    }

    @Test("arrives with others, each in its own place of two directories")
    func several() async throws {
        let scene = try Scene()
        try FileManager.default.createDirectory(
            atPath: "\(scene.root)/a/b", withIntermediateDirectories: true)
        var policy = scene.policy
        policy.roots.append(FilePath("\(scene.root)/a"))
        let contents = (0..<20).map { Scene.random($0 * 30_000, seed: UInt64($0)) }
        let files = try contents.enumerated().map { number, bytes in
            let path = try scene.write("\(scene.source)/\(number)", [(0, bytes)])
            return OutgoingFile(
                FilePath(path),
                to: FilePlace(
                    root: number % 2, path: try RelativePath(number % 2 == 0 ? "a/\(number)" : "b/\(number)"))
            )
        }
        let outcome = try await Exchange(files, policy).run()
        #expect(outcome.sendError == nil)
        #expect(try outcome.received.get().files.map(\.size.bytes) == contents.map { UInt64($0.count) })
        for (number, bytes) in contents.enumerated() {
            #expect(try scene.read(number % 2 == 0 ? "a/\(number)" : "a/b/\(number)") == bytes)
        }
    }

    @Test("says how far it is, and every byte that crossed")
    func progress() async throws {
        let scene = try Scene()
        let path = try scene.write(
            "\(scene.source)/disk", [(1 << 20, Scene.random(1 << 20, seed: 4))], size: 5 << 20)
        let seen = Mutex<[TransferProgress]>([])
        var exchange = Exchange([try scene.outgoing("disk", from: path)], scene.policy)
        exchange.progress = { progress in seen.withLock { $0.append(progress) } }
        let outcome = try await exchange.run()
        let progress = seen.withLock { $0 }
        #expect(progress.map(\.covered) == progress.map(\.covered).sorted())
        #expect(progress.last?.covered == ByteCount(5 << 20))
        #expect(progress.last?.wireSent.bytes == UInt64(outcome.forth.count))
    }

    @Test(
        "is refused when it changes while it is read",
        arguments: [("grows", 1), ("shrinks", -1), ("is written to", 0)])
    func changes(way: (name: String, direction: Int)) async throws {
        let scene = try Scene()
        let size = 8 << 20
        let path = try scene.write("\(scene.source)/disk", [(0, Scene.random(size, seed: 5))])
        var exchange = Exchange([try scene.outgoing("disk", from: path)], scene.policy)
        // The first piece is out, and more cannot follow before this returns: the file is longer than what may
        // be in flight.
        exchange.progress = { _ in
            switch way.direction {
            case 1: truncate(path, off_t(size + 1))
            case -1: truncate(path, off_t(size / 2))
            default:
                utimensat(
                    AT_FDCWD, path, [timespec(tv_sec: 1, tv_nsec: 1), timespec(tv_sec: 1, tv_nsec: 1)], 0)
            }
        }
        let outcome = try await exchange.run()
        #expect(outcome.sendError?.code == .fileChanged)
        #expect(outcome.sendError?.side == .here)
        #expect(outcome.receiveError?.code == .fileChanged)
        #expect(outcome.receiveError?.side == .peer)
        #expect(outcome.receiveError?.hint?.contains("fuser") == true)
        #expect(try scene.received.isEmpty)
    }

    @Test("goes over two pipes too, and an error comes back over them")
    func pipes() async throws {
        let scene = try Scene()
        let bytes = Scene.random(3_000_000, seed: 6)
        let path = try scene.write("\(scene.source)/disk", [(0, bytes)])
        for attempt in 0..<2 {
            let (forthOut, forthIn) = try FileDescriptor.pipe()
            let (backOut, backIn) = try FileDescriptor.pipe()
            let file = try scene.outgoing("disk", from: path)
            let policy = scene.policy
            let receiving = Task {
                try await Receiver(
                    over: Link(adopting: forthOut, backIn), session: nil, policy: policy
                )
                .receive()
            }
            let sent: Result<TransferResult, TransferError>
            do {
                sent = .success(
                    try await Sender(over: Link(adopting: backOut, forthIn), session: .random()).send([file]))
            } catch {
                sent = .failure(error)
            }
            if attempt == 0 {
                #expect(sent.error == nil)
                #expect(try await receiving.value.files.count == 1)
                #expect(try scene.read("disk") == bytes)
            } else {
                #expect(sent.error?.code == .fileExists)
                #expect(sent.error?.side == .peer)
                let error = await #expect(throws: TransferError.self) { try await receiving.value }
                #expect(error?.side == .here)
            }
        }
    }
}
