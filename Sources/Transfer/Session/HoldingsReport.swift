import SystemPackage

/// Tells the sender which blocks this end holds: of an unfinished file, and else of an older copy.
struct HoldingsReport: Sendable {
    let number: UInt32
    let partial: PartialFile
    let olderCopy: OlderCopy?
    let holdings: Holdings
    let output: FrameOutput

    /// Goes once through the file, no faster than the sender answers.
    func run() {
        do {
            try tell()
        } catch  where error.code == .streamBroken {
            // A sender that is gone has perhaps sent more than was read so far: that is taken in first, to its end.
            holdings.stop()
        } catch {
            // The sender must know, or it would wait for the rest of the report.
            holdings.fail(error)
            output.fail(error)
        }
    }

    private func tell() throws(TransferError) {
        var run = RunOfDigests(number: number, output: output)
        var places = Places(self)
        var silence: UInt64 = 0
        while let index = try places.next() {
            guard let (digest, origin) = try places.look(at: index) else {
                try run.flush()
                silence += 1
                guard holdings.look(upTo: index + 1) else { return }
                if silence.isMultiple(of: Window.silence) { try run.tellProgress(index + 1) }
                continue
            }
            if holdings.isFull { try run.flush() }
            guard holdings.add(Holdings.Entry(index: index, digest: digest, origin: origin)) else { return }
            try run.add(digest, at: index)
        }
        try run.flush()
        holdings.finish()
        try output.send(.haveEnd(file: number))
    }
}

/// Digests of consecutive blocks on their way into one frame.
private struct RunOfDigests {
    let number: UInt32
    let output: FrameOutput
    private var first: UInt64 = 0
    private var digests: [BlockDigest] = []

    init(number: UInt32, output: FrameOutput) {
        self.number = number
        self.output = output
    }

    mutating func add(_ digest: BlockDigest, at index: UInt64) throws(TransferError) {
        if first + UInt64(digests.count) != index { try flush() }
        if digests.isEmpty { first = index }
        digests.append(digest)
        if digests.count == Window.digestsInFrame { try flush() }
    }

    mutating func flush() throws(TransferError) {
        guard !digests.isEmpty else { return }
        try output.send(.have(Have(file: number, first: first, digests: digests)))
        digests = []
    }

    mutating func tellProgress(_ index: UInt64) throws(TransferError) {
        try output.send(.have(Have(file: number, first: index, digests: [])))
    }
}

/// Walks over the blocks that may have something in them.
private struct Places {
    private let partial: PartialFile
    private let olderCopy: OlderCopy?
    private var inPartial: Extents
    private var inOlderCopy: Extents?
    private var index: UInt64 = 0
    private var ofPartial: Range<UInt64>?
    private var ofOlderCopy: Range<UInt64>?

    init(_ report: HoldingsReport) {
        partial = report.partial
        olderCopy = report.olderCopy
        inPartial = Extents(partial.file, partial.blocks)
        inOlderCopy = olderCopy.map { Extents($0.file, $0.blocks) }
    }

    mutating func next() throws(TransferError) -> UInt64? {
        do {
            ofPartial = try inPartial.next(from: index)
        } catch {
            throw .file(partial.place, "read the unfinished file", error)
        }
        do {
            ofOlderCopy = try inOlderCopy?.next(from: index)
        } catch {
            throw .file(olderCopy?.name ?? "", "read the older copy", error)
        }
        guard let next = [ofPartial?.lowerBound, ofOlderCopy?.lowerBound].compactMap(\.self).min() else {
            return nil
        }
        index = next + 1
        return next
    }

    /// The digest of a block, and where it is; `nil` when it is zero.
    func look(at index: UInt64) throws(TransferError) -> (BlockDigest, Holdings.Origin)? {
        if let range = ofPartial, range.contains(index) {
            let bytes = try partial.read(index)
            if !bytes[...].isZero { return (BlockDigest(of: bytes[...]), .partial) }
        }
        if let olderCopy, let range = ofOlderCopy, range.contains(index) {
            let bytes = try olderCopy.read(index, of: partial.blocks)
            if !bytes[...].isZero { return (BlockDigest(of: bytes[...]), .olderCopy) }
        }
        return nil
    }
}
