import CLZ4Block
import LZ4

/// A way to compress the content and get it back, one pass at a time.
protocol Candidate: AnyObject {
    var name: String { get }
    func compress(_ content: [UInt8]) throws
    func decompress() throws
    /// Lengths after the passes above.
    var compressedBytes: Int { get }
    var contentBytes: Int { get }
}

/// What `lz4 -b1` measures: all of it as one block, by liblz4's block functions, without a checksum.
final class BareBlock: Candidate {
    let name = "bare block, no checksum, as lz4 -b1"
    private(set) var compressedBytes = 0
    private(set) var contentBytes = 0
    private var block: [CChar]
    private var output: [CChar]

    init(_ contentBytes: Int) {
        block = Array(repeating: 0, count: Int(LZ4_compressBound(CInt(contentBytes))))
        output = Array(repeating: 0, count: contentBytes)
    }

    func compress(_ content: [UInt8]) {
        compressedBytes = content.withUnsafeBytes { content in
            Int(
                LZ4_compress_default(
                    content.baseAddress?.assumingMemoryBound(to: CChar.self), &block, CInt(content.count),
                    CInt(block.count)))
        }
    }

    func decompress() {
        contentBytes = Int(LZ4_decompress_safe(block, &output, CInt(compressedBytes), CInt(output.count)))
    }
}

/// Buffers, each a frame, with one context and one buffer for all of them, as the data plane does.
final class WholeFrames: Candidate {
    let name: String
    private(set) var contentBytes = 0
    var compressedBytes: Int { ends.last ?? 0 }
    private let chunk: Int
    private var compressor: FrameCompressor
    private var reader: FrameReader
    private var frames: [UInt8]
    private var ends: [Int] = []
    private var output: [UInt8]

    init(_ name: String, _ options: FrameOptions, _ contentBytes: Int, chunk: Int = 1 << 20) throws {
        self.name = name
        self.chunk = chunk
        compressor = try FrameCompressor(options: options)
        reader = try FrameReader(limits: Limits(contentBytes: UInt64(chunk)))
        frames = Array(repeating: 0, count: (contentBytes / chunk + 1) * compressor.bound(chunk))
        output = Array(repeating: 0, count: chunk)
    }

    func compress(_ content: [UInt8]) throws {
        ends.removeAll(keepingCapacity: true)
        var end = 0
        for start in stride(from: 0, to: content.count, by: chunk) {
            let piece = content.span.bytes.extracting(start..<min(start + chunk, content.count))
            end += try frames.withRest(from: end) { try compressor.compress(piece, into: &$0) }
            ends.append(end)
        }
    }

    func decompress() throws {
        let frames = frames
        var (start, total) = (0, 0)
        for end in ends {
            let frame = frames.span.bytes.extracting(start..<end)
            total += try output.withRest(from: 0) { try reader.decompress(frame, into: &$0) }
            start = end
        }
        contentBytes = total
    }
}

/// One frame, in pieces of 1 MiB.
final class Stream: Candidate {
    let name: String
    private(set) var compressedBytes = 0
    private(set) var contentBytes = 0
    private let piece = 1 << 20
    private var writer: FrameWriter
    private var reader: FrameReader
    private var frame: [UInt8]
    private var output: [UInt8]

    init(_ name: String, _ options: FrameOptions, _ contentBytes: Int) throws {
        self.name = name
        writer = try FrameWriter(options: options)
        reader = try FrameReader(limits: Limits(contentBytes: UInt64(contentBytes)))
        frame = Array(repeating: 0, count: contentBytes + contentBytes / 100 + writer.leastOutput * 2)
        output = Array(repeating: 0, count: piece)
    }

    func compress(_ content: [UInt8]) throws {
        var (start, length) = (0, 0)
        while start < content.count {
            let input = content.span.bytes.extracting(start..<min(start + piece, content.count))
            let progress = try frame.withRest(from: length) { try writer.write(input, into: &$0) }
            start += progress.consumed
            length += progress.produced
        }
        compressedBytes = length + (try frame.withRest(from: length) { try writer.finish(into: &$0) })
    }

    /// Takes a frame that somebody else wrote instead.
    func adopt(_ other: [UInt8]) { (frame, compressedBytes) = (other, other.count) }

    func decompress() throws {
        reader.reset()
        let frame = frame
        var start = 0
        while true {
            let input = frame.span.bytes.extracting(start..<min(start + piece, compressedBytes))
            let progress = try output.withRest(from: 0) { try reader.read(input, into: &$0) }
            start += progress.consumed
            if start == compressedBytes, progress.produced < piece { break }
        }
        try reader.finish()
        contentBytes = Int(reader.contentBytes)
    }
}

extension [UInt8] {
    /// Lends what lies behind a place.
    fileprivate mutating func withRest<Result>(
        from start: Int, _ body: (inout MutableRawSpan) throws -> Result
    ) rethrows -> Result {
        try withUnsafeMutableBytes { all in
            var rest = UnsafeMutableRawBufferPointer(rebasing: all[start...]).mutableBytes
            return try body(&rest)
        }
    }
}
