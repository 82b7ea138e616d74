/// Reads frames, one after another, from bytes that arrive in pieces of any size.
///
/// Reads all that the `lz4` tool writes but legacy frames and those with a dictionary; passes skippable frames
/// over. Every checksum that is there is verified. Content comes out before the checksum behind it was read:
/// it is good when ``finish()`` has not thrown.
package struct FrameReader: ~Copyable, Sendable {
    private enum Stage {
        case header
        case content
        case skipping(UInt32)
        /// liblz4's state is of no use after an error, so the error stays.
        case failed(LZ4Error)
    }

    package let limits: Limits
    /// Bytes of content so far.
    package private(set) var contentBytes: UInt64 = 0
    /// Bytes of frames so far.
    package private(set) var frameBytes: UInt64 = 0
    /// Frames that ended, skippable ones included.
    package private(set) var frames = 0

    private var context: DecompressionContext
    private var stage = Stage.header
    /// The part of a header that has arrived.
    private var header: [UInt8] = []

    /// - Throws: `outOfMemory`.
    package init(limits: Limits) throws(LZ4Error) {
        self.limits = limits
        context = try DecompressionContext()
        header.reserveCapacity(FrameOptions.headerBytes)
    }

    /// Whether a frame has begun and not ended.
    package var isInsideFrame: Bool {
        if case .header = stage { !header.isEmpty } else { true }
    }

    /// Decompresses until the input is used up or the output is full. Where the output was filled there may be
    /// more: call again, with no input if need be. The longer the output, the less is copied.
    ///
    /// - Throws: all but `noRoom`; then each later call throws the same.
    package mutating func read(
        _ input: RawSpan, into output: inout MutableRawSpan
    ) throws(LZ4Error) -> Progress {
        try unsafe output.withUnsafeMutableBytes { (output) throws(LZ4Error) in
            try unsafe input.withUnsafeBytes { (input) throws(LZ4Error) in
                try unsafe read(input, into: output, stable: false)
            }
        }
    }

    /// Says that no more input comes.
    ///
    /// - Throws: `truncated`, `trailingBytes`, and what a call before has thrown.
    package mutating func finish() throws(LZ4Error) {
        if case .failed(let error) = stage { throw error }
        guard isInsideFrame || frames == 0 else { return }
        // Whether fewer bytes than a magic number are the start of a frame, nobody can tell.
        let error =
            if case .header = stage, frames > 0, header.count < Self.magicBytes {
                LZ4Error(
                    .trailingBytes, during: "decompress", "\(header.count) bytes behind the last frame",
                    at: frameBytes)
            } else {
                LZ4Error(
                    .truncated, during: "decompress", "the bytes end before the frame does",
                    hint: "send them again", at: frameBytes)
            }
        stage = .failed(error)
        throw error
    }

    /// Forgets everything but its memory, an error too.
    package mutating func reset() {
        context.reset()
        stage = .header
        header.removeAll(keepingCapacity: true)
        (contentBytes, frameBytes, frames) = (0, 0, 0)
    }

    /// As above. Stable output is left as it is until the frames end.
    mutating func read(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, stable: Bool
    ) throws(LZ4Error) -> Progress {
        var progress = Progress()
        do throws(LZ4Error) {
            while true {
                let rest = unsafe input.from(progress.consumed)
                let step: Progress
                switch stage {
                case .header: step = try unsafe readHeader(rest)
                case .skipping(let count): step = unsafe skip(rest, count)
                case .content:
                    step = try unsafe readContent(rest, into: output.from(progress.produced), stable: stable)
                case .failed(let error): throw error
                }
                progress += step
                frameBytes += UInt64(step.consumed)
                contentBytes += UInt64(step.produced)
                // A frame that ended without a step is followed by a header, which takes none without input.
                guard step != Progress() else { return progress }
            }
        } catch {
            let error = error.at(frameBytes)
            stage = .failed(error)
            throw error
        }
    }

    private mutating func readContent(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, stable: Bool
    ) throws(LZ4Error) -> Progress {
        let allowed = limits.contentBytes - contentBytes
        guard unsafe allowed > 0 || output.isEmpty else { return try unsafe readEnd(input) }
        let room = Int(clamping: min(UInt64(output.count), allowed))
        let (progress, ended) = try unsafe context.decompress(
            input, into: UnsafeMutableRawBufferPointer(rebasing: output[..<room]), stable: stable)
        if ended { endFrame() }
        return progress
    }

    /// The limit is reached: what may follow is the end of the frame, and not a byte of content.
    private mutating func readEnd(_ input: UnsafeRawBufferPointer) throws(LZ4Error) -> Progress {
        var surplus: UInt8 = 0
        let (progress, ended) = try unsafe withUnsafeMutableBytes(of: &surplus) {
            (surplus) throws(LZ4Error) in
            try unsafe context.decompress(input, into: surplus, stable: false)
        }
        guard progress.produced == 0 else {
            throw LZ4Error(
                .tooLarge, during: "decompress", "more than \(limits.contentBytes) bytes of content",
                hint: "raise the limit if so much is expected")
        }
        if ended { endFrame() }
        return progress
    }

    private mutating func skip(_ input: UnsafeRawBufferPointer, _ count: UInt32) -> Progress {
        let skipped = min(Int(count), input.count)
        stage = .skipping(count - UInt32(skipped))
        if skipped == Int(count) { endFrame() }
        return Progress(consumed: skipped)
    }

    private mutating func endFrame() {
        frames += 1
        stage = .header
    }

    private mutating func readHeader(_ input: UnsafeRawBufferPointer) throws(LZ4Error) -> Progress {
        var consumed = 0
        while consumed < input.count {
            header.append(unsafe input[consumed])
            consumed += 1
            guard let next = try stageAfterHeader() else { continue }
            header.removeAll(keepingCapacity: true)
            stage = next
            break
        }
        return Progress(consumed: consumed)
    }

    /// What follows the header, once it is complete.
    private mutating func stageAfterHeader() throws(LZ4Error) -> Stage? {
        guard header.count >= Self.magicBytes else { return nil }
        switch FrameKind(magic: Self.word(header[..<Self.magicBytes])) {
        case .content:
            guard let length = FrameHeader.length(header), header.count == length else { return nil }
            try context.begin(header).check(against: limits, after: contentBytes)
            return .content
        case .skippable:
            guard header.count == 2 * Self.magicBytes else { return nil }
            let count = Self.word(header[Self.magicBytes...])
            guard count > 0 else {
                frames += 1
                return .header
            }
            return .skipping(count)
        case .legacy:
            throw .refused(
                .legacyFrame, "the frame is of the legacy format, which has no checksum",
                hint: "write it again, by lz4 without -l")
        case .unknown where frames > 0:
            throw .refused(.trailingBytes, "what follows the last frame is no frame")
        case .unknown:
            throw .refused(.notAFrame, "the bytes do not begin as an LZ4 frame does")
        }
    }

    private static let magicBytes = 4

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}
