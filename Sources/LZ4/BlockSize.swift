/// The largest block that a frame may have: the format knows four.
package enum BlockSize: Int, Sendable, CaseIterable, Comparable {
    case kibibytes64 = 0x1_0000
    case kibibytes256 = 0x4_0000
    case mebibyte1 = 0x10_0000
    case mebibytes4 = 0x40_0000

    package var bytes: Int { rawValue }

    /// The smallest size that takes the content in one block, but no larger than this one.
    func fitting(_ content: Int) -> BlockSize {
        Self.allCases.first { $0.bytes >= content || $0 == self } ?? self
    }

    package static func < (left: BlockSize, right: BlockSize) -> Bool { left.rawValue < right.rawValue }
}
