import LZ4
import TestSupport
import Testing

@Suite("A round trip gives back what went in")
struct RoundTripTests {
    static let sizes: [Int] =
        [0, 1, 2, 12, 13, 64, 4095, 4096, 100_000]
        + BlockSize.allCases.flatMap { [$0.bytes - 1, $0.bytes, $0.bytes + 1] }

    static let options: [FrameOptions] = BlockSize.allCases.flatMap { size in
        [
            FrameOptions(blockSize: size),
            FrameOptions(blockSize: size, linksBlocks: false, checksumsBlocks: true, acceleration: 8),
        ]
    }

    @Test("one buffer, one frame", arguments: Content.allCases, sizes)
    func buffers(kind: Content, size: Int) throws {
        let content = kind.bytes(size)
        for storage in [FrameCompressor.Storage.compressed, .stored] {
            let frame = try Frames.compress(content, as: storage)
            #expect(try Frames.decompress(frame, limits: Limits(contentBytes: UInt64(size))) == content)
        }
    }

    @Test("one buffer under all options", arguments: options, Content.allCases)
    func buffersByOptions(options: FrameOptions, kind: Content) throws {
        let content = kind.bytes(options.blockSize.bytes * 2 + 77, seed: 3)
        let frame = try Frames.compress(content, options: options)
        #expect(try Frames.decompress(frame, limits: .test) == content)
    }

    @Test("a stream in pieces of any size", arguments: options, Content.allCases)
    func streams(options: FrameOptions, kind: Content) throws {
        let block = options.blockSize.bytes
        let content = kind.bytes(block * 2 + block / 2 + 1, seed: 5)
        let frame = try Frames.write(
            content, options: options, pieces: [1, 70_000, block - 1, block, block + 1, 5 * block, 13],
            extraRoom: 100_000)
        for room in [70_001, block, 3 * block] {
            let read = try Frames.read(
                frame, limits: .test, pieces: [1, 3, 19, 4096, 200_000, 5], room: room)
            #expect(read == content, "read into \(room) bytes")
        }
    }

    @Test("sizes and pieces that a seed draws", arguments: UInt64(1)...24)
    func drawn(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let kind = Content.allCases[Int(seed) % Content.allCases.count]
        let options = Self.options[Int.random(in: 0..<Self.options.count, using: &generator)]
        let content = kind.bytes(Int.random(in: 0...3_000_000, using: &generator), seed: seed)
        let pieces = (0..<16).map { _ in Int.random(in: 1...300_000, using: &generator) }
        let frame = try Frames.write(
            content, options: options, pieces: pieces,
            extraRoom: Int.random(in: 0...500_000, using: &generator))
        let room = Int.random(in: 1000...2_000_000, using: &generator)
        #expect(try Frames.read(frame, limits: .test, pieces: pieces, room: room) == content)
    }

    @Test("one byte at a time, in and out")
    func singleBytes() throws {
        let content = Content.mixed.bytes(70_000)
        let frame = try Frames.write(
            content, options: FrameOptions(blockSize: .kibibytes64, checksumsBlocks: true), pieces: [1])
        #expect(try Frames.read(frame, limits: .test, pieces: [1], room: 1) == content)
    }

    @Test("one compressor and one reader serve buffer after buffer, of all sizes and kinds")
    func reuse() throws {
        var compressor = try FrameCompressor()
        var reader = try FrameReader(limits: .test)
        for round in 0..<40 {
            let kind = Content.allCases[round % Content.allCases.count]
            let content = kind.bytes([0, 1, 5000, 65_536, 1 << 20, 3 << 20][round % 6], seed: UInt64(round))
            let frame = try Frames.compress(
                content, by: &compressor, as: round % 5 == 0 ? .stored : .compressed)
            #expect(try Frames.decompress(frame, by: &reader, room: content.count) == content)
        }
    }

    @Test("a writer writes frame after frame, and an empty one")
    func frameAfterFrame() throws {
        var writer = try FrameWriter()
        var output = [UInt8](repeating: 0, count: writer.leastOutput)
        var span = output.mutableSpan
        var bytes = span.mutableBytes
        var frames: [UInt8] = []
        for text in ["first", "", "third"] {
            let progress = try writer.write(Array(text.utf8).span.bytes, into: &bytes)
            frames.append(bytes, progress.produced)
            let count = try writer.finish(into: &bytes)
            frames.append(bytes, count)
        }
        #expect(try Frames.decompress(frames, limits: .test) == Array("firstthird".utf8))
    }

    @Test("what was flushed can be read before the frame ends")
    func flushing() throws {
        var writer = try FrameWriter()
        var reader = try FrameReader(limits: .test)
        var output = [UInt8](repeating: 0, count: writer.leastOutput)
        var outputSpan = output.mutableSpan
        var bytes = outputSpan.mutableBytes
        var read = [UInt8](repeating: 0, count: 64)
        var readSpan = read.mutableSpan
        var readBytes = readSpan.mutableBytes
        for message in ["a page", "another page", "another page"] {
            var frame: [UInt8] = []
            let progress = try writer.write(Array(message.utf8).span.bytes, into: &bytes)
            frame.append(bytes, progress.produced)
            let count = try writer.flush(into: &bytes)
            frame.append(bytes, count)
            let arrived = try reader.read(frame.span.bytes, into: &readBytes)
            var text: [UInt8] = []
            text.append(readBytes, arrived.produced)
            #expect(text == Array(message.utf8))
        }
        let isInsideFrame = reader.isInsideFrame
        #expect(isInsideFrame)
    }

    @Test("random content grows by no more than the frame's own bytes, and the bound holds")
    func incompressible() throws {
        for size in Self.sizes {
            let content = Content.random.bytes(size, seed: 9)
            let compressor = try FrameCompressor()
            for storage in [FrameCompressor.Storage.compressed, .stored] {
                let frame = try Frames.compress(content, as: storage)
                // Header, four bytes for each block, end mark, checksum.
                #expect(frame.count <= size + 7 + 4 * (size / (1 << 20) + 1) + 8)
                #expect(frame.count <= compressor.bound(size))
            }
        }
    }

    @Test("stored text stays as long as it was, compressed it shrinks")
    func stored() throws {
        let content = Content.text.bytes(1 << 20)
        #expect(try Frames.compress(content, as: .stored).count >= content.count)
        #expect(try Frames.compress(content).count < content.count / 2)
    }
}
