/// What both ends call the transfer that they take part in: 16 bytes, chosen by who starts them.
package struct SessionID: Sendable, Hashable {
    let high, low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// What a receiver says that takes part in every transfer.
    static let any = SessionID(high: 0, low: 0)

    package static func random() -> SessionID {
        SessionID(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
    }
}

/// The first frame, in both directions at once.
struct Hello: Sendable, Equatable {
    enum Role: UInt8, Sendable {
        case sender = 0
        case receiver = 1
        case relaySource = 2
        case relayDestination = 3

        /// In words that fit behind "the other end is".
        var text: String {
            switch self {
            case .sender: "a sender of files"
            case .receiver: "a receiver of files"
            case .relaySource: "a relay on the source"
            case .relayDestination: "a relay on the destination"
            }
        }
    }

    static let magic = Array("APUS".utf8)
    static let length = 40

    let versions: ClosedRange<UInt16>
    /// None is defined yet; an end ignores the bits that it does not know.
    let capabilities: UInt64
    let role: Role
    let session: SessionID

    init(versions: ClosedRange<UInt16>, capabilities: UInt64 = 0, role: Role, session: SessionID) {
        self.versions = versions
        self.capabilities = capabilities
        self.role = role
        self.session = session
    }

    init(_ reader: inout BodyReader) throws(TransferError) {
        guard try reader.take(4) == Self.magic[...] else { throw .protocolBroken("hello has no magic") }
        let lowest = try reader.integer(UInt16.self)
        let highest = try reader.integer(UInt16.self)
        capabilities = try reader.integer()
        let number = try reader.integer(UInt8.self)
        _ = try reader.take(7)
        session = SessionID(high: try reader.integer(), low: try reader.integer())
        guard lowest >= 1, lowest <= highest, let role = Role(rawValue: number) else {
            throw .protocolBroken("hello has versions \(lowest) to \(highest) and role \(number)")
        }
        versions = lowest...highest
        self.role = role
    }

    func write(_ writer: inout BodyWriter) {
        writer.append(Self.magic)
        writer.append(versions.lowerBound)
        writer.append(versions.upperBound)
        writer.append(capabilities)
        writer.append(role.rawValue)
        writer.append([UInt8](repeating: 0, count: 7))
        writer.append(session.high)
        writer.append(session.low)
    }
}

/// The versions of the protocol.
///
/// 1 sends whole files. 2 adds `have`, `keep` and `zero`: resumption, and only what differs from an older copy.
package enum WireVersion {
    package static let known: ClosedRange<UInt16> = 1...2

    /// The highest that both ends know.
    ///
    /// - Throws: `version-mismatch`.
    static func common(_ ours: ClosedRange<UInt16>, _ theirs: ClosedRange<UInt16>) throws(TransferError)
        -> UInt16
    {
        let version = min(ours.upperBound, theirs.upperBound)
        guard version >= ours.lowerBound, version >= theirs.lowerBound else {
            let older = theirs.upperBound < ours.lowerBound ? "the other end's" : "this end's"
            throw TransferError(
                .versionMismatch, "agree on a protocol",
                "this Apus speaks versions \(ours.lowerBound) to \(ours.upperBound) of the transfer protocol, "
                    + "the other end \(theirs.lowerBound) to \(theirs.upperBound)",
                hint: "Update \(older) Apus; both hosts are best kept on the same release.")
        }
        return version
    }
}
