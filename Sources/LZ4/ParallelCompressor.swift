/// Compresses a long stream on several cores: chunk by chunk, each a frame of its own, written in order.
///
/// The result is a sequence of frames, which `lz4 -d` and ``FrameReader`` read as one content. Its memory is
/// a chunk and a frame for each of ``chunksInFlight``.
package struct ParallelCompressor: Sendable {
    package let options: FrameOptions
    /// Content of a frame. Below 1 MiB the frames' own costs show.
    package let chunkBytes: Int
    /// Chunks that were read and are not written yet, at most.
    package let chunksInFlight: Int

    /// Compresses as many chunks at the same time as there are cores; one more may wait to be written.
    package init(
        cores: Int, chunkBytes: Int = 4 << 20,
        options: FrameOptions = FrameOptions(blockSize: .mebibyte1)
    ) {
        self.options = options
        self.chunkBytes = max(chunkBytes, 1)
        chunksInFlight = max(cores, 1) + 1
    }

    /// Compresses all of a content. One without a byte gives one empty frame.
    ///
    /// - Parameters:
    ///   - fill: appends content to the empty array, up to the number of bytes given; none at the end.
    ///   - write: takes the next frame.
    /// - Throws: `LZ4Error`, `CancellationError`, and what the two throw.
    package func compress(
        from fill: (inout [UInt8], _ atMost: Int) async throws -> Void,
        to write: (ArraySlice<UInt8>) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: ChunkInFlight.self) { group in
            var idle: [ChunkInFlight] = []
            var done: [Int: ChunkInFlight] = [:]
            var (started, written, hasEnded) = (0, 0, false)
            while true {
                while !hasEnded, started - written < chunksInFlight {
                    let chunk = try idle.popLast() ?? ChunkInFlight(options: options, chunkBytes: chunkBytes)
                    chunk.content.removeAll(keepingCapacity: true)
                    try await fill(&chunk.content, chunkBytes)
                    try Task.checkCancellation()
                    hasEnded = chunk.content.isEmpty
                    guard !hasEnded || started == 0 else { break }
                    chunk.number = started
                    started += 1
                    group.addTask { try chunk.compress() }
                }
                guard written < started, let chunk = try await group.next() else { return }
                done[chunk.number] = chunk
                while let next = done.removeValue(forKey: written) {
                    try await write(next.frame)
                    written += 1
                    idle.append(next)
                }
            }
        }
    }
}

/// A chunk on its way, with the memory that it needs, which the next chunk inherits.
///
/// Unchecked, because it goes from hand to hand: the loop above gives it to one task and touches it again only
/// when that task has returned it.
private final class ChunkInFlight: @unchecked Sendable {
    var number = 0
    var content: [UInt8] = []
    var frame: ArraySlice<UInt8> { output[..<frameBytes] }

    private var output: [UInt8] = []
    private var frameBytes = 0
    private var compressor: FrameCompressor

    init(options: FrameOptions, chunkBytes: Int) throws(LZ4Error) {
        compressor = try FrameCompressor(options: options)
        content.reserveCapacity(chunkBytes)
    }

    func compress() throws(LZ4Error) -> ChunkInFlight {
        let content = content
        let bound = compressor.bound(content.count)
        if output.count < bound { output = Array(repeating: 0, count: bound) }
        var span = output.mutableSpan
        var bytes = unsafe span.mutableBytes
        frameBytes = try unsafe compressor.compress(content.span.bytes, into: &bytes)
        return self
    }
}
