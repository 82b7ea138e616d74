import Synchronization

/// A running end of a relay: the caller's thread reads the link, one writes to it, some compress, one for each channel
/// takes connections, and two for each stream carry its bytes.
final class RelaySession: Sendable {
    enum End: Sendable {
        case source([LocalListener])
        case destination([RelayChannel])

        var role: Hello.Role {
            switch self {
            case .source: .relaySource
            case .destination: .relayDestination
            }
        }

        var peer: Hello.Role {
            switch self {
            case .source: .relayDestination
            case .destination: .relaySource
            }
        }
    }

    private struct Table {
        var streams: [UInt32: RelayStream] = [:]
        /// How many were opened: the next one's number.
        var opened: UInt32 = 0
        var isFinishing = false
        /// Why it ends early, as far as this end knows.
        var failure: TransferError?
    }

    let link: Link
    let end: End
    let limits: RelayLimits
    let outbox: Outbox
    let signal: Signal
    let contentSent = Atomic<UInt64>(0)
    let contentReceived = Atomic<UInt64>(0)
    let streamThreads = SessionThreads()
    private let session: SessionID
    let output: FrameOutput
    private let wireReceived = Atomic<UInt64>(0)
    private let table = Mutex(Table())

    /// - Throws: `out-of-memory`.
    init(
        _ end: End, _ link: Link, _ session: SessionID, _ limits: RelayLimits, _ compression: RelayCompression
    ) throws(TransferError) {
        self.end = end
        self.link = link
        self.session = session
        self.limits = limits
        outbox = Outbox(compression, compressors: limits.compressors)
        output = FrameOutput(link)
        signal = try Signal()
        link.prefersLatency()
    }

    deinit { stopListening() }

    func run(greeted: () -> Void) throws(TransferError) -> RelayCounters {
        // A peer that has gone already has said why: that is read first.
        try? output.send(.hello(Hello(versions: WireVersion.known, role: end.role, session: session)))
        let senders = SessionThreads()
        senders.start { self.send() }
        for _ in 0..<max(limits.compressors, 1) { senders.start { self.outbox.compress() } }
        var input = FrameInput(link, from: end.peer)
        do throws(TransferError) {
            try converse(&input, greeted)
            streamThreads.join()
            senders.join()
            // What went wrong since then, if anything did.
            if let failure = table.withLock({ $0.failure }) { throw failure }
            return counters
        } catch {
            // First of all nobody waits for a link that is no more; to tell the peer may take time.
            let cause = fail(error)
            streamThreads.join()
            if cause.code == .streamBroken { link.end() }
            output.fail(cause)
            senders.join()
            if cause.side == .here { input.drain() }
            throw cause
        }
    }

    private func converse(_ input: inout FrameInput, _ greeted: () -> Void) throws(TransferError) {
        let hello = try input.greeting(versions: WireVersion.known)
        let isOurs = session == .any || hello.session == .any
        try hello.check(role: end.peer, session: isOurs ? nil : session)
        greeted()
        // A guest may have nothing to say for long; QEMU is to learn soon that the link is dead all the same.
        output.keepAlive()
        listen()
        while true {
            let frame = try input.next()
            wireReceived.store(input.wireBytes, ordering: .relaxed)
            switch frame {
            case .error(let error): throw TransferError(error)
            case .bye:
                try part()
                return
            default: try take(frame)
            }
        }
    }

    /// The other end has said goodbye.
    private func part() throws(TransferError) {
        switch end {
        case .destination:
            guard table.withLock({ $0.streams.values.allSatisfy(\.isOverAtPeer) }) else {
                throw .protocolBroken("the other end left while a stream was open")
            }
            outbox.finish()
        case .source:
            guard outbox.isDone else { throw .protocolBroken("the other end left before it was let go") }
        }
    }

    private func send() {
        do throws(TransferError) {
            try outbox.send(to: output)
            guard !outbox.hasFailed else { return }
            try output.send(.bye)
            output.finish()
        } catch {
            fail(error)
            link.end()
        }
    }

    // MARK: Ending

    func finish() {
        // The destination follows the source's goodbye.
        guard case .source = end else { return }
        stopListening()
        outbox.finish()
    }

    func end(_ detail: String = "it was ended on this host") {
        fail(.streamBroken(detail))
        link.end()
    }

    /// Resets every socket, and lets all threads end.
    ///
    /// - Returns: why, which is what went wrong first.
    @discardableResult
    func fail(_ error: TransferError) -> TransferError {
        let (cause, streams) = table.withLock { table in
            // What the other end says tells more than that the link broke.
            let known = table.failure.flatMap { $0.code == .streamBroken && error.side == .peer ? nil : $0 }
            let cause = known ?? error
            table.failure = cause
            return (cause, Array(table.streams.values))
        }
        signal.give()
        for stream in streams { stream.abandon() }
        outbox.fail()
        stopListening()
        return cause
    }

    // MARK: Streams

    /// Makes a stream of the next number, if one may be made.
    func open(channel: UInt16, tells: Bool) -> RelayStream? {
        table.withLock { table in
            guard table.failure == nil, table.opened < .max,
                outbox.open(
                    StreamOpen(stream: table.opened, channel: channel), tells: tells, atMost: limits.streams)
            else { return nil }
            let stream = RelayStream(table.opened, window: limits.window, outbox: outbox)
            table.streams[table.opened] = stream
            table.opened += 1
            return stream
        }
    }

    /// The stream of a frame; `nil` when it is over.
    ///
    /// - Throws: `protocol-broken` when there has been none.
    func stream(_ number: UInt32) throws(TransferError) -> RelayStream? {
        let (stream, opened) = table.withLock { ($0.streams[number], $0.opened) }
        guard number < opened else { throw .protocolBroken("stream \(number) was never opened") }
        return stream
    }

    var opened: UInt32 { table.withLock { $0.opened } }

    func forget(_ stream: RelayStream) { table.withLock { $0.streams[stream.number] = nil } }

    var counters: RelayCounters {
        let summary = outbox.summary
        return RelayCounters(
            sent: .init(content: contentSent.load(ordering: .relaxed), wire: output.wireBytes),
            received: .init(
                content: contentReceived.load(ordering: .relaxed),
                wire: wireReceived.load(ordering: .relaxed)),
            opened: summary.opened, open: summary.open, compresses: summary.compresses)
    }
}
