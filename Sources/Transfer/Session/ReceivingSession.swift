import FleetModel

/// A running session of the receiver: the caller's thread reads and stores, another one tells what is held.
struct ReceivingSession: ~Copyable {
    private let receiver: Receiver
    private let output: FrameOutput
    private var stored: [TransferredFile] = []
    private var arriving: ArrivingFile?
    private var decompressor: BlockDecompressor

    /// - Throws: `out-of-memory`.
    init(_ receiver: Receiver) throws(TransferError) {
        decompressor = try BlockDecompressor()
        self.receiver = receiver
        output = FrameOutput(receiver.link)
    }

    mutating func run() throws(TransferError) -> TransferResult {
        var input = FrameInput(receiver.link, from: .sender)
        do {
            // A peer that has gone already has said why: that is read first.
            try? output.send(
                .hello(
                    Hello(
                        versions: receiver.versions, role: .receiver, session: receiver.session ?? .any)))
            try converse(&input)
            output.finish()
            return TransferResult(
                files: stored, wireSent: ByteCount(output.wireBytes), wireReceived: ByteCount(input.wireBytes)
            )
        } catch {
            let cause = arriving?.failure ?? error
            // First of all nothing is left behind; to tell the peer may take time.
            arriving?.abandon(keeping: receiver.policy.resumes && cause.leavesUsefulBlocks)
            output.fail(cause)
            arriving?.waitUntilTold()
            if cause.side == .here { input.drain() }
            throw cause
        }
    }

    private mutating func converse(_ input: inout FrameInput) throws(TransferError) {
        let hello = try input.greeting(versions: receiver.versions)
        try hello.check(role: .sender, session: receiver.session)
        let version = try WireVersion.common(receiver.versions, hello.versions)
        if version >= FrameType.alive.since { output.keepAlive() }
        while true {
            let frame = try input.next()
            switch frame {
            case .error(let error):
                throw TransferError(error)
            case .offer(let offer) where arriving == nil:
                guard Int(offer.file) == stored.count, stored.count < receiver.policy.mostFiles else {
                    throw .protocolBroken("file \(offer.file) was offered after \(stored.count) files")
                }
                arriving = try ArrivingFile(offer, receiver.policy, output: output, version: version)
            case .bye where arriving == nil:
                try output.send(.bye)
                return
            default:
                guard try arriving?.take(frame, &decompressor) != nil else {
                    throw .protocolBroken("a frame of type \(frame.type) came while no file was sent")
                }
                try finishFile()
            }
        }
    }

    private mutating func finishFile() throws(TransferError) {
        guard let file = arriving, file.isStored else { return }
        arriving = nil
        stored.append(TransferredFile(place: file.place, size: ByteCount(file.size)))
        try output.send(.stored(file: file.number))
    }
}

extension TransferError {
    /// Whether blocks that have arrived before it are worth keeping. Of a peer that breaks the protocol, or whose
    /// digests are not those of its data, nothing is kept.
    fileprivate var leavesUsefulBlocks: Bool {
        switch code {
        case .streamBroken, .frameDamaged, .noSpace, .diskFailed: true
        default: side == .peer
        }
    }
}
