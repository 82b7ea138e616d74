import Synchronization

extension RelaySession {
    /// On the source, a thread for each channel takes connections.
    func listen() {
        guard case .source(let listeners) = end else { return }
        for listener in listeners { streamThreads.start { self.accept(listener) } }
    }

    func stopListening() {
        guard case .source(let listeners) = end else { return }
        for listener in listeners { listener.stop() }
    }

    private func accept(_ listener: LocalListener) {
        // Whoever connects while there are too many waits in the socket's backlog.
        while outbox.waitForFewer(than: limits.streams), let socket = listener.accept() {
            guard let stream = open(channel: listener.channel.number, tells: true) else {
                socket.close(cleanly: false)
                continue
            }
            carry(stream, socket)
        }
    }

    /// Takes a frame about a stream.
    ///
    /// - Throws: `protocol-broken`, `refused`.
    func take(_ frame: Frame) throws(TransferError) {
        switch frame {
        case .streamOpen(let open): try take(open)
        case .streamBytes(let bytes):
            let delivered = try stream(bytes.stream)?.take(bytes) ?? 0
            contentReceived.add(UInt64(delivered), ordering: .relaxed)
        case .streamShut(let shut): try stream(shut.stream)?.take(shut)
        case .streamCredit(let credit): try stream(credit.stream)?.take(credit)
        default: throw .protocolBroken("a frame of type \(frame.type) came from a relay")
        }
    }

    private func take(_ open: StreamOpen) throws(TransferError) {
        guard case .destination(let channels) = end, open.stream == opened else {
            throw .protocolBroken("stream \(open.stream) was opened after \(opened) streams")
        }
        guard let channel = channels.first(where: { $0.number == open.channel }) else {
            throw .protocolBroken("a stream was opened in channel \(open.channel), which there is not")
        }
        guard let stream = self.open(channel: open.channel, tells: false) else {
            throw TransferError(
                .refused, "carry the connection", "more than \(limits.streams) were opened at a time",
                hint: "See what opens so many; no more are carried.")
        }
        streamThreads.start {
            // It may have to wait until somebody listens; the other streams do not.
            guard let socket = try? LocalSocket.connect(to: channel.path) else {
                stream.breakOff(nil)
                _ = stream.leave()
                return self.leave(stream)
            }
            self.carry(stream, socket)
        }
    }

    private func carry(_ stream: RelayStream, _ socket: LocalSocket) {
        stream.adopt(socket)
        start(stream) { () throws(TransferError) in
            try stream.carryOut(socket, to: self.output) {
                self.contentSent.add(UInt64($0), ordering: .relaxed)
            }
        }
        start(stream) { () throws(TransferError) in
            try stream.carryIn(socket, unless: self.signal) {
                self.contentReceived.add(UInt64($0), ordering: .relaxed)
            }
        }
    }

    /// A thread of a stream; when it fails, so does all.
    private func start(_ stream: RelayStream, _ body: @escaping @Sendable () throws(TransferError) -> Void) {
        streamThreads.start {
            do throws(TransferError) { try body() } catch {
                self.fail(error)
                self.link.end()
            }
            self.leave(stream)
        }
    }

    private func leave(_ stream: RelayStream) {
        if stream.leave() { forget(stream) }
    }
}
