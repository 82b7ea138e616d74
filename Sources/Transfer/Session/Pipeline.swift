/// What the sender has to say, in order. Content is compressed on several threads meanwhile; few pieces are in
/// flight, so that memory stays bounded whatever the file and the link are like.
final class Pipeline: Sendable {
    /// A piece with what it tells of the file.
    struct Piece: Sendable {
        var content: Content
        /// Digests of blocks that are not zero, for the digest over the file.
        var digests: [(index: UInt64, digest: BlockDigest)] = []
        /// Up to where the file is covered when this is sent.
        var end: UInt64 = 0
    }

    enum Content: Sendable {
        case frame(Frame)
        /// Consecutive blocks that are not zero.
        case raw(file: UInt32, offset: UInt64, bytes: [UInt8])
        case compressing
        /// The file has been read. Its close frame needs the digest, which the writer adds up.
        case close(file: UInt32, size: UInt64)
    }

    private struct State {
        var pieces: [Piece] = []
        /// Of the pieces, those before this one have been taken by a compressor.
        var untaken = 0
        /// How many pieces went out: tells a compressor where its piece is now.
        var gone = 0
        var isFinished = false
        var failure: TransferError?
    }

    private let capacity: Int
    private let state = Monitor(State())

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Adds a piece; waits while enough is in flight.
    ///
    /// - Throws: what the pipeline was ended with.
    func push(_ piece: Piece) throws(TransferError) {
        try state.wait { state -> Result<Void, TransferError>? in
            if let failure = state.failure { return .failure(failure) }
            guard state.pieces.count < capacity else { return nil }
            state.pieces.append(piece)
            return .success(())
        }.get()
    }

    /// Says that no piece follows.
    func finish() { state.update { $0.isFinished = true } }

    /// Ends all threads that use it. What was pushed and has not gone out is dropped.
    func fail(_ error: TransferError) {
        state.update { state in
            if state.failure == nil { state.failure = error }
        }
    }

    var hasFailed: Bool { state.update { $0.failure != nil } }

    /// The next piece in order, once it is ready; `nil` when none follows.
    ///
    /// - Throws: what the pipeline was ended with.
    func pop() throws(TransferError) -> Piece? {
        try state.wait { state -> Result<Piece?, TransferError>? in
            if let failure = state.failure { return .failure(failure) }
            guard let first = state.pieces.first else { return state.isFinished ? .success(nil) : nil }
            guard first.isReady else { return nil }
            state.pieces.removeFirst()
            state.gone += 1
            state.untaken = max(state.untaken - 1, 0)
            return .success(first)
        }.get()
    }

    /// A compressor's life: takes raw pieces until none follows.
    func compress() {
        do {
            var compressor = try BlockCompressor()
            while let (number, piece) = takeRaw() {
                let ready = try piece.compressed(by: &compressor)
                state.update { state in
                    if state.failure == nil { state.pieces[number - state.gone] = ready }
                }
            }
        } catch {
            fail(error)
        }
    }

    private func takeRaw() -> (number: Int, piece: Piece)? {
        state.wait { state -> (number: Int, piece: Piece)?? in
            if state.failure != nil { return .some(nil) }
            while state.untaken < state.pieces.count {
                let place = state.untaken
                state.untaken += 1
                let piece = state.pieces[place]
                guard case .raw = piece.content else { continue }
                state.pieces[place].content = .compressing
                return (state.gone + place, piece)
            }
            return state.isFinished ? .some(nil) : nil
        }
    }
}

extension Pipeline.Piece {
    fileprivate var isReady: Bool {
        switch content {
        case .frame, .close: true
        case .raw, .compressing: false
        }
    }

    fileprivate func compressed(by compressor: inout BlockCompressor) throws(TransferError) -> Self {
        guard case .raw(let file, let offset, let bytes) = content else { return self }
        var piece = self
        let size = Int(Blocks.size)
        for start in stride(from: 0, to: bytes.count, by: size) {
            let block = bytes[start..<min(start + size, bytes.count)]
            piece.digests.append((offset / Blocks.size + UInt64(start / size), BlockDigest(of: block)))
        }
        piece.content = .frame(
            .data(
                DataRun(
                    file: file, contentLength: UInt32(bytes.count), offset: offset,
                    payload: try compressor.compress(bytes))))
        return piece
    }
}
