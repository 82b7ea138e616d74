import SystemPackage

/// Where a sparse file has data. Whoever asks goes forward through the file.
struct Extents {
    private let file: OpenFile
    private let blocks: Blocks
    /// The extent found last, in blocks.
    private var found: Range<UInt64> = 0..<0
    private var exhausted = false

    init(_ file: OpenFile, _ blocks: Blocks) {
        self.file = file
        self.blocks = blocks
    }

    /// The blocks with data in them, from the given one on, as far as one extent goes. What is left out is zero.
    mutating func next(from index: UInt64) throws(Errno) -> Range<UInt64>? {
        if index >= found.upperBound, !exhausted { try find(from: index) }
        guard index < found.upperBound else { return nil }
        return max(index, found.lowerBound)..<found.upperBound
    }

    private mutating func find(from index: UInt64) throws(Errno) {
        let start = index * Blocks.size
        guard index < blocks.count, let data = try seek(.data, from: start), data < blocks.fileSize else {
            exhausted = true
            return
        }
        let hole = min(try seek(.hole, from: data) ?? blocks.fileSize, blocks.fileSize)
        let end = Blocks(fileSize: hole).count
        found = data / Blocks.size..<max(end, data / Blocks.size + 1)
    }

    /// A file system that knows no holes has one extent.
    private func seek(_ place: OpenFile.SeekPlace, from offset: UInt64) throws(Errno) -> UInt64? {
        do {
            return try file.seek(place, from: offset)
        } catch .invalidArgument {
            return place == .data ? offset : blocks.fileSize
        }
    }
}
