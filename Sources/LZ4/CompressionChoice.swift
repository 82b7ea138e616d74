/// Decides buffer by buffer whether to compress, from how those before turned out.
///
/// After a few in a row that did not shrink it stores for a while, then tries one again; each try in vain
/// doubles the while, up to a limit. One that shrinks ends it.
///
/// The whiles are short: liblz4 itself hurries over what does not shrink, so that a try takes about a sixth longer than
/// storing, while mixed content (a tar of /usr/lib) grew by 7 % where up to 256 buffers were stored unseen.
package struct CompressionChoice: Sendable, Equatable {
    /// So many in a row must not shrink before storing begins.
    package let patience: Int
    /// How many are stored before the first try, and at most before one.
    package let pauses: ClosedRange<Int>
    /// A buffer counts as shrunk when it lost this part of its length: 16 is a sixteenth.
    package let leastGain: Int

    /// Buffers in a row that did not shrink, until storing begins.
    private var failures = 0
    private var pause: Int
    /// Buffers yet to be stored.
    private var remaining = 0

    package init(patience: Int = 4, pauses: ClosedRange<Int> = 1...4, leastGain: Int = 16) {
        self.patience = max(patience, 1)
        self.pauses = pauses
        self.leastGain = max(leastGain, 1)
        pause = pauses.lowerBound
    }

    /// How to write the next buffer. To be asked once for each.
    package mutating func next() -> FrameCompressor.Storage {
        guard remaining > 0 else { return .compressed }
        remaining -= 1
        return .stored
    }

    /// Takes in how a buffer came out that was compressed. Not to be told of stored ones.
    package mutating func note(contentBytes: Int, frameBytes: Int) {
        guard frameBytes > contentBytes - contentBytes / leastGain else {
            failures = 0
            pause = pauses.lowerBound
            return
        }
        failures += 1
        guard failures >= patience else { return }
        // A probe that fails is enough to go on storing, for longer.
        failures = patience - 1
        remaining = pause
        pause = min(pause * 2, pauses.upperBound)
    }
}
