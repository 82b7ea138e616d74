/// Blocks that the sender was told of and has not answered: the thread that tells adds them, the one that stores
/// takes them out.
final class Holdings: Sendable {
    enum Origin: Sendable {
        /// An earlier attempt left it where it belongs.
        case partial
        case olderCopy
    }

    struct Entry: Sendable {
        let index: UInt64
        let digest: BlockDigest
        let origin: Origin
    }

    private struct State {
        var entries: [Entry] = []
        /// Below this every block has been looked at.
        var looked: UInt64 = 0
        var isOver = false
        var failure: TransferError?
    }

    private let state = Monitor(State())

    /// Why telling came to an early end.
    var failure: TransferError? { state.update { $0.failure } }

    // MARK: The thread that tells

    var isFull: Bool { state.update { $0.entries.count >= Window.blocks } }

    /// Adds a block, and waits while too many have no answer.
    ///
    /// - Returns: `false` when nobody wants to know any more.
    func add(_ entry: Entry) -> Bool {
        state.wait { state in
            if state.isOver { return false }
            guard state.entries.count < Window.blocks else { return nil }
            state.entries.append(entry)
            state.looked = entry.index + 1
            return true
        }
    }

    /// - Returns: `false` when nobody wants to know any more.
    func look(upTo index: UInt64) -> Bool {
        state.update { state in
            state.looked = index
            return !state.isOver
        }
    }

    func finish() {
        state.update { state in
            state.looked = .max
            state.isOver = true
        }
    }

    func fail(_ error: TransferError) {
        state.update { state in
            if state.failure == nil { state.failure = error }
            state.isOver = true
        }
    }

    // MARK: The thread that stores

    /// Nobody wants to know any more.
    func stop() { state.update { $0.isOver = true } }

    /// Takes out the told blocks of a range, once all of it has been looked at. The peer has answered all those
    /// before it. Nobody waits for each other: a range has no more blocks than may be told without an answer.
    ///
    /// - Throws: `protocol-broken` when it has not, and why telling came to an early end.
    func take(_ range: Range<UInt64>) throws(TransferError) -> [Entry] {
        try state.wait { state -> Result<[Entry], TransferError>? in
            if let failure = state.failure { return .failure(failure) }
            if let first = state.entries.first, first.index < range.lowerBound {
                return .failure(.protocolBroken("block \(first.index) was told and got no answer"))
            }
            guard range.upperBound <= state.looked else { return nil }
            let count = state.entries.firstIndex { $0.index >= range.upperBound } ?? state.entries.count
            defer { state.entries.removeFirst(count) }
            return .success(Array(state.entries.prefix(count)))
        }.get()
    }

    /// - Throws: `protocol-broken` when a block has no answer, or the thread that tells is not done.
    func checkAllAnswered() throws(TransferError) {
        guard try take(UInt64.max..<UInt64.max).isEmpty else {
            throw .protocolBroken("the file was closed while a block had no answer")
        }
    }
}
