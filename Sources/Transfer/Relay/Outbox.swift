/// What a relay end has to say, and its threads: those of the streams put it in, some compress, one sends.
final class Outbox: Sendable {
    private struct State {
        var queue = SendQueue()
        /// A thread is sending what it took from the queue.
        var isSending = false
        var pace: SendingPace
        var isFinished = false
        var hasFailed = false
        var opened = 0
    }

    private struct Jobs {
        var waiting: [SendQueue.Job] = []
        var isOver = false
    }

    private let state: Monitor<State>
    private let jobs = Monitor(Jobs())

    init(_ compression: RelayCompression, compressors: Int) {
        state = Monitor(State(pace: SendingPace(compression, compressors: compressors)))
    }

    // MARK: Streams

    /// Adds a stream, unless there are too many.
    func open(_ open: StreamOpen, tells: Bool, atMost most: Int) -> Bool {
        state.update { state in
            guard state.queue.count < most, !state.hasFailed, !state.isFinished else { return false }
            state.queue.open(open, tells: tells)
            state.opened += 1
            return true
        }
    }

    /// Adds bytes of a stream. What is short is sent by the calling thread if it is its turn at once: a request that
    /// goes from thread to thread takes twice as long.
    ///
    /// - Throws: `stream-broken`.
    func push(_ bytes: [UInt8], of stream: UInt32, to output: FrameOutput) throws(TransferError) {
        guard bytes.count > SendQueue.small else { return try pushShort(bytes, of: stream, to: output) }
        let job = state.update { state in
            state.queue.push(bytes, of: stream, compressing: state.pace.compresses)
        }
        if let job { jobs.update { $0.waiting.append(job) } }
    }

    private func pushShort(
        _ bytes: [UInt8], of stream: UInt32, to output: FrameOutput
    ) throws(TransferError) {
        let frame = state.quietly { state -> Frame? in
            guard !state.isSending, !state.hasFailed, state.queue.isIdle else { return nil }
            _ = state.queue.push(bytes, of: stream, compressing: false)
            let frame = state.queue.next()
            state.isSending = frame != nil
            return frame
        }
        guard let frame else {
            return state.update { _ = $0.queue.push(bytes, of: stream, compressing: false) }
        }
        defer {
            let hasMore = state.quietly { state in
                state.isSending = false
                return !state.queue.isIdle || state.hasFailed || state.isFinished
            }
            if hasMore { state.update { _ in } }
        }
        try output.send(frame)
    }

    func shut(_ stream: UInt32, _ ending: StreamShut.Ending) {
        state.update { $0.queue.shut(stream, ending) }
    }

    func grant(_ credit: Int, for stream: UInt32) {
        if credit > 0 { state.update { $0.queue.grant(credit, for: stream) } }
    }

    func close(_ stream: UInt32) { state.update { $0.queue.close(stream) } }

    /// A stream waits for credit, or does so no more.
    func press(_ change: Int) { state.quietly { $0.pace.press(change, at: .now) } }

    // MARK: The session

    /// No stream is opened any more; sending ends with the last one.
    func finish() { state.update { $0.isFinished = true } }

    /// Ends all threads that use it.
    func fail() {
        state.update { $0.hasFailed = true }
        jobs.update { $0.isOver = true }
    }

    func setCompression(_ compression: RelayCompression) {
        state.update { $0.pace.compression = compression }
    }

    /// Waits until there are fewer streams than that.
    ///
    /// - Returns: `false` when it has failed meanwhile.
    func waitForFewer(than count: Int) -> Bool {
        state.wait { state in
            if state.hasFailed { return false }
            return state.queue.count < count ? true : nil
        }
    }

    /// Whether nothing is left to be sent, and nothing comes.
    var isDone: Bool { state.update { $0.isFinished && $0.queue.count == 0 } }

    var hasFailed: Bool { state.update { $0.hasFailed } }

    var summary: (opened: Int, open: Int, compresses: Bool) {
        state.quietly { ($0.opened, $0.queue.count, $0.pace.compresses) }
    }

    // MARK: Threads

    /// Sends until nothing follows. Frames leave in the order of the queue.
    ///
    /// - Throws: `stream-broken`.
    func send(to output: FrameOutput) throws(TransferError) {
        var sent: Int?
        while let frame = next(after: sent) {
            try output.send(frame)
            sent = frame.contentLength
        }
        jobs.update { $0.isOver = true }
    }

    // What was sent is the content of the frame before, which is out by now.
    private func next(after sent: Int?) -> Frame? {
        var sent = sent
        return state.wait { state -> Frame?? in
            if let content = sent.take() {
                state.isSending = false
                if content > 0 { state.pace.sent(content, at: .now) }
            }
            if state.hasFailed { return .some(nil) }
            guard !state.isSending else { return nil }
            if let frame = state.queue.next() {
                state.isSending = true
                if frame.contentLength > 0 { state.pace.sends(at: .now) }
                return .some(frame)
            }
            guard state.isFinished, state.queue.count == 0 else { return nil }
            return .some(nil)
        }
    }

    /// A compressor's life. It leaves the processors to others.
    func compress() {
        Niceness.giveWay()
        var compressor: StreamCompressor?
        while let job = takeJob() {
            let start = ContinuousClock.now
            // Without memory for a compressor, bytes pass as they are.
            if compressor == nil { compressor = try? StreamCompressor() }
            let bytes =
                compressor?.compress(job.bytes, of: job.stream)
                ?? StreamBytes(stream: job.stream, stored: job.bytes)
            let seconds = start.duration(to: .now) / .seconds(1)
            state.update { state in
                state.queue.finish(job, as: bytes)
                state.pace.compressed(job.bytes.count, to: bytes.payload.count, in: seconds)
            }
        }
    }

    private func takeJob() -> SendQueue.Job? {
        jobs.wait { jobs -> SendQueue.Job?? in
            if jobs.isOver { return .some(nil) }
            guard !jobs.waiting.isEmpty else { return nil }
            return .some(jobs.waiting.removeFirst())
        }
    }
}

extension Frame {
    /// Content that it carries for a stream.
    fileprivate var contentLength: Int {
        guard case .streamBytes(let bytes) = self else { return 0 }
        return Int(bytes.contentLength)
    }
}
