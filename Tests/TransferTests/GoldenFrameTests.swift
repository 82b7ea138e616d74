import Glibc
import SystemPackage
import Testing

import TransferSupport

@testable import Transfer

/// Bytes that a program of its own has made from docs/wire.md (Python's struct and hashlib).
@Suite("A frame", .timeLimit(.minutes(1)))
struct GoldenFrameTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let frame: Frame
        let hex: String
    }

    /// A sample that is right.
    static func known<Value>(_ make: () throws -> Value) -> Value {
        do { return try make() } catch { fatalError("\(error)") }
    }

    static let counting = (0..<64).map { UInt8($0) }
    static let digests: [BlockDigest] = {
        var reader = BodyReader(counting[...])
        return known { [try BlockDigest(&reader), try BlockDigest(&reader)] }
    }()

    static let rows = [
        Row(
            testDescription: "hello",
            frame: .hello(
                Hello(
                    versions: 1...2, role: .sender,
                    session: SessionID(high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210))),
            hex: "01000000280000001ee33cb3177bc987415055530100020000000000000000000000000000000000efcdab89"
                + "674523011032547698badcfe"),
        Row(
            testDescription: "error",
            frame: .error(
                PeerError(
                    code: "no-space", operation: "write the file", detail: "/srv/a: no space left",
                    hint: "Free space.")),
            hex: "020000003e000000c1482b6bc2bb62d908006e6f2d73706163650e007772697465207468652066696c6515002f"
                + "7372762f613a206e6f207370616365206c6566740b00467265652073706163652e"),
        Row(testDescription: "bye", frame: .bye, hex: "0300000000000000fe6d3d3bfe6d3d3b"),
        Row(
            testDescription: "offer",
            frame: .offer(
                Offer(
                    file: 7, root: 1, mode: 0o640, size: 200000, blockSize: 65536, replaces: true,
                    path: known { try RelativePath("disks/web01.qcow2") })),
            hex:
                "100000002d000000dd0210f25c4e4e00070000000100a001400d0300000000000000010001000000110000006469"
                + "736b732f77656230312e71636f7732"),
        Row(
            testDescription: "have", frame: .have(Have(file: 7, first: 3, digests: digests)),
            hex:
                "110000004c0000000c9bc30351d57cf7070000000300000000000000000102030405060708090a0b0c0d0e0f1011"
                + "12131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
        ),
        Row(
            testDescription: "have without a digest",
            frame: .have(Have(file: 7, first: 16384, digests: [])),
            hex: "110000000c000000ab2de063bc2cbc4b070000000040000000000000"),
        Row(
            testDescription: "haveEnd", frame: .haveEnd(file: 7),
            hex: "120000000400000007fb92279623cdf207000000"),
        Row(
            testDescription: "data",
            frame: .data(
                DataRun(file: 7, contentLength: 65536, offset: 131072, payload: [0xaa, 0xbb, 0xcc, 0xdd])),
            hex: "1300000014000000de0f652a01c4f16707000000000001000000020000000000aabbccdd"),
        Row(
            testDescription: "zero", frame: .zero(Run(file: 7, first: 3, count: 1)),
            hex: "140000001400000022b3c8bf1d19e2020700000003000000000000000100000000000000"),
        Row(
            testDescription: "keep", frame: .keep(Run(file: 7, first: 4, count: 2)),
            hex: "15000000140000009837671d0af54ced0700000004000000000000000200000000000000"),
        Row(
            testDescription: "close", frame: .close(Close(file: 7, size: 200000, digest: digests[0])),
            hex:
                "160000002c00000010ca861a6468c88207000000400d030000000000000102030405060708090a0b0c0d0e0f1011"
                + "12131415161718191a1b1c1d1e1f"),
        Row(
            testDescription: "stored", frame: .stored(file: 7),
            hex: "17000000040000000a6d99bf0070a74a07000000"),
        Row(
            testDescription: "hello of a relay",
            frame: .hello(
                Hello(
                    versions: 1...2, role: .relaySource,
                    session: SessionID(high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210))),
            hex: "010000002800000004ccdac161cddb33415055530100020000000000000000000200000000000000efcdab89"
                + "674523011032547698badcfe"),
        Row(
            testDescription: "streamOpen", frame: .streamOpen(StreamOpen(stream: 5, channel: 1)),
            hex: "2000000006000000e7ac443e50332af0050000000100"),
        Row(
            testDescription: "streamBytes, stored",
            frame: .streamBytes(StreamBytes(stream: 5, stored: [0xaa, 0xbb, 0xcc, 0xdd])),
            hex: "2100000010000000a7d04554ef2366a1050000000400000000000000aabbccdd"),
        Row(
            testDescription: "streamBytes, compressed",
            frame: .streamBytes(StreamBytes(stream: 5, 65536, lz4: [1, 2, 3, 4, 5])),
            hex: "2100000011000000b16bae013c2904cf0500000000000100010000000102030405"),
        Row(
            testDescription: "streamShut, an end", frame: .streamShut(StreamShut(stream: 5, ending: .end)),
            hex: "22000000060000003d5b8644cc1fba91050000000000"),
        Row(
            testDescription: "streamShut, a reset", frame: .streamShut(StreamShut(stream: 5, ending: .reset)),
            hex: "220000000600000039878ad0441c123a050000000100"),
        Row(
            testDescription: "streamCredit", frame: .streamCredit(StreamCredit(stream: 5, bytes: 131072)),
            hex: "23000000080000009e6117f127cdbdd50500000000000200"),
    ]

    @Test("is written as docs/wire.md says, each in its place of the stream")
    func written() throws {
        let (near, far) = try SocketPair.open()
        let output = FrameOutput(Link(adopting: near, near))
        for row in Self.rows {
            try output.send(row.frame)
            var bytes = [UInt8](repeating: 0, count: row.hex.count / 2)
            let count = try bytes.withUnsafeMutableBytes { try far.read(into: $0) }
            #expect(count == bytes.count, "\(row.testDescription)")
            #expect(bytes == Self.bytes(row.hex), "\(row.testDescription)")
        }
        #expect(output.wireBytes == UInt64(Self.rows.map { $0.hex.count / 2 }.reduce(0, +)))
        try far.close()
    }

    @Test("is read as docs/wire.md says")
    func read() throws {
        let (near, far) = try SocketPair.open()
        _ = try far.writeAll(Self.rows.flatMap { Self.bytes($0.hex) })
        var input = FrameInput(Link(adopting: near, near))
        let hello = try input.greeting(versions: WireVersion.known)
        #expect(Frame.hello(hello) == Self.rows[0].frame)
        for row in Self.rows.dropFirst() { #expect(try input.next() == row.frame, "\(row.testDescription)") }
        try far.close()
    }

    @Test("that only says that its end lives is passed over")
    func alive() throws {
        let (near, far) = try SocketPair.open()
        let alive = Self.bytes("04000000000000000fb844720fb84472")
        _ = try far.writeAll(Self.bytes(Self.rows[0].hex) + alive + Self.bytes(Self.rows[2].hex))
        var input = FrameInput(Link(adopting: near, near))
        _ = try input.greeting(versions: WireVersion.known)
        #expect(try input.next() == .bye)
        try far.close()
    }

    @Test(
        "is noticed when it is missing, repeated or in another's place",
        arguments: [[0, 2], [0, 1, 1], [0, 2, 1]])
    func order(places: [Int]) throws {
        let (near, far) = try SocketPair.open()
        _ = try far.writeAll(places.flatMap { Self.bytes(Self.rows[$0].hex) })
        var input = FrameInput(Link(adopting: near, near))
        _ = try input.greeting(versions: WireVersion.known)
        let error = #expect(throws: TransferError.self) {
            for _ in 1..<places.count { _ = try input.next() }
        }
        #expect(error?.code == .frameDamaged)
        try far.close()
    }

    @Test("is refused for its length before anything is allocated", arguments: FrameType.allCases)
    func lengths(type: FrameType) throws {
        for length in [type.bodyLengths.lowerBound - 1, type.bodyLengths.upperBound + 1, Int(UInt32.max)]
        where length >= 0 {
            let header = FrameHeader(type, bodyLength: length, sequence: 5, checked: [])
            let error = #expect(throws: TransferError.self) {
                try FrameHeader(parsing: header.bytes[...], sequence: 5)
            }
            #expect(error?.detail.contains("\(length) bytes long") == true)
        }
    }

    @Test("has a digest over the file of its size and of the blocks that are not zero")
    func content() {
        let ones = [UInt8](repeating: 1, count: 65536)
        let twos = [UInt8](repeating: 2, count: 100)
        var digest = ContentDigest(size: 131172)
        digest.add(BlockDigest(of: ones[...]), at: 0)
        digest.add(BlockDigest(of: twos[...]), at: 2)
        var writer = BodyWriter()
        writer.append(digest.finalize())
        #expect(
            writer.bytes == Self.bytes("ee8534e3ad52c1bdb4b39dd0d287e2e06b60d8374b2ace6cf31a4a14701629ea"))
        #expect(PartialName.of("web01.qcow2") == ".apus-cb644df69ed4871812caf2163839fb40.partial")
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.utf8.map { UInt8(Character(UnicodeScalar($0)).hexDigitValue ?? 0) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
