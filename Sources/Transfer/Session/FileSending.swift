import SystemPackage

/// Sends one file: reads it in order, and says of each block what the receiver needs.
struct FileSending {
    /// Blocks that are read at once, and that one data frame has at the most: 512 KiB. Each is compressed by itself, so
    /// fewer cost bytes; with more, one answer to whether it shrinks covers too much.
    private static let chunk: UInt64 = 8

    private enum Answer {
        case data, keep, zero
    }

    /// Consecutive blocks with one answer, not sent yet.
    private struct Pending {
        let answer: Answer
        let first: UInt64
        var count: UInt64 = 0
        var bytes: [UInt8] = []
        var digests: [(index: UInt64, digest: BlockDigest)] = []
    }

    private let number: UInt32
    private let outgoing: OutgoingFile
    private let source: SourceFile
    private let pipeline: Pipeline
    private let inbox: Inbox
    private let coveredBefore: UInt64
    private var peer: HeldAtPeer
    private var pending: Pending?

    init(
        _ number: UInt32, _ outgoing: OutgoingFile, pipeline: Pipeline, inbox: Inbox, coveredBefore: UInt64
    ) throws(TransferError) {
        self.number = number
        self.outgoing = outgoing
        self.pipeline = pipeline
        self.inbox = inbox
        self.coveredBefore = coveredBefore
        source = try SourceFile(outgoing.source)
        peer = HeldAtPeer(file: number, inbox)
    }

    /// - Returns: the file's size.
    mutating func run() throws(TransferError) -> UInt64 {
        let blocks = source.blocks
        try push(
            .frame(
                .offer(
                    Offer(
                        file: number, root: UInt16(clamping: outgoing.place.root), mode: source.mode,
                        size: blocks.fileSize, blockSize: UInt32(Blocks.size), replaces: outgoing.replaces,
                        path: outgoing.place.path))), upTo: 0)
        var extents = Extents(source.file, blocks)
        var index: UInt64 = 0
        while let extent = try next(&extents, from: index) {
            try clear(below: extent.lowerBound)
            let chunk = extent.lowerBound..<min(extent.lowerBound + Self.chunk, extent.upperBound)
            try answer(chunk)
            index = chunk.upperBound
        }
        try clear(below: blocks.count)
        guard try heldByPeer(below: .max) == nil else {
            throw .protocolBroken("the other end holds blocks beyond the end of the file")
        }
        try flush()
        try source.checkUnchanged()
        try push(.close(file: number, size: blocks.fileSize), upTo: blocks.count)
        guard case .stored(number) = try inbox.take() else {
            throw .protocolBroken("the file was not confirmed")
        }
        return blocks.fileSize
    }

    /// Says of a few consecutive blocks what each of them is.
    private mutating func answer(_ chunk: Range<UInt64>) throws(TransferError) {
        let bytes = try source.read(chunk)
        for index in chunk {
            let start = Int((index - chunk.lowerBound) * Blocks.size)
            let block = bytes[start..<min(start + Int(Blocks.size), bytes.count)]
            if block.isZero {
                try clear(below: index + 1)
            } else if let held = try heldByPeer(below: index + 1) {
                let digest = BlockDigest(of: block)
                if held.digest == digest {
                    try extend(.keep, index) { $0.digests.append((index, digest)) }
                } else {
                    try extend(.data, index) { $0.bytes += block }
                }
            } else {
                try extend(.data, index) { $0.bytes += block }
            }
        }
        if case .data = pending?.answer { try flush() }
    }

    /// Tells the receiver which of its blocks are zero here.
    private mutating func clear(below limit: UInt64) throws(TransferError) {
        while let held = try heldByPeer(below: limit) { try extend(.zero, held.index) { _ in } }
    }

    /// The next block below a limit that the receiver holds and that has no answer yet.
    private mutating func heldByPeer(
        below limit: UInt64
    ) throws(TransferError) -> (index: UInt64, digest: BlockDigest)? {
        while !peer.knows(below: limit) {
            // The receiver runs ahead by a limited number of blocks: it may be waiting for these answers.
            if inbox.isEmpty { try flush() }
            try peer.listen()
        }
        return peer.take(below: limit)
    }

    private mutating func extend(
        _ answer: Answer, _ index: UInt64, _ add: (inout Pending) -> Void
    ) throws(TransferError) {
        if let open = pending, open.answer != answer || open.first + open.count != index { try flush() }
        var open = pending ?? Pending(answer: answer, first: index)
        // Held by one name at a time: a buffer with two owners would be copied for each block.
        pending = nil
        add(&open)
        open.count += 1
        pending = open
    }

    private mutating func flush() throws(TransferError) {
        guard let open = pending else { return }
        pending = nil
        let run = Run(file: number, first: open.first, count: open.count)
        let content: Pipeline.Content =
            switch open.answer {
            case .data: .raw(file: number, offset: open.first * Blocks.size, bytes: open.bytes)
            case .keep: .frame(.keep(run))
            case .zero: .frame(.zero(run))
            }
        try push(content, open.digests, upTo: open.first + open.count)
    }

    private func push(
        _ content: Pipeline.Content, _ digests: [(index: UInt64, digest: BlockDigest)] = [],
        upTo block: UInt64
    ) throws(TransferError) {
        let end = coveredBefore + source.blocks.bytes(0..<block).upperBound
        try pipeline.push(Pipeline.Piece(content: content, digests: digests, end: end))
    }

    private func next(_ extents: inout Extents, from index: UInt64) throws(TransferError) -> Range<UInt64>? {
        do {
            return try extents.next(from: index)
        } catch {
            throw .file(source.name, "read the file to send", error)
        }
    }
}
