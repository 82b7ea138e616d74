/// How a file is cut into blocks. Its last one ends with the file.
struct Blocks: Sendable, Equatable {
    static let size: UInt64 = 64 << 10
    /// What an offset of Linux's files can be.
    static let largestFile = UInt64(Int64.max) - size

    let fileSize: UInt64

    var count: UInt64 { fileSize / Self.size + (fileSize % Self.size == 0 ? 0 : 1) }

    /// The bytes of some consecutive blocks, cut at the end of the file.
    func bytes(_ blocks: Range<UInt64>) -> Range<UInt64> {
        let end = min(blocks.upperBound * Self.size, fileSize)
        return min(blocks.lowerBound * Self.size, end)..<end
    }
}

extension ArraySlice<UInt8> {
    /// Whether there is no byte but 0.
    var isZero: Bool {
        unsafe withUnsafeBytes { bytes in
            let words = bytes.count / 8
            for word in 0..<words
            where unsafe bytes.loadUnaligned(fromByteOffset: word * 8, as: UInt64.self) != 0 {
                return false
            }
            return unsafe bytes[(words * 8)...].allSatisfy { $0 == 0 }
        }
    }
}
