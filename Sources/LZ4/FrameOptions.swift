internal import CLZ4

/// How frames are written. A checksum of the content is always in them.
package struct FrameOptions: Sendable, Equatable {
    /// The largest block. Larger blocks compress better and need more memory on both sides.
    package var blockSize: BlockSize
    /// Whether a block may refer to the 64 KiB before it, which compresses small blocks better.
    package var linksBlocks: Bool
    /// Whether each block has a checksum of its own, besides the content's.
    package var checksumsBlocks: Bool
    /// 1 searches most thoroughly; each step more is some 3 % faster and compresses less. At most 65537.
    package var acceleration: Int

    package init(
        blockSize: BlockSize = .kibibytes256, linksBlocks: Bool = true, checksumsBlocks: Bool = false,
        acceleration: Int = 1
    ) {
        self.blockSize = blockSize
        self.linksBlocks = linksBlocks
        self.checksumsBlocks = checksumsBlocks
        self.acceleration = acceleration
    }
}

extension FrameOptions {
    /// liblz4's form of the options. Where it flushes, each call writes all that it was given: nothing is copied
    /// aside.
    func preferences(flushes: Bool) -> LZ4F_preferences_t {
        var preferences = LZ4F_preferences_t()
        preferences.frameInfo.blockSizeID =
            switch blockSize {
            case .kibibytes64: LZ4F_max64KB
            case .kibibytes256: LZ4F_max256KB
            case .mebibyte1: LZ4F_max1MB
            case .mebibytes4: LZ4F_max4MB
            }
        preferences.frameInfo.blockMode = linksBlocks ? LZ4F_blockLinked : LZ4F_blockIndependent
        preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled
        preferences.frameInfo.blockChecksumFlag =
            checksumsBlocks ? LZ4F_blockChecksumEnabled : LZ4F_noBlockChecksum
        // Level 0 is acceleration 1, level -1 is acceleration 2, and so on.
        preferences.compressionLevel = CInt(1 - min(max(acceleration, 1), Self.fastest))
        preferences.autoFlush = flushes ? 1 : 0
        return preferences
    }

    /// `LZ4_ACCELERATION_MAX`: the search steps over 64 KiB at a time.
    static let fastest = 65537

    /// At most what a frame's header takes: `LZ4F_HEADER_SIZE_MAX`.
    static let headerBytes = Int(LZ4F_HEADER_SIZE_MAX)
}
