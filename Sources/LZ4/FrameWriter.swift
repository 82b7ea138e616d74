internal import CLZ4

/// Compresses content of any length, piece by piece, into one frame.
///
/// Its memory is twice a block and some 150 KiB. After ``finish(into:)`` it may write another frame.
package struct FrameWriter: ~Copyable, Sendable {
    package let options: FrameOptions
    private var context: CompressionContext
    private var isOpen = false

    /// - Throws: `outOfMemory`.
    package init(options: FrameOptions = FrameOptions()) throws(LZ4Error) {
        self.options = options
        context = try CompressionContext()
    }

    /// The shortest output that every call accepts. The longer it is, the less is copied.
    package var leastOutput: Int { FrameOptions.headerBytes + worst(options.blockSize.bytes) }

    /// Compresses as much of the content as the output is sure to have room for. Up to a block is kept back.
    ///
    /// - Throws: `noRoom` where the output is shorter than ``leastOutput``.
    package mutating func write(
        _ content: RawSpan, into output: inout MutableRawSpan
    ) throws(LZ4Error) -> Progress {
        try unsafe output.withUnsafeMutableBytes { (output) throws(LZ4Error) in
            try unsafe content.withUnsafeBytes { (content) throws(LZ4Error) in
                try unsafe write(content, into: output)
            }
        }
    }

    /// Writes what was kept back, so that a reader gets all of it: the end of a message, not of the frame.
    ///
    /// - Throws: `noRoom` where the output is shorter than ``leastOutput``.
    package mutating func flush(into output: inout MutableRawSpan) throws(LZ4Error) -> Int {
        try unsafe output.withUnsafeMutableBytes { (output) throws(LZ4Error) in
            let written = try unsafe open(output)
            return try unsafe written + context.flush(into: output.from(written))
        }
    }

    /// Writes the rest and ends the frame, with the checksum of its content. A frame may be empty.
    ///
    /// - Throws: `noRoom` where the output is shorter than ``leastOutput``.
    package mutating func finish(into output: inout MutableRawSpan) throws(LZ4Error) -> Int {
        let written = try unsafe output.withUnsafeMutableBytes { (output) throws(LZ4Error) in
            let written = try unsafe open(output)
            return try unsafe written + context.end(into: output.from(written))
        }
        isOpen = false
        return written
    }

    private mutating func write(
        _ content: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(LZ4Error) -> Progress {
        var progress = Progress(produced: try unsafe open(output))
        while progress.consumed < content.count {
            let rest = unsafe content[progress.consumed...]
            // What was kept back may complete one block more than the piece itself has.
            let blocks = worstBlocks(in: output.count - progress.produced)
            guard blocks > 0 else { break }
            let piece = unsafe UnsafeRawBufferPointer(rebasing: rest.prefix(blocks * options.blockSize.bytes))
            let produced = try unsafe context.update(
                piece, into: output.from(progress.produced), stable: false)
            progress += Progress(consumed: piece.count, produced: produced)
        }
        return progress
    }

    /// Begins the frame where it has not begun.
    private mutating func open(_ output: UnsafeMutableRawBufferPointer) throws(LZ4Error) -> Int {
        guard output.count >= leastOutput else {
            throw LZ4Error(
                .noRoom, during: "compress", "\(output.count) bytes of output",
                hint: "give it \(leastOutput) bytes or more")
        }
        guard !isOpen else { return 0 }
        let written = try unsafe context.begin(options.preferences(flushes: false), into: output)
        isOpen = true
        return written
    }

    /// What so much content may need at the worst, with what was kept back.
    private func worst(_ contentBytes: Int) -> Int {
        unsafe withUnsafePointer(to: options.preferences(flushes: false)) { preferences in
            unsafe LZ4F_compressBound(contentBytes, preferences)
        }
    }

    /// How many whole blocks of content are sure to fit.
    private func worstBlocks(in room: Int) -> Int {
        var blocks = room / (options.blockSize.bytes + 8)
        while blocks > 0, worst(blocks * options.blockSize.bytes) > room { blocks -= 1 }
        return blocks
    }
}

extension UnsafeMutableRawBufferPointer {
    /// The rest of the buffer.
    func from(_ start: Int) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: self[start...])
    }
}

extension UnsafeRawBufferPointer {
    /// The rest of the buffer.
    func from(_ start: Int) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: self[start...])
    }
}
