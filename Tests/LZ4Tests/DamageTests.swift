import LZ4
import TestSupport
import Testing

@Suite("A damaged or hostile frame")
struct DamageTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: LZ4Error.Code
        let bytes: [UInt8]
        let limits: Limits

        init(_ testDescription: String, _ code: LZ4Error.Code, _ bytes: [UInt8], limits: Limits = .test) {
            (self.testDescription, self.code, self.bytes, self.limits) = (
                testDescription, code, bytes, limits
            )
        }
    }

    static let magic: [UInt8] = [0x04, 0x22, 0x4D, 0x18]
    static let golden: [UInt8] = GoldenTests.frame
    static let goldenSize = UInt64(GoldenTests.content.count)
    /// What follows the header of the golden frame.
    static let body: [UInt8] = Array(golden.dropFirst(7))

    /// The header with its checksum: of 256 there is one that liblz4 does not refuse as wrong.
    static func sealed(_ header: [UInt8]) -> [UInt8] {
        let sums = (UInt8.min...UInt8.max).filter { sum in
            do {
                _ = try Frames.decompress(header + [sum], limits: Limits(contentBytes: 64))
                return true
            } catch { return (error as? LZ4Error)?.code != .checksumMismatch }
        }
        return header + sums
    }

    static let withSize: [UInt8] = sealed(magic + [0x6C, 0x40, 35, 0, 0, 0, 0, 0, 0, 0])
    static let withHugeSize: [UInt8] = sealed(magic + [0x6C, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x80])
    static let withDictionary: [UInt8] = sealed(magic + [0x65, 0x40, 7, 0, 0, 0])
    static let withoutChecksum: [UInt8] = sealed(magic + [0x60, 0x40])
    static let withBlocksOf4MiB: [UInt8] = sealed(magic + [0x64, 0x70])

    static let rows: [Row] = [
        Row("nothing", .truncated, []),
        Row("half a magic number", .truncated, [0x04, 0x22]),
        Row("a header alone", .truncated, Array(golden.prefix(7))),
        Row("no end mark", .truncated, Array(golden.dropLast(8))),
        Row("no checksum behind the end mark", .truncated, Array(golden.dropLast(4))),
        Row("no frame", .notAFrame, Array("not a frame".utf8)),
        Row("legacy", .legacyFrame, [0x02, 0x21, 0x4C, 0x18, 4, 0, 0, 0]),
        Row("another version of the format", .corrupt, magic + [0xA4, 0x40, 0xA7]),
        Row("a reserved flag", .corrupt, magic + [0x66, 0x40, 0xA7]),
        Row("a block size that is none", .corrupt, magic + [0x64, 0x30, 0xA7]),
        Row("a wrong header checksum", .checksumMismatch, magic + [0x64, 0x40, 0xA6] + body),
        Row("a wrong content checksum", .checksumMismatch, golden.dropLast() + [0x02]),
        Row("a block longer than its frame allows", .corrupt, magic + [0x64, 0x40, 0xA7, 1, 0, 1, 0x80]),
        Row("a block of nonsense", .corrupt, magic + [0x64, 0x40, 0xA7, 3, 0, 0, 0, 0xF0, 0xFF, 0xFF]),
        Row("less content than announced", .sizeMismatch, withSize + body),
        Row("8 EiB announced", .tooLarge, withHugeSize + body),
        Row("a dictionary", .dictionaryNeeded, withDictionary + body),
        Row("one byte behind it", .trailingBytes, golden + [0x04]),
        Row("zeros behind it", .trailingBytes, golden + [0, 0, 0, 0]),
        Row("a damaged second frame", .checksumMismatch, golden + golden.dropLast() + [0x02]),
        Row("a skippable frame that ends too early", .truncated, [0x50, 0x2A, 0x4D, 0x18, 9, 0, 0, 0, 1]),
        Row(
            "no content checksum where one is required", .checksumMissing, withoutChecksum + body,
            limits: Limits(contentBytes: 99, requiresChecksum: true)),
        Row(
            "larger blocks than allowed", .blockTooLarge, withBlocksOf4MiB + body,
            limits: Limits(contentBytes: 99, blockSize: .mebibyte1)),
        Row("a byte more than allowed", .tooLarge, golden, limits: Limits(contentBytes: goldenSize - 1)),
        Row("nothing allowed", .tooLarge, golden, limits: Limits(contentBytes: 0)),
        Row(
            "two frames where one is allowed", .tooLarge, golden + golden,
            limits: Limits(contentBytes: goldenSize)),
    ]

    @Test("is refused, whole and piece by piece, and says why", arguments: rows)
    func refused(row: Row) throws {
        let whole = #expect(throws: LZ4Error.self) { try Frames.decompress(row.bytes, limits: row.limits) }
        #expect(whole?.code == row.code)
        let pieces = #expect(throws: LZ4Error.self) {
            try Frames.read(row.bytes, limits: row.limits, pieces: [1], room: 3)
        }
        #expect(pieces?.code == row.code)
        #expect(whole?.offset != nil)
        #expect("\(try #require(whole))".contains("[\(row.code.rawValue)]"))
    }

    @Test("without a content checksum it is read where none is required")
    func withoutChecksum() throws {
        let frame = Self.withoutChecksum + Self.body.dropLast(4)
        #expect(try Frames.decompress(frame, limits: .test) == GoldenTests.content)
    }

    @Test("cut anywhere, it is truncated")
    func cut() throws {
        let frame = try Frames.write(
            Content.mixed.bytes(150_000),
            options: FrameOptions(blockSize: .kibibytes64, checksumsBlocks: true), pieces: [150_000])
        for length in [0, 1, 6, 7, 8, 11, 12, 5000, frame.count - 9, frame.count - 5, frame.count - 1] {
            let error = #expect(throws: LZ4Error.self) {
                try Frames.decompress(Array(frame[..<length]), limits: .test)
            }
            #expect(error?.code == .truncated, "cut at \(length) of \(frame.count)")
        }
    }

    @Test("changed in any one byte, it is refused or gives the same content")
    func changed() throws {
        let content = Content.random.bytes(100) + Content.text.bytes(500)
        let frame = try Frames.compress(content)
        var reader = try FrameReader(limits: .test)
        var same = 0
        for position in frame.indices {
            for change in [UInt8(0x01), 0x80, 0xFF] {
                var damaged = frame
                damaged[position] ^= change
                guard let read = try? Frames.decompress(damaged, by: &reader, room: 1000) else { continue }
                // A match may just as well be taken from another place where the same bytes stand.
                let isSame = read == content
                #expect(isSame, "byte \(position) ^ \(change)")
                same += 1
            }
        }
        #expect(same < 20, "of \(3 * frame.count)")
    }

    @Test("longer than the output, it is refused, and the reader serves again")
    func output() throws {
        var reader = try FrameReader(limits: .test)
        let error = #expect(throws: LZ4Error.self) {
            try Frames.decompress(Self.golden, by: &reader, room: GoldenTests.content.count - 1)
        }
        #expect(error?.code == .tooLarge)
        let content = try Frames.decompress(Self.golden, by: &reader, room: GoldenTests.content.count)
        #expect(content == GoldenTests.content)
    }

    @Test("a reader that has refused stays refusing until it is reset")
    func staysRefusing() throws {
        var reader = try FrameReader(limits: .test)
        var output = [UInt8](repeating: 0, count: 100)
        var span = output.mutableSpan
        var bytes = span.mutableBytes
        let garbage = Array("garbage".utf8)
        var errors: [LZ4Error] = []
        for input in [garbage, Self.golden] {
            do throws(LZ4Error) { _ = try reader.read(input.span.bytes, into: &bytes) } catch {
                errors.append(error)
            }
        }
        do throws(LZ4Error) { try reader.finish() } catch { errors.append(error) }
        #expect(errors.count == 3 && Set(errors.map(\.code)) == [.notAFrame])
        reader.reset()
        let progress = try reader.read(Self.golden.span.bytes, into: &bytes)
        #expect(progress == Progress(consumed: Self.golden.count, produced: GoldenTests.content.count))
        try reader.finish()
    }

    @Test("an output below the bound is refused before anything is written")
    func noRoom() throws {
        var compressor = try FrameCompressor()
        var writer = try FrameWriter()
        let content = Content.text.bytes(1000)
        var output = [UInt8](repeating: 0xEE, count: compressor.bound(1000) - 1)
        var span = output.mutableSpan
        var bytes = span.mutableBytes
        var errors: [LZ4Error] = []
        do throws(LZ4Error) { _ = try compressor.compress(content.span.bytes, into: &bytes) } catch {
            errors.append(error)
        }
        do throws(LZ4Error) { _ = try writer.write(content.span.bytes, into: &bytes) } catch {
            errors.append(error)
        }
        #expect(errors.map(\.code) == [.noRoom, .noRoom])
        #expect(output.allSatisfy { $0 == 0xEE })
    }
}
