internal import CLZ4

/// liblz4's state of one compression, with its tables and buffers. It serves frame after frame, each with a checksum of
/// its content: ours, so liblz4 is told to write none.
///
/// Source: `LZ4F_cctx`, `lz4frame.h`. Not bound to a thread: whoever owns it may use it, which only one can.
@safe struct CompressionContext: ~Copyable, @unchecked Sendable {
    private let raw: OpaquePointer
    private var checksum = ContentChecksum()

    init() throws(LZ4Error) {
        var created: OpaquePointer?
        let result = unsafe LZ4F_createCompressionContext(&created, CUnsignedInt(LZ4F_VERSION))
        _ = try LZ4Error.check(result, during: "create compression context")
        guard let raw = unsafe created else {
            throw LZ4Error(.outOfMemory, during: "create compression context", "liblz4 returned none")
        }
        unsafe self.raw = raw
    }

    deinit { _ = unsafe LZ4F_freeCompressionContext(raw) }

    /// Begins a frame, also where the one before was not ended. The output has room for its header.
    mutating func begin(
        _ preferences: LZ4F_preferences_t, into output: UnsafeMutableRawBufferPointer
    ) throws(LZ4Error) -> Int {
        var preferences = preferences
        preferences.frameInfo.contentChecksumFlag = LZ4F_noContentChecksum
        let result = unsafe LZ4F_compressBegin(raw, output.baseAddress, output.count, &preferences)
        let length = try LZ4Error.check(result, during: "begin frame")
        checksum = ContentChecksum()
        unsafe FrameHeader.announceChecksum(in: UnsafeMutableRawBufferPointer(rebasing: output[..<length]))
        return length
    }

    /// Compresses content. Stable content stays where it is until the frame ends, so nothing of it is copied.
    mutating func update(
        _ content: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, stable: Bool
    ) throws(LZ4Error) -> Int {
        var options = LZ4F_compressOptions_t()
        options.stableSrc = stable ? 1 : 0
        let result = unsafe LZ4F_compressUpdate(
            raw, output.baseAddress, output.count, content.baseAddress, content.count, &options)
        let length = try LZ4Error.check(result, during: "compress")
        unsafe checksum.add(content)
        return length
    }

    /// Writes what was kept back to fill a block.
    mutating func flush(into output: UnsafeMutableRawBufferPointer) throws(LZ4Error) -> Int {
        let result = unsafe LZ4F_flush(raw, output.baseAddress, output.count, nil)
        return try LZ4Error.check(result, during: "flush")
    }

    /// Ends the frame, with the checksum of its content.
    mutating func end(into output: UnsafeMutableRawBufferPointer) throws(LZ4Error) -> Int {
        let result = unsafe LZ4F_compressEnd(raw, output.baseAddress, output.count, nil)
        let length = try LZ4Error.check(result, during: "end frame")
        guard output.count - length >= FrameHeader.checksumBytes else {
            throw LZ4Error(.noRoom, during: "end frame", "no room for the checksum")
        }
        unsafe output.storeBytes(of: checksum.value.littleEndian, toByteOffset: length, as: UInt32.self)
        return length + FrameHeader.checksumBytes
    }
}
