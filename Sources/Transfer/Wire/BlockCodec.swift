import LZ4

/// Content into one LZ4 frame with a checksum. Each thread that compresses has one.
struct BlockCompressor: ~Copyable {
    private var compressor: FrameCompressor
    private var choice = CompressionChoice()

    /// - Throws: `out-of-memory`.
    init() throws(TransferError) {
        do { compressor = try FrameCompressor() } catch { throw .codec("compress", error) }
    }

    mutating func compress(_ content: [UInt8]) throws(TransferError) -> ArraySlice<UInt8> {
        var frame = [UInt8](repeating: 0, count: compressor.bound(content.count))
        let storage = choice.next()
        let length: Int
        do {
            var span = frame.mutableSpan
            var room = unsafe span.mutableBytes
            length = try unsafe compressor.compress(content.span.bytes, into: &room, as: storage)
        } catch {
            throw .codec("compress", error)
        }
        if storage == .compressed { choice.note(contentBytes: content.count, frameBytes: length) }
        return frame.prefix(length)
    }
}

/// The other way round.
struct BlockDecompressor: ~Copyable {
    private var reader: FrameReader

    /// - Throws: `out-of-memory`.
    init(
        longestContent: Int = DataRun.longestContent, blockSize: BlockSize = .mebibyte1
    ) throws(TransferError) {
        let limits = Limits(
            contentBytes: UInt64(longestContent), blockSize: blockSize, requiresChecksum: true)
        do { reader = try FrameReader(limits: limits) } catch { throw .codec("decompress", error) }
    }

    /// - Parameters:
    ///   - payload: one LZ4 frame.
    ///   - length: how long the content is; bounded by the caller. More is never produced.
    /// - Returns: the content.
    /// - Throws: `frame-damaged`.
    mutating func decompress(_ payload: ArraySlice<UInt8>, length: Int) throws(TransferError) -> [UInt8] {
        var content = [UInt8](repeating: 0, count: length)
        let produced: Int
        do {
            var span = content.mutableSpan
            var room = unsafe span.mutableBytes
            produced = try unsafe reader.decompress(payload.span.bytes, into: &room)
        } catch {
            throw .frameDamaged("the content of a frame is damaged (\(error.detail))")
        }
        guard produced == length, reader.frames == 1 else {
            throw .frameDamaged("a frame has content of another length than it says")
        }
        return content
    }
}

extension TransferError {
    fileprivate static func codec(_ operation: String, _ error: LZ4Error) -> TransferError {
        TransferError(
            .outOfMemory, operation, error.detail,
            hint: "Free memory on that host, then run the same command again.")
    }
}
