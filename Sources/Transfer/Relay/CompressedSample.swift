import LZ4

/// What some bytes shrink to as a relay would send them, and how long that took on this machine.
package struct CompressedSample: Sendable {
    package private(set) var content = 0
    package private(set) var compressed = 0
    package private(set) var time = Duration.zero

    /// - Parameter pieces: at most 256 KiB each; others are left out.
    /// - Throws: `out-of-memory`.
    package init(of pieces: [[UInt8]]) throws(TransferError) {
        var compressor: StreamCompressor
        do { compressor = try StreamCompressor() } catch {
            throw TransferError(
                .outOfMemory, "compress a sample", error.detail, hint: "Free memory on this host.")
        }
        for piece in pieces where !piece.isEmpty && piece.count <= StreamBytes.longestContent {
            let began = ContinuousClock.now
            let length = compressor.compress(piece, of: 0)?.payload.count ?? piece.count
            time += began.duration(to: .now)
            content += piece.count
            compressed += length
        }
    }
}
