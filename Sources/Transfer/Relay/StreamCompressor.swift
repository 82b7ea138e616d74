import LZ4

/// A stream's bytes into LZ4 frames. Each thread that compresses has one.
struct StreamCompressor: ~Copyable {
    private var compressor: FrameCompressor
    private var frame: [UInt8]

    /// - Throws: `LZ4Error` with `outOfMemory`.
    init() throws(LZ4Error) {
        compressor = try FrameCompressor(options: FrameOptions(blockSize: .kibibytes256))
        frame = Array(repeating: 0, count: compressor.bound(StreamBytes.longestContent))
    }

    /// - Returns: `nil` for bytes that are better stored.
    mutating func compress(_ bytes: [UInt8], of stream: UInt32) -> StreamBytes? {
        // Taken out meanwhile: the compressor and its buffer cannot both be lent from here.
        var room = frame
        frame = []
        defer { frame = room }
        guard let length = compress(bytes, into: &room), length < bytes.count - bytes.count / 16 else {
            return nil
        }
        return StreamBytes(stream: stream, UInt32(bytes.count), lz4: Array(room.prefix(length))[...])
    }

    private mutating func compress(_ bytes: [UInt8], into output: inout [UInt8]) -> Int? {
        var span = output.mutableSpan
        var room = unsafe span.mutableBytes
        return try? unsafe compressor.compress(bytes.span.bytes, into: &room)
    }
}
