/// What came over the link for one stream, and its socket has not taken yet: bounded by the credit that was
/// granted.
struct IncomingBytes: Sendable {
    enum Piece: Sendable, Equatable {
        case bytes(StreamBytes)
        case end
        case reset
    }

    private let window: Int
    private var pieces: [Piece] = []
    private var first = 0
    /// So much the peer may still send.
    private var allowance: Int
    /// Delivered, and no credit was given for it yet.
    private var owed = 0
    /// How the peer has shut its direction.
    private(set) var ending: StreamShut.Ending?

    /// - Parameter window: how much the peer may have on its way, once it was told.
    init(window: Int) {
        self.window = window
        allowance = StreamCredit.initial
    }

    /// What the peer is granted beyond what each stream begins with.
    mutating func greet() -> Int {
        let more = max(window - StreamCredit.initial, 0)
        allowance += more
        return more
    }

    /// - Throws: `protocol-broken` for more than was granted, and for bytes behind the end.
    mutating func add(_ bytes: StreamBytes) throws(TransferError) {
        guard ending == nil else { throw .protocolBroken("stream \(bytes.stream) goes on behind its end") }
        let count = Int(bytes.contentLength)
        guard count <= allowance else {
            throw .protocolBroken(
                "\(count) bytes of stream \(bytes.stream) came, and \(allowance) were granted")
        }
        allowance -= count
        if !joined(bytes) { pieces.append(.bytes(bytes)) }
    }

    /// Puts it behind the last piece, where both are small.
    private mutating func joined(_ bytes: StreamBytes) -> Bool {
        guard first < pieces.count, case .bytes(var last)? = pieces.last, last.takes(bytes) else {
            return false
        }
        // Held by one name at a time: a buffer with two owners would be copied for each byte.
        pieces[pieces.count - 1] = .end
        last.append(bytes)
        pieces[pieces.count - 1] = .bytes(last)
        return true
    }

    /// - Throws: `protocol-broken` for a second end.
    mutating func shut(_ shut: StreamShut) throws(TransferError) {
        guard ending == nil || (ending == .end && shut.ending == .reset) else {
            throw .protocolBroken("stream \(shut.stream) was shut twice")
        }
        ending = shut.ending
        pieces.append(shut.ending == .end ? .end : .reset)
    }

    /// The next piece in order, if there is one.
    mutating func next() -> Piece? {
        guard first < pieces.count else { return nil }
        defer {
            first += 1
            if first == pieces.count {
                pieces.removeAll(keepingCapacity: true)
                first = 0
            } else if first >= 64 {
                pieces.removeFirst(first)
                first = 0
            }
        }
        return pieces[first]
    }

    /// The socket has taken so much.
    ///
    /// - Returns: the credit to give for it; 0 while the peer has enough.
    mutating func delivered(_ count: Int) -> Int {
        owed += count
        guard owed >= window / 4, ending == nil else { return 0 }
        defer { owed = 0 }
        allowance += owed
        return owed
    }

    /// How many pieces wait, for tests.
    var count: Int { pieces.count - first }
}
