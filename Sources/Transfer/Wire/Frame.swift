/// A frame's meaning. How it looks as bytes is in docs/wire.md and in Frame+Coding.
enum Frame: Sendable, Equatable {
    case hello(Hello)
    case error(PeerError)
    case bye
    case alive
    case offer(Offer)
    case have(Have)
    case haveEnd(file: UInt32)
    case data(DataRun)
    case zero(Run)
    case keep(Run)
    case close(Close)
    case stored(file: UInt32)
    case streamOpen(StreamOpen)
    case streamBytes(StreamBytes)
    case streamShut(StreamShut)
    case streamCredit(StreamCredit)

    var type: FrameType {
        switch self {
        case .hello: .hello
        case .error: .error
        case .bye: .bye
        case .alive: .alive
        case .offer: .offer
        case .have: .have
        case .haveEnd: .haveEnd
        case .data: .data
        case .zero: .zero
        case .keep: .keep
        case .close: .close
        case .stored: .stored
        case .streamOpen: .streamOpen
        case .streamBytes: .streamBytes
        case .streamShut: .streamShut
        case .streamCredit: .streamCredit
        }
    }
}

extension TransferError {
    /// What an error frame says.
    init(_ error: PeerError) {
        let code = Code(rawValue: error.code)
        self.init(
            code ?? .peerFailed, error.operation,
            code == nil ? "\(error.code): \(error.detail)" : error.detail,
            hint: error.hint.isEmpty ? nil : error.hint, side: .peer)
    }

    /// How this end tells it to the other.
    var frame: Frame {
        .error(
            PeerError(code: code.rawValue, operation: operation, detail: detail, hint: hint ?? ""))
    }
}
