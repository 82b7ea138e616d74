import LZ4
import Testing

@Suite("The bytes on the wire")
struct GoldenTests {
    /// Magic number, flags, block descriptor, header checksum; block; end mark; content checksum.
    static let frame: [UInt8] =
        [0x04, 0x22, 0x4D, 0x18, 0x64, 0x40, 0xA7]
        + [0x0F, 0, 0, 0, 0x5F] + Array("apus ".utf8) + [0x05, 0, 0x05, 0x50] + Array(" apus".utf8)
        + [0, 0, 0, 0, 0x43, 0xB5, 0x1B, 0x01]
    static let content = Array("apus apus apus apus apus apus apus".utf8)

    @Test("a small frame, as the lz4 tool 1.9.4 writes it too")
    func compressed() throws {
        #expect(try Frames.compress(Self.content) == Self.frame)
        #expect(try Frames.decompress(Self.frame, limits: .test) == Self.content)
    }

    @Test("a small stored frame: the block's length with its highest bit set, then the content")
    func stored() throws {
        let content = Array("apus".utf8)
        let frame: [UInt8] =
            [0x04, 0x22, 0x4D, 0x18, 0x64, 0x40, 0xA7, 4, 0, 0, 0x80] + content + [0, 0, 0, 0]
        let written = try Frames.compress(content, as: .stored)
        #expect(Array(written.dropLast(4)) == frame)
        #expect(try Frames.decompress(written, limits: .test) == content)
    }

    @Test("an empty frame ends with the checksum of nothing")
    func empty() throws {
        let frame: [UInt8] = [0x04, 0x22, 0x4D, 0x18, 0x64, 0x40, 0xA7, 0, 0, 0, 0, 0x05, 0x5D, 0xCC, 0x02]
        #expect(try Frames.compress([]) == frame)
    }

    @Test(
        "every frame that is written says that it has a content checksum", arguments: RoundTripTests.options)
    func checksum(options: FrameOptions) throws {
        let limits = Limits(contentBytes: 1000, requiresChecksum: true)
        let content = Content.text.bytes(1000)
        #expect(
            try Frames.decompress(try Frames.compress(content, options: options), limits: limits) == content)
        let stream = try Frames.write(content, options: options, pieces: [10])
        #expect(try Frames.decompress(stream, limits: limits) == content)
    }
}
