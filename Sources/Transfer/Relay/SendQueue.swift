import LZ4

/// What waits for the link at this end, and in which order it goes.
///
/// Of a stream, in the order in which it was read. Between streams: first what opens one and what gives credit, then
/// small messages (a request for a page, a reply of a disk), then bulk by turns, a frame each. How much waits is
/// bounded by the streams' credit.
struct SendQueue: Sendable {
    /// Bytes for a compressor, and where they belong.
    struct Job: Sendable {
        let stream: UInt32
        let number: Int
        let bytes: [UInt8]
    }

    enum Entry: Sendable, Equatable {
        case bytes(StreamBytes)
        case compressing
        case shut(StreamShut.Ending)
    }

    private struct Lane {
        var entries: [Entry] = []
        /// How many went out: tells where a compressor's piece is by now.
        var gone = 0
        var choice = CompressionChoice()
        var credit = 0
        /// Its socket has been closed: nothing comes any more.
        var isClosed = false

        /// Puts them behind the last ones, where both are few.
        mutating func append(_ bytes: StreamBytes) {
            guard case .bytes(var last)? = entries.last, last.takes(bytes) else {
                return entries.append(.bytes(bytes))
            }
            // Held by one name at a time: a buffer with two owners would be copied for each byte.
            entries[entries.count - 1] = .compressing
            last.append(bytes)
            entries[entries.count - 1] = .bytes(last)
        }
    }

    /// A message that goes before bulk: a page that a guest waits for in post-copy is one, with what QEMU puts
    /// around it.
    static let small = 8 << 10
    /// So many small ones in a row, then one of the others: nobody waits for ever.
    static let mostSmall = 16

    private var lanes: [UInt32: Lane] = [:]
    private var opens: [StreamOpen] = []
    private var credits: [UInt32] = []
    /// Lanes that have entries, by turns.
    private var turns: [UInt32] = []
    private var smallInARow = 0

    /// Streams of which something may still be sent.
    var count: Int { lanes.count }

    /// Whether nothing waits at all.
    var isIdle: Bool { opens.isEmpty && credits.isEmpty && turns.isEmpty }

    /// A stream begins; the end that opens it says so.
    mutating func open(_ open: StreamOpen, tells: Bool) {
        lanes[open.stream] = Lane()
        if tells { opens.append(open) }
    }

    /// The next bytes of a stream.
    ///
    /// - Returns: what a compressor has to do first, if they are to be compressed.
    mutating func push(_ bytes: [UInt8], of stream: UInt32, compressing: Bool) -> Job? {
        guard var lane = lanes[stream] else { return nil }
        lanes[stream] = nil
        defer { lanes[stream] = lane }
        if lane.entries.isEmpty { turns.append(stream) }
        // A choice is to be asked once for each.
        guard compressing, bytes.count >= StreamBytes.leastCompressed, lane.choice.next() == .compressed
        else {
            lane.append(StreamBytes(stream: stream, stored: bytes))
            return nil
        }
        lane.entries.append(.compressing)
        return Job(stream: stream, number: lane.gone + lane.entries.count - 1, bytes: bytes)
    }

    /// A compressor is done.
    mutating func finish(_ job: Job, as bytes: StreamBytes) {
        guard let place = lanes[job.stream].map({ job.number - $0.gone }) else { return }
        lanes[job.stream]?.entries[place] = .bytes(bytes)
        lanes[job.stream]?.choice.note(contentBytes: job.bytes.count, frameBytes: bytes.payload.count)
    }

    mutating func shut(_ stream: UInt32, _ ending: StreamShut.Ending) {
        guard let isEmpty = lanes[stream]?.entries.isEmpty else { return }
        if isEmpty { turns.append(stream) }
        lanes[stream]?.entries.append(.shut(ending))
    }

    mutating func grant(_ credit: Int, for stream: UInt32) {
        guard credit > 0, let known = lanes[stream]?.credit else { return }
        if known == 0 { credits.append(stream) }
        lanes[stream]?.credit += credit
    }

    /// The stream's socket is closed: when its last entry is out, it is forgotten.
    mutating func close(_ stream: UInt32) {
        guard let lane = lanes[stream] else { return }
        if lane.entries.isEmpty { lanes[stream] = nil } else { lanes[stream]?.isClosed = true }
    }

    /// The frame that goes next, if there is one that is ready.
    mutating func next() -> Frame? {
        if !opens.isEmpty { return .streamOpen(opens.removeFirst()) }
        while !credits.isEmpty {
            let stream = credits.removeFirst()
            guard let credit = lanes[stream]?.credit, credit > 0 else { continue }
            lanes[stream]?.credit = 0
            return .streamCredit(StreamCredit(stream: stream, bytes: UInt32(credit)))
        }
        guard let turn = nextTurn() else { return nil }
        return take(turn)
    }

    private mutating func nextTurn() -> Int? {
        var bulk: Int?
        for (turn, stream) in turns.enumerated() {
            switch lanes[stream]?.entries.first {
            case nil, .compressing: continue
            case .bytes(let bytes) where bytes.payload.count > Self.small:
                bulk = bulk ?? turn
            case .bytes, .shut:
                guard smallInARow < Self.mostSmall else { continue }
                smallInARow += 1
                return turn
            }
        }
        let goesOn = smallInARow >= Self.mostSmall
        smallInARow = 0
        if bulk == nil, goesOn { return nextTurn() }
        return bulk
    }

    private mutating func take(_ turn: Int) -> Frame? {
        let stream = turns.remove(at: turn)
        guard var lane = lanes[stream], let entry = lane.entries.first else { return nil }
        lanes[stream] = nil
        lane.entries.removeFirst()
        lane.gone += 1
        if !lane.entries.isEmpty { turns.append(stream) }
        if !lane.entries.isEmpty || !lane.isClosed { lanes[stream] = lane }
        switch entry {
        case .bytes(let bytes): return .streamBytes(bytes)
        case .shut(let ending): return .streamShut(StreamShut(stream: stream, ending: ending))
        case .compressing: return nil
        }
    }
}
