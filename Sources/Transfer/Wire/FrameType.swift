/// The kinds of frames. The numbers are the protocol's and never change; docs/wire.md lists them.
enum FrameType: UInt8, Sendable, CaseIterable {
    case hello = 0x01
    case error = 0x02
    case bye = 0x03
    case alive = 0x04
    case offer = 0x10
    case have = 0x11
    case haveEnd = 0x12
    case data = 0x13
    case zero = 0x14
    case keep = 0x15
    case close = 0x16
    case stored = 0x17
    case streamOpen = 0x20
    case streamBytes = 0x21
    case streamShut = 0x22
    case streamCredit = 0x23

    /// How long a body may be. It is checked before anything is allocated.
    var bodyLengths: ClosedRange<Int> {
        switch self {
        case .hello: Hello.length...Hello.length
        case .error: 8...PeerError.longest
        case .bye, .alive: 0...0
        case .offer: Offer.fixedLength + 1...Offer.fixedLength + RelativePath.longest
        case .have: Have.fixedLength...Have.fixedLength + Have.mostDigests * BlockDigest.length
        case .haveEnd, .stored: 4...4
        case .data: DataRun.fixedLength + 1...DataRun.fixedLength + DataRun.longestPayload
        case .zero, .keep: Run.length...Run.length
        case .close: Close.length...Close.length
        case .streamOpen: StreamOpen.length...StreamOpen.length
        case .streamBytes: StreamBytes.fixedLength + 1...StreamBytes.fixedLength + StreamBytes.longestPayload
        case .streamShut: StreamShut.length...StreamShut.length
        case .streamCredit: StreamCredit.length...StreamCredit.length
        }
    }

    /// How much of the body the header's check covers. An LZ4 frame has a checksum of its own; what a relay stores
    /// has none, as it would have none without the relay.
    func checkedLength(of bodyLength: Int) -> Int {
        switch self {
        case .data: min(bodyLength, DataRun.fixedLength)
        case .streamBytes: min(bodyLength, StreamBytes.fixedLength)
        default: bodyLength
        }
    }

    /// Whether an end of that role ever says it.
    func isSaid(by role: Hello.Role) -> Bool {
        switch self {
        case .hello, .error, .bye, .alive: true
        case .offer, .data, .zero, .keep, .close: role == .sender
        case .have, .haveEnd, .stored: role == .receiver
        case .streamOpen: role == .relaySource
        case .streamBytes, .streamShut, .streamCredit: role == .relaySource || role == .relayDestination
        }
    }

    /// The first version of the protocol that has it.
    var since: UInt16 {
        switch self {
        case .alive, .have, .zero, .keep: 2
        default: 1
        }
    }
}
