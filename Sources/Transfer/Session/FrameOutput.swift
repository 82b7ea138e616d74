import Synchronization

/// Sends frames, from several threads if need be. After an error frame or the end nothing more goes out.
final class FrameOutput: Sendable {
    /// An end that has nothing to say says so this often.
    private static let heartbeat = Duration.seconds(5)

    private struct State {
        var sequence: UInt64 = 0
        var isFinished = false
    }

    private let link: Link
    private let state = Mutex(State())
    private let count = Atomic<UInt64>(0)
    private let isOver = Monitor(false)

    init(_ link: Link) {
        self.link = link
    }

    /// Bytes that went out.
    var wireBytes: UInt64 { count.load(ordering: .relaxed) }

    /// - Throws: `stream-broken`.
    func send(_ frame: Frame) throws(TransferError) {
        try state.withLock { state throws(TransferError) in
            guard !state.isFinished else { return }
            try write(frame, &state)
        }
    }

    /// Tells the peer why this end gives up, as far as it still listens, and ends the stream.
    func fail(_ error: TransferError) {
        state.withLock { state in
            guard !state.isFinished else { return }
            // What the peer itself has said needs no answer.
            if error.side == .here { try? write(error.frame, &state) }
            state.isFinished = true
            link.finishOutput()
        }
        isOver.update { $0 = true }
    }

    func finish() {
        state.withLock { state in
            guard !state.isFinished else { return }
            state.isFinished = true
            link.finishOutput()
        }
        isOver.update { $0 = true }
    }

    /// Lets the peer know that this end lives, on a thread of its own, until the stream is over.
    func keepAlive() {
        SessionThreads().start {
            var sent = self.wireBytes
            while true {
                var isRested = false
                self.isOver.pause { isOver in
                    defer { isRested = true }
                    return isOver || isRested ? nil : Self.heartbeat
                }
                guard !self.isOver.update({ $0 }) else { return }
                if self.wireBytes == sent, (try? self.send(.alive)) == nil { return }
                sent = self.wireBytes
            }
        }
    }

    private func write(_ frame: Frame, _ state: inout State) throws(TransferError) {
        let body = frame.fixedBody
        let payload = frame.payload
        let header = FrameHeader(
            frame.type, bodyLength: body.count + payload.count, sequence: state.sequence, checked: body[...])
        try link.write((header.bytes + body)[...], payload)
        state.sequence += 1
        count.add(UInt64(FrameHeader.length + body.count + payload.count), ordering: .relaxed)
    }
}
