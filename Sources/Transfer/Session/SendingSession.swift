import FleetModel
import Synchronization

/// A running session of the sender: one thread reads what the peer says, one writes, some compress; the caller's
/// reads the files.
final class SendingSession: Sendable {
    private let sender: Sender
    private let output: FrameOutput
    private let pipeline: Pipeline
    private let inbox = Inbox()
    private let wireReceived = Atomic<UInt64>(0)

    init(_ sender: Sender) {
        self.sender = sender
        output = FrameOutput(sender.link)
        pipeline = Pipeline(capacity: 2 * sender.compressors + 2)
    }

    func run(_ files: [OutgoingFile]) throws(TransferError) -> TransferResult {
        // A peer that has gone already has said why: that is read first.
        try? output.send(.hello(Hello(versions: sender.versions, role: .sender, session: sender.session)))
        let readers = SessionThreads()
        let writers = SessionThreads()
        readers.start { self.read() }
        writers.start { self.write() }
        for _ in 0..<sender.compressors { writers.start { self.pipeline.compress() } }
        do {
            let sent = try conduct(files)
            writers.join()
            readers.join()
            return TransferResult(
                files: sent, wireSent: ByteCount(output.wireBytes),
                wireReceived: ByteCount(wireReceived.load(ordering: .relaxed)))
        } catch {
            pipeline.fail(error)
            writers.join()
            output.fail(error)
            readers.join()
            throw cause(of: error)
        }
    }

    /// A peer that gave up closes its end: what it said last tells more than the broken connection.
    private func cause(of error: TransferError) -> TransferError {
        guard error.code == .streamBroken, let failure = inbox.failure else { return error }
        return failure
    }

    private func conduct(_ files: [OutgoingFile]) throws(TransferError) -> [TransferredFile] {
        guard case .hello(let hello) = try inbox.take() else { throw .protocolBroken("no hello came first") }
        try hello.check(role: .receiver, session: hello.session == .any ? nil : sender.session)
        var sent: [TransferredFile] = []
        var covered: UInt64 = 0
        for (number, file) in files.enumerated() {
            var sending = try FileSending(
                UInt32(number), file, pipeline: pipeline, inbox: inbox, coveredBefore: covered)
            let size = try sending.run()
            covered += size
            sent.append(TransferredFile(place: file.place, size: ByteCount(size)))
        }
        try push(.bye)
        pipeline.finish()
        guard case .bye = try inbox.take() else { throw .protocolBroken("the end was not confirmed") }
        return sent
    }

    private func push(_ frame: Frame) throws(TransferError) {
        try pipeline.push(Pipeline.Piece(content: .frame(frame)))
    }

    // MARK: Threads

    private func read() {
        var input = FrameInput(sender.link, from: .receiver)
        do throws(TransferError) {
            let hello = try input.greeting(versions: sender.versions)
            if try WireVersion.common(sender.versions, hello.versions) >= FrameType.alive.since {
                output.keepAlive()
            }
            try inbox.put(.hello(hello))
            while true {
                let frame = try input.next()
                wireReceived.store(input.wireBytes, ordering: .relaxed)
                if case .error(let error) = frame { throw TransferError(error) }
                try inbox.put(frame)
                if case .bye = frame { return }
            }
        } catch {
            inbox.fail(error)
            pipeline.fail(error)
            if error.side == .here { input.drain() }
        }
    }

    private func write() {
        var digest = ContentDigest(size: 0)
        var covered: UInt64 = 0
        do {
            while let piece = try pipeline.pop() {
                for (index, block) in piece.digests { digest.add(block, at: index) }
                let before = output.wireBytes
                switch piece.content {
                case .frame(let frame):
                    if case .offer(let offer) = frame { digest = ContentDigest(size: offer.size) }
                    try output.send(frame)
                case .close(let file, let size):
                    try output.send(.close(Close(file: file, size: size, digest: digest.finalize())))
                case .raw, .compressing: break
                }
                covered = max(covered, piece.end)
                report(covered)
                sender.throttle.pass(Int(output.wireBytes - before)) { pipeline.hasFailed }
                sender.processors?.pass { pipeline.hasFailed }
            }
            output.finish()
        } catch {
            pipeline.fail(error)
        }
    }

    private func report(_ covered: UInt64) {
        sender.progress(
            TransferProgress(
                covered: ByteCount(covered), wireSent: ByteCount(output.wireBytes),
                wireReceived: ByteCount(wireReceived.load(ordering: .relaxed))))
    }
}

extension Hello {
    /// - Throws: `protocol-broken`, `wrong-session`.
    func check(role: Role, session: SessionID?) throws(TransferError) {
        guard self.role == role else { throw .protocolBroken("the other end is \(self.role.text)") }
        guard session == nil || session == self.session else {
            throw TransferError(
                .wrongSession, "agree on a session", "the other end takes part in another transfer",
                hint: "Run the same command again.")
        }
    }
}
