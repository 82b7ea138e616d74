import SystemPackage

/// One file on its way in: takes the sender's frames in order, writes, and adds up the digest over what it wrote
/// and kept.
struct ArrivingFile {
    let place: FilePlace
    let number: UInt32
    private(set) var isStored = false
    private let offer: Offer
    private let mayReplace: Bool
    private let partial: PartialFile
    private let olderCopy: OlderCopy?
    private let holdings = Holdings()
    private let report = SessionThreads()
    private var digest: ContentDigest
    /// Blocks below this have their answer.
    private var position: UInt64 = 0

    var size: UInt64 { offer.size }

    /// Why the report of what is held failed, if it did.
    var failure: TransferError? { holdings.failure }

    /// Accepts an offer, and begins to tell what is held.
    ///
    /// - Throws: `path-refused`, `file-exists`, `file-unsuitable`, `file-busy`, `refused`, `no-space`,
    ///   `disk-failed`, `protocol-broken`.
    init(
        _ offer: Offer, _ policy: ReceivingPolicy, output: FrameOutput, version: UInt16
    ) throws(TransferError) {
        self.offer = offer
        mayReplace = offer.replaces && policy.replaces
        number = offer.file
        place = FilePlace(root: Int(offer.root), path: offer.path)
        digest = ContentDigest(size: offer.size)
        let blocks = Blocks(fileSize: offer.size)
        let target = try Target(offer, place, policy)
        // Version 1 knows no answers to blocks that are held.
        let tells = version >= 2
        olderCopy = tells ? try target.olderCopy(blocks) : nil
        partial = try PartialFile(
            target.name, in: target.directory, at: target.text, size: offer.size,
            resumes: tells && policy.resumes)
        let report = HoldingsReport(
            number: number, partial: partial, olderCopy: olderCopy, holdings: holdings, output: output)
        self.report.start { report.run() }
    }

    /// Takes a frame of this file.
    ///
    /// - Throws: `protocol-broken`, `frame-damaged`, `digest-mismatch`, and what the disk says.
    mutating func take(_ frame: Frame, _ decompressor: inout BlockDecompressor) throws(TransferError) {
        switch frame {
        case .data(let data) where data.file == number: try write(data, &decompressor)
        case .keep(let run) where run.file == number: try keep(run)
        case .zero(let run) where run.file == number:
            for entry in try answered(run) where entry.origin == .partial { try partial.clear(entry.index) }
        case .close(let close) where close.file == number: try finish(close)
        default: throw .protocolBroken("a frame of type \(frame.type) came in the middle of a file")
        }
    }

    /// Gives up. Unless it is kept, nothing of it is left.
    func abandon(keeping: Bool) {
        holdings.stop()
        if !keeping { partial.discard() }
    }

    func waitUntilTold() { report.join() }

    private mutating func write(
        _ data: DataRun, _ decompressor: inout BlockDecompressor
    ) throws(TransferError) {
        let (end, overflow) = data.offset.addingReportingOverflow(UInt64(data.contentLength))
        guard !overflow, end <= size, data.offset.isMultiple(of: Blocks.size), data.contentLength > 0,
            data.contentLength <= DataRun.longestContent, end.isMultiple(of: Blocks.size) || end == size
        else { throw .protocolBroken("data at \(data.offset) is not whole blocks of the file") }
        let blocks = data.offset / Blocks.size..<Blocks(fileSize: end).count
        try advance(to: blocks)
        _ = try holdings.take(blocks)
        let content = try decompressor.decompress(data.payload, length: Int(data.contentLength))
        for index in blocks {
            let start = Int((index - blocks.lowerBound) * Blocks.size)
            let block = content[start..<min(start + Int(Blocks.size), content.count)]
            // Zeros are never sent: both ends would disagree about the digest.
            guard !block.isZero else { throw .protocolBroken("block \(index) was sent and is zero") }
            digest.add(BlockDigest(of: block), at: index)
        }
        try partial.write(content[...], at: data.offset)
    }

    private mutating func keep(_ run: Run) throws(TransferError) {
        for entry in try answered(run) {
            if entry.origin == .olderCopy, let olderCopy {
                let bytes = try olderCopy.read(entry.index, of: partial.blocks)
                guard BlockDigest(of: bytes[...]) == entry.digest else {
                    throw TransferError(
                        .fileChanged, "use the older copy", "\(olderCopy.name) was written to meanwhile",
                        hint: "See what writes to it (fuser -v \(olderCopy.name)), or name no older copy.")
                }
                try partial.write(
                    bytes[...], at: partial.blocks.bytes(entry.index..<entry.index + 1).lowerBound)
            }
            digest.add(entry.digest, at: entry.index)
        }
    }

    /// The told blocks that a run is about: every block of it was told.
    private mutating func answered(_ run: Run) throws(TransferError) -> [Holdings.Entry] {
        guard (1...UInt64(Window.blocks)).contains(run.count), run.first < .max - run.count else {
            throw .protocolBroken("a run has \(run.count) blocks")
        }
        let blocks = run.first..<run.first + run.count
        try advance(to: blocks)
        let entries = try holdings.take(blocks)
        guard entries.count == Int(run.count) else {
            throw .protocolBroken("a run from block \(run.first) has blocks that were not told")
        }
        return entries
    }

    private mutating func advance(to blocks: Range<UInt64>) throws(TransferError) {
        guard blocks.lowerBound >= position else {
            throw .protocolBroken("block \(blocks.lowerBound) came after block \(position)")
        }
        position = blocks.upperBound
    }

    private mutating func finish(_ close: Close) throws(TransferError) {
        try holdings.checkAllAnswered()
        report.join()
        guard close.size == size else { throw .protocolBroken("the file was closed with another size") }
        guard close.digest == digest.finalize() else {
            throw TransferError(
                .digestMismatch, "check the file", "what arrived of \(place.path.text) is not what was sent",
                hint: "Run the same command again. If it stays, check the memory and the disks of both hosts."
            )
        }
        try partial.store(mode: offer.mode, replacing: mayReplace)
        isStored = true
    }
}
