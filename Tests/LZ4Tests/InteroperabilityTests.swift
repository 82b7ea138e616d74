import LZ4
import Testing

@Suite(
    "The lz4 tool and this module understand each other", .enabled(if: LZ4Tool.isExpected, LZ4Tool.skipReason)
)
struct InteroperabilityTests {
    /// Block sizes times linked or not, then each other option, then all of them.
    static let options: [[String]] =
        ["-B4", "-B5", "-B6", "-B7"].flatMap { [[$0, "-BD"], [$0, "-BI"]] } + [
            [], ["-BX"], ["-BX", "-BD", "-B4"], ["--content-size"], ["--no-frame-crc"],
            ["--no-frame-crc", "-BX"], ["-9", "-BD"], ["-12"], ["--fast=9"], ["-B1000"],
            ["-B5", "-BD", "-BX", "--content-size", "-9"],
        ]

    /// The first is longer than the largest block.
    static let contents = [Content.mixed.bytes(5_000_000), Content.random.bytes(100_000), [1], []]

    @Test("what the tool writes is read", arguments: options)
    func reading(options: [String]) async throws {
        for content in Self.contents {
            let frame = try await LZ4Tool.compress(content, options)
            #expect(try Frames.decompress(frame, limits: .test) == content)
            let read = try Frames.read(frame, limits: .test, pieces: [1, 11, 100_000], room: 300_000)
            #expect(read == content)
        }
    }

    @Test("what is written the tool reads", arguments: RoundTripTests.options, Content.allCases)
    func writing(options: FrameOptions, kind: Content) async throws {
        let content = kind.bytes(options.blockSize.bytes + 4321)
        for storage in [FrameCompressor.Storage.compressed, .stored] {
            let frame = try Frames.compress(content, options: options, as: storage)
            #expect(try await LZ4Tool.decompress(frame) == content)
        }
        let stream = try Frames.write(content, options: options, pieces: [1, 70_000, 123], extraRoom: 99)
        #expect(try await LZ4Tool.decompress(stream) == content)
    }

    @Test("an empty frame")
    func empty() async throws {
        #expect(try await LZ4Tool.decompress(try Frames.compress([])) == [])
    }

    @Test("frames of both, one after the other, with skippable ones between and around them")
    func concatenated() async throws {
        let skippable: [UInt8] = [0x5A, 0x2A, 0x4D, 0x18, 5, 0, 0, 0, 1, 2, 3, 4, 5]
        let emptySkippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0]
        let ours = try Frames.compress(Array("ours ".utf8))
        let theirs = try await LZ4Tool.compress(Array("theirs ".utf8), ["-BD", "--content-size"])
        let frames = skippable + ours + emptySkippable + theirs + ours + skippable
        let content = Array("ours theirs ours ".utf8)
        #expect(try Frames.decompress(frames, limits: .test) == content)
        #expect(try Frames.read(frames, limits: .test, pieces: [1], room: 7) == content)
        #expect(try await LZ4Tool.decompress(frames) == content)
    }

    @Test("a frame of the legacy format is refused by name")
    func legacy() async throws {
        let frame = try await LZ4Tool.compress(Content.text.bytes(1000), ["-l"])
        let error = #expect(throws: LZ4Error.self) { try Frames.decompress(frame, limits: .test) }
        #expect(error?.code == .legacyFrame)
    }

    @Test("what several cores wrote the tool reads")
    func parallel() async throws {
        let content = Content.mixed.bytes(9_999_999)
        let frames = try await ParallelRun(cores: 3, chunkBytes: 1 << 20).frames(of: content)
        #expect(try await LZ4Tool.decompress(frames.reduce(into: []) { $0 += $1 }) == content)
    }
}
