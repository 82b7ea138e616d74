/// What a reader accepts. Its memory follows from it: at most twice ``blockSize`` and 132 KiB, whatever the
/// bytes say.
package struct Limits: Sendable, Equatable {
    /// The longest content, of all frames together.
    package var contentBytes: UInt64
    /// The largest block that a frame's header may announce.
    package var blockSize: BlockSize
    /// Whether a frame without a checksum of its content is refused. All that are written here have one.
    package var requiresChecksum: Bool

    package init(contentBytes: UInt64, blockSize: BlockSize = .mebibytes4, requiresChecksum: Bool = false) {
        self.contentBytes = contentBytes
        self.blockSize = blockSize
        self.requiresChecksum = requiresChecksum
    }
}
