/// What the sender was told and has not looked at yet.
///
/// Its reader never waits, so that no two full buffers hold each other up and an error is seen at once. It can
/// afford that, because a receiver tells of ``Window/blocks`` blocks at the most before they are answered.
final class Inbox: Sendable {
    private struct State {
        var frames: [Frame] = []
        var cost = 0
        var failure: TransferError?
    }

    private let state = Monitor(State())

    /// - Throws: `protocol-broken` when the peer tells more than it may unasked.
    func put(_ frame: Frame) throws(TransferError) {
        let fits = state.update { state in
            if let last = state.frames.last, last.isProgress, frame.isProgress {
                state.frames[state.frames.count - 1] = frame
                return true
            }
            state.frames.append(frame)
            state.cost += frame.cost
            return state.cost <= Window.inbox
        }
        guard fits else { throw .protocolBroken("the other end tells more than it was asked") }
    }

    /// Nothing follows, for that reason. What came before is still handed out.
    func fail(_ error: TransferError) {
        state.update { state in
            if state.failure == nil { state.failure = error }
        }
    }

    var isEmpty: Bool { state.update { $0.frames.isEmpty } }

    /// The reason why nothing follows, if the peer is done.
    var failure: TransferError? { state.update { $0.failure } }

    /// - Throws: why nothing follows.
    func take() throws(TransferError) -> Frame {
        try state.wait { state -> Result<Frame, TransferError>? in
            guard let first = state.frames.first else { return state.failure.map(Result.failure) }
            state.frames.removeFirst()
            state.cost -= first.cost
            return .success(first)
        }.get()
    }
}

/// How far a receiver may run ahead with telling what it holds.
enum Window {
    /// Blocks that it told of and that were not answered: 256 MiB of content, 160 KiB of digests.
    static let blocks = 4096
    /// Besides, some frames that are no answer to a block.
    static let inbox = 2 * blocks + 64
    /// Consecutive blocks told in one frame.
    static let digestsInFrame = 128
    /// After so many blocks of nothing the receiver says how far it has looked.
    static let silence: UInt64 = 16384
}

extension Frame {
    fileprivate var cost: Int {
        guard case .have(let have) = self else { return 1 }
        return max(have.digests.count, 1)
    }

    /// Whether it only says how far the receiver has looked.
    fileprivate var isProgress: Bool {
        guard case .have(let have) = self else { return false }
        return have.digests.isEmpty
    }
}
