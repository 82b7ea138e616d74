extension FrameReader {
    /// Decompresses frames that are there as a whole, and nothing else. Allocates nothing beyond the reader's own
    /// buffers, which it keeps; what the reader was at before is forgotten.
    ///
    /// - Returns: the length of the content, which stands at the front of the output. All of it is verified.
    /// - Throws: `tooLarge` where it is longer than the output too.
    package mutating func decompress(
        _ frames: RawSpan, into output: inout MutableRawSpan
    ) throws(LZ4Error) -> Int {
        reset()
        let room = output.byteCount
        let progress = try unsafe output.withUnsafeMutableBytes { (output) throws(LZ4Error) in
            try unsafe frames.withUnsafeBytes { (frames) throws(LZ4Error) in
                try unsafe read(frames, into: output, stable: true)
            }
        }
        guard progress.consumed == frames.byteCount else {
            throw LZ4Error(
                .tooLarge, during: "decompress", "more content than the \(room) bytes of output",
                hint: "give it the most that is expected", at: UInt64(progress.consumed))
        }
        try finish()
        return progress.produced
    }
}
