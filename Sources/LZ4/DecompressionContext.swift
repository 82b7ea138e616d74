internal import CLZ4

/// liblz4's state of one decompression. It serves frame after frame. It verifies a frame's checksums itself, but that of
/// the content alone is ours.
///
/// Source: `LZ4F_dctx`, `lz4frame.h`. Not bound to a thread: whoever owns it may use it, which only one can.
@safe struct DecompressionContext: ~Copyable, @unchecked Sendable {
    private let raw: OpaquePointer
    /// Of the content so far; `nil` where liblz4 verifies what there is.
    private var checksum: ContentChecksum?
    /// The last four bytes that were read, the first of them in the lowest place: at the end of a frame, its checksum.
    private var lastBytes: UInt32 = 0

    init() throws(LZ4Error) {
        var created: OpaquePointer?
        let result = unsafe LZ4F_createDecompressionContext(&created, CUnsignedInt(LZ4F_VERSION))
        _ = try LZ4Error.check(result, during: "create decompression context")
        guard let raw = unsafe created else {
            throw LZ4Error(.outOfMemory, during: "create decompression context", "liblz4 returned none")
        }
        unsafe self.raw = raw
    }

    deinit { _ = unsafe LZ4F_freeDecompressionContext(raw) }

    /// Reads the header of a frame and verifies its checksum; no memory is allocated for the frame yet.
    mutating func begin(_ header: [UInt8]) throws(LZ4Error) -> FrameHeader {
        var info = LZ4F_frameInfo_t()
        var count = header.count
        let result = unsafe header.withUnsafeBytes { header in
            unsafe LZ4F_getFrameInfo(raw, &info, header.baseAddress, &count)
        }
        _ = try LZ4Error.check(result, during: "read frame header")
        let frame = try FrameHeader(info)
        checksum = frame.hasContentChecksum && !frame.hasBlockChecksums ? ContentChecksum() : nil
        return frame
    }

    /// Decompresses as far as input and output reach, and says whether the frame ended, its checksums verified.
    /// Stable output is left as it is until the frame ends, so nothing of it is copied.
    mutating func decompress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, stable: Bool
    ) throws(LZ4Error) -> (progress: Progress, ended: Bool) {
        var options = LZ4F_decompressOptions_t()
        options.stableDst = stable ? 1 : 0
        options.skipChecksums = checksum == nil ? 0 : 1
        var progress = Progress(consumed: input.count, produced: output.count)
        let result = unsafe LZ4F_decompress(
            raw, output.baseAddress, &progress.produced, input.baseAddress, &progress.consumed, &options)
        let ended = try LZ4Error.check(result, during: "decompress") == 0
        if checksum != nil {
            unsafe checksum?.add(UnsafeRawBufferPointer(rebasing: output[..<progress.produced]))
            unsafe input[..<progress.consumed].suffix(FrameHeader.checksumBytes).forEach { byte in
                lastBytes = lastBytes >> 8 | UInt32(byte) << 24
            }
        }
        if ended, let checksum, checksum.value != lastBytes { throw .contentChecksum }
        return (progress, ended)
    }

    /// Forgets the frame that was begun; the buffers stay.
    mutating func reset() { unsafe LZ4F_resetDecompressionContext(raw) }
}
