internal import CLZ4

/// Compresses buffers, each into one frame of its own. Its memory is reused: a call allocates nothing.
package struct FrameCompressor: ~Copyable, Sendable {
    /// How the next buffer is written.
    package enum Storage: Sendable, Equatable {
        case compressed
        /// Hardly searched, so nearly as fast as a copy and a checksum. Still a frame as any other: liblz4 stores
        /// blocks that did not shrink. A long run at the front of the content is found even so.
        case stored
    }

    package let options: FrameOptions
    private var context: CompressionContext

    /// - Parameter options: of the frames; a buffer that fits into a smaller block gets a smaller one.
    /// - Throws: `outOfMemory`.
    package init(options: FrameOptions = FrameOptions(blockSize: .mebibyte1)) throws(LZ4Error) {
        self.options = options
        context = try CompressionContext()
    }

    /// The longest frame that so much content can give.
    package func bound(_ contentBytes: Int) -> Int {
        unsafe withUnsafePointer(to: preferences(for: contentBytes, .compressed)) { preferences in
            unsafe LZ4F_compressFrameBound(contentBytes, preferences)
        }
    }

    /// Compresses the content into one frame at the front of the output.
    ///
    /// - Returns: the frame's length.
    /// - Throws: `noRoom` where the output is shorter than the ``bound(_:)``.
    package mutating func compress(
        _ content: RawSpan, into output: inout MutableRawSpan, as storage: Storage = .compressed
    ) throws(LZ4Error) -> Int {
        try unsafe output.withUnsafeMutableBytes { (output) throws(LZ4Error) in
            try unsafe content.withUnsafeBytes { (content) throws(LZ4Error) in
                try unsafe compress(content, into: output, as: storage)
            }
        }
    }

    private mutating func compress(
        _ content: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, as storage: Storage
    ) throws(LZ4Error) -> Int {
        let bound = bound(content.count)
        guard output.count >= bound else {
            throw LZ4Error(
                .noRoom, during: "compress",
                "\(output.count) bytes of output for \(content.count) of content",
                hint: "give it \(bound) bytes")
        }
        var written = try unsafe context.begin(preferences(for: content.count, storage), into: output)
        // Block by block, so that the checksum finds each one still in the processor's cache.
        var start = 0
        while start < content.count {
            let end = min(start + options.blockSize.bytes, content.count)
            written += try unsafe context.update(
                UnsafeRawBufferPointer(rebasing: content[start..<end]), into: output.from(written),
                stable: true)
            start = end
        }
        return try unsafe written + context.end(into: output.from(written))
    }

    private func preferences(for contentBytes: Int, _ storage: Storage) -> LZ4F_preferences_t {
        var options = options
        options.blockSize = options.blockSize.fitting(contentBytes)
        if contentBytes <= options.blockSize.bytes { options.linksBlocks = false }
        if storage == .stored { options.acceleration = FrameOptions.fastest }
        return options.preferences(flushes: true)
    }
}
