import Crypto

/// The 16 bytes in front of every body, little endian: type, flags, two reserved bytes, length of the body, and a
/// check each of header and body.
///
/// The header has one of its own: with a wrong length an end would wait for bytes that never come.
struct FrameHeader: Sendable, Equatable {
    static let length = 16

    let type: FrameType
    let bodyLength: Int
    private let bodyCheck: UInt32
    private let sequence: UInt64

    /// A header for a body that this end sends.
    ///
    /// - Parameters:
    ///   - type: of the frame.
    ///   - bodyLength: in bytes.
    ///   - sequence: how many frames went before in this direction. It is counted, not sent: so a lost,
    ///     repeated or swapped frame has wrong checks.
    ///   - checked: the part of the body that the check covers.
    init(_ type: FrameType, bodyLength: Int, sequence: UInt64, checked: ArraySlice<UInt8>) {
        self.type = type
        self.bodyLength = bodyLength
        self.sequence = sequence
        bodyCheck = Self.check(sequence, Self.start(type, bodyLength), checked)
    }

    /// - Parameters:
    ///   - bytes: 16 of them.
    ///   - sequence: how many frames came before.
    /// - Throws: `frame-damaged` when it is not what was sent, or of no known kind.
    init(parsing bytes: ArraySlice<UInt8>, sequence: UInt64) throws(TransferError) {
        var reader = BodyReader(bytes)
        let number = try reader.integer(UInt8.self)
        let flags = try reader.integer(UInt8.self)
        let reserved = try reader.integer(UInt16.self)
        let bodyLength = try reader.integer(UInt32.self)
        let headerCheck = try reader.integer(UInt32.self)
        bodyCheck = try reader.integer()
        guard headerCheck == Self.check(sequence, Array(bytes.prefix(8)), []) else {
            throw .frameDamaged("the header of frame \(sequence) is not what was sent")
        }
        guard let type = FrameType(rawValue: number), flags == 0, reserved == 0 else {
            throw .frameDamaged("frame \(sequence) is of no known kind (type \(number), flags \(flags))")
        }
        guard type.bodyLengths.contains(Int(bodyLength)) else {
            throw .frameDamaged("frame \(sequence) (\(type)) says that it is \(bodyLength) bytes long")
        }
        self.type = type
        self.bodyLength = Int(bodyLength)
        self.sequence = sequence
    }

    var bytes: [UInt8] {
        let start = Self.start(type, bodyLength)
        var writer = BodyWriter(start)
        writer.append(Self.check(sequence, start, []))
        writer.append(bodyCheck)
        return writer.bytes
    }

    /// - Throws: `frame-damaged` when the body is not what was sent.
    func verify(_ body: ArraySlice<UInt8>) throws(TransferError) {
        let checked = body.prefix(type.checkedLength(of: body.count))
        guard bodyCheck == Self.check(sequence, Self.start(type, bodyLength), checked) else {
            throw .frameDamaged("frame \(sequence) (\(type)) is not what was sent")
        }
    }

    private static func start(_ type: FrameType, _ bodyLength: Int) -> [UInt8] {
        var writer = BodyWriter()
        writer.append(type.rawValue)
        writer.append(UInt8(0))
        writer.append(UInt16(0))
        writer.append(UInt32(bodyLength))
        return writer.bytes
    }

    private static func check(_ sequence: UInt64, _ start: [UInt8], _ checked: ArraySlice<UInt8>) -> UInt32 {
        var writer = BodyWriter()
        writer.append(sequence)
        writer.append(start)
        var hash = SHA256()
        hash.add(writer.bytes[...])
        hash.add(checked)
        return UInt32(truncatingIfNeeded: BlockDigest(hash.finalize()).first)
    }
}
