/// What the receiver holds of a file, looked up in ascending order while it is still telling.
struct HeldAtPeer {
    private let file: UInt32
    private let inbox: Inbox
    private var first: UInt64 = 0
    private var digests: ArraySlice<BlockDigest> = []
    /// Below this nothing follows.
    private var looked: UInt64 = 0

    init(file: UInt32, _ inbox: Inbox) {
        self.file = file
        self.inbox = inbox
    }

    /// Whether it is known which blocks below a limit the receiver holds.
    func knows(below limit: UInt64) -> Bool { !digests.isEmpty || looked >= limit }

    /// Waits for what it says next.
    ///
    /// - Throws: `protocol-broken`, and what ended the session.
    mutating func listen() throws(TransferError) {
        try read(try inbox.take())
    }

    /// Takes out the next block below a limit, once that much is known; `nil` when it holds none there.
    mutating func take(below limit: UInt64) -> (index: UInt64, digest: BlockDigest)? {
        guard let digest = digests.first, first < limit else { return nil }
        defer {
            digests = digests.dropFirst()
            first += 1
        }
        return (first, digest)
    }

    private mutating func read(_ frame: Frame) throws(TransferError) {
        switch frame {
        case .have(let have) where have.file == file && have.first >= looked:
            first = have.first
            let (end, overflow) = have.first.addingReportingOverflow(UInt64(have.digests.count))
            guard !overflow else { throw .protocolBroken("the other end holds blocks beyond every file") }
            digests = have.digests[...]
            looked = end
        case .haveEnd(let ended) where ended == file:
            looked = .max
        default:
            throw .protocolBroken("a frame of type \(frame.type) came while blocks were told")
        }
    }
}
