import LZ4

/// One of QEMU's connections: a thread carries what its socket says to the link, another one what came to the socket.
final class RelayStream: Sendable {
    private struct State {
        /// Of the other end: so much may still be sent to it.
        var credit = StreamCredit.initial
        var incoming: IncomingBytes
        var socket: LocalSocket?
        /// It ends, and not as QEMU would end it: nothing of it is carried any more.
        var isBroken = false
        /// A thread is writing what it took from there.
        var isDelivering = false
        /// This end has shut its direction.
        var isShut = false
        /// Its socket has taken all that came.
        var isDelivered = false
        var threads = 2
    }

    let number: UInt32
    private let outbox: Outbox
    private let state: Monitor<State>

    init(_ number: UInt32, window: Int, outbox: Outbox) {
        self.number = number
        self.outbox = outbox
        state = Monitor(State(incoming: IncomingBytes(window: window)))
        let more = state.update { $0.incoming.greet() }
        outbox.grant(more, for: number)
    }

    // MARK: What the other end says

    /// Takes bytes for the socket. What is short goes there at once, if nothing waits before it.
    ///
    /// - Returns: how much has gone there.
    /// - Throws: `protocol-broken`.
    func take(_ bytes: StreamBytes) throws(TransferError) -> Int {
        let credit = try state.quietly { state in
            Result { () throws(TransferError) in
                let isNext = state.incoming.count == 0 && !state.isDelivering && !state.isBroken
                try state.incoming.add(bytes)
                guard isNext, bytes.encoding == .stored, bytes.payload.count <= SendQueue.small,
                    state.socket?.writeAtOnce(bytes.payload) == true
                else { return Int?.none }
                _ = state.incoming.next()
                return state.incoming.delivered(bytes.payload.count)
            }
        }.get()
        guard let credit else {
            state.update { _ in }
            return 0
        }
        outbox.grant(credit, for: number)
        return bytes.payload.count
    }

    /// - Throws: `protocol-broken`.
    func take(_ shut: StreamShut) throws(TransferError) {
        try state.update { state in
            Result { () throws(TransferError) in
                try state.incoming.shut(shut)
                // Nobody is there any more to find it behind the end.
                guard shut.ending == .reset, state.isDelivered else { return }
                state.isBroken = true
                state.socket?.stopReading()
            }
        }.get()
    }

    /// - Throws: `protocol-broken` for more than anybody needs.
    func take(_ credit: StreamCredit) throws(TransferError) {
        let isSane = state.update { state in
            guard credit.bytes > 0, Int(credit.bytes) <= StreamCredit.most - state.credit else {
                return false
            }
            state.credit += Int(credit.bytes)
            return true
        }
        guard isSane else {
            throw .protocolBroken("stream \(number) was granted \(credit.bytes) bytes more than sensible")
        }
    }

    /// Whether nothing about it is to be expected from the other end any more.
    var isOverAtPeer: Bool {
        state.update { state in
            switch state.incoming.ending {
            case .reset: true
            case .end: state.isShut || state.isBroken
            case nil: state.isBroken
            }
        }
    }

    /// The session is over: the socket breaks, whatever was on its way.
    func abandon() {
        state.update { state in
            state.isBroken = true
            state.socket?.stopReading()
        }
    }

    // MARK: Threads

    /// The socket is there.
    func adopt(_ socket: LocalSocket) {
        state.update { state in
            state.socket = socket
            if state.isBroken { socket.stopReading() }
        }
    }

    /// Carries what the socket says until it ends.
    ///
    /// - Throws: `stream-broken`.
    func carryOut(
        _ socket: LocalSocket, to output: FrameOutput, counting: (Int) -> Void
    ) throws(TransferError) {
        while let room = takeRoom() {
            switch socket.read(atMost: min(room, Self.longestRead)) {
            case .bytes(let bytes):
                state.quietly { $0.credit -= bytes.count }
                counting(bytes.count)
                try outbox.push(bytes, of: number, to: output)
            case .end:
                let isClean = state.update { state in
                    defer { state.isShut = true }
                    return !state.isBroken
                }
                if isClean { outbox.shut(number, .end) }
                return
            case .broken:
                breakOff(socket)
                return
            }
        }
    }

    /// Carries what came to the socket until it ends.
    func carryIn(_ socket: LocalSocket, unless signal: Signal, counting: (Int) -> Void) throws(TransferError)
    {
        var decompressor: BlockDecompressor?
        while let piece = nextPiece() {
            switch piece {
            case .bytes(let bytes):
                let content = try bytes.content(&decompressor)
                guard socket.write(content, unless: signal) else { return breakOff(socket) }
                counting(content.count)
                let credit = state.quietly { state in
                    state.isDelivering = false
                    return state.incoming.delivered(content.count)
                }
                outbox.grant(credit, for: number)
            case .end:
                socket.finishWriting()
                state.update { $0.isDelivered = true }
                return
            case .reset:
                state.update { $0.isBroken = true }
                socket.stopReading()
                return
            }
        }
    }

    /// Says that a thread has ended.
    ///
    /// - Returns: whether it was the last one; then the socket is closed.
    func leave() -> Bool {
        let (isLast, socket, isBroken) = state.update { state in
            state.threads -= 1
            // Taken out: its number may be another socket's as soon as it is closed.
            return (state.threads == 0, state.threads == 0 ? state.socket.take() : nil, state.isBroken)
        }
        guard isLast else { return false }
        socket?.close(cleanly: !isBroken)
        outbox.close(number)
        return true
    }

    /// The socket broke, or there is none: the other end is told.
    func breakOff(_ socket: LocalSocket?) {
        let isNew = state.update { state in
            defer { state.isBroken = true }
            return !state.isBroken
        }
        if isNew { outbox.shut(number, .reset) }
        socket?.stopReading()
    }

    private static let longestRead = 128 << 10

    private func takeRoom() -> Int? {
        let (room, isOver) = state.quietly { ($0.credit, $0.isBroken) }
        if isOver { return nil }
        if room > 0 { return room }
        outbox.press(1)
        defer { outbox.press(-1) }
        return state.wait { state -> Int?? in
            if state.isBroken { return .some(nil) }
            guard state.credit > 0 else { return nil }
            return .some(state.credit)
        }
    }

    private func nextPiece() -> IncomingBytes.Piece? {
        state.wait { state -> IncomingBytes.Piece?? in
            if state.isBroken { return .some(nil) }
            guard let piece = state.incoming.next() else { return nil }
            state.isDelivering = true
            return .some(piece)
        }
    }
}

extension StreamBytes {
    /// What was sent. Most streams never need a decompressor.
    ///
    /// - Throws: `frame-damaged`, `out-of-memory`.
    fileprivate func content(
        _ decompressor: inout BlockDecompressor?
    ) throws(TransferError) -> ArraySlice<UInt8> {
        guard encoding == .lz4 else { return payload }
        var ready =
            if let known = decompressor.take() { known } else {
                try BlockDecompressor(longestContent: Self.longestContent, blockSize: .kibibytes256)
            }
        let content = try ready.decompress(payload, length: Int(contentLength))
        decompressor = consume ready
        return content[...]
    }
}
