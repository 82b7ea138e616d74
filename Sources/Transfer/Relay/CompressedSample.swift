import Glibc
import LZ4

/// What some bytes shrink to as a relay would send them, and how much of a processor that took on this machine.
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
            let began = Self.spent
            let length = compressor.compress(piece, of: 0)?.payload.count ?? piece.count
            time += Self.spent - began
            content += piece.count
            compressed += length
        }
    }

    /// By this thread: others at work on the machine do not count.
    private static var spent: Duration {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
