/// A connection that the relay's source end has taken, and that the destination end is to make as well.
struct StreamOpen: Sendable, Equatable {
    static let length = 6

    /// Counted from 0 in the order in which streams are opened; no number is used twice.
    let stream: UInt32
    /// Which of the sockets that both ends were started with.
    let channel: UInt16
}

/// The next bytes of one direction of a stream.
struct StreamBytes: Sendable, Equatable {
    enum Encoding: UInt32, Sendable {
        case stored = 0
        /// One LZ4 frame.
        case lz4 = 1
    }

    static let fixedLength = 12
    static let longestContent = 256 << 10
    /// Less is never compressed: so what waits for a slow reader has few frames, however small they are.
    static let leastCompressed = 512
    /// A frame with one block that did not shrink: header, length of the block, end and checksum.
    static let frameOverhead = 64
    static let longestPayload = longestContent + frameOverhead

    let stream: UInt32
    private(set) var contentLength: UInt32
    let encoding: Encoding
    private(set) var payload: ArraySlice<UInt8>

    /// Whether so few bytes are better put behind these: what waits costs no more memory than its bytes.
    func takes(_ next: StreamBytes) -> Bool {
        encoding == .stored && next.encoding == .stored && next.payload.count <= 4 << 10
            && payload.count + next.payload.count <= 64 << 10
    }

    mutating func append(_ next: StreamBytes) {
        payload += next.payload
        contentLength += next.contentLength
    }
}

/// No bytes follow in this direction of a stream.
struct StreamShut: Sendable, Equatable {
    enum Ending: UInt16, Sendable {
        /// The socket was shut for writing; the other direction goes on.
        case end = 0
        /// The connection broke: both directions are over. It may follow an `end`.
        case reset = 1
    }

    static let length = 6

    let stream: UInt32
    let ending: Ending
}

/// So many more bytes of a stream may be sent to the end that says so.
struct StreamCredit: Sendable, Equatable {
    static let length = 8
    /// What each direction of a stream may have on its way without being told.
    static let initial = 512 << 10
    /// More than this is never granted in all.
    static let most = 16 << 20

    let stream: UInt32
    let bytes: UInt32
}

extension StreamOpen {
    func write(_ writer: inout BodyWriter) {
        writer.append(stream)
        writer.append(channel)
    }

    init(_ reader: inout BodyReader) throws(TransferError) {
        stream = try reader.integer()
        channel = try reader.integer()
    }
}

extension StreamBytes {
    /// Bytes as they are.
    init(stream: UInt32, stored bytes: [UInt8]) {
        self.init(stream: stream, UInt32(bytes.count), .stored, bytes[...])
    }

    /// Bytes that were compressed.
    init(stream: UInt32, _ contentLength: UInt32, lz4 frame: ArraySlice<UInt8>) {
        self.init(stream: stream, contentLength, .lz4, frame)
    }

    private init(
        stream: UInt32, _ contentLength: UInt32, _ encoding: Encoding, _ payload: ArraySlice<UInt8>
    ) {
        self.stream = stream
        self.contentLength = contentLength
        self.encoding = encoding
        self.payload = payload
    }

    func write(_ writer: inout BodyWriter) {
        writer.append(stream)
        writer.append(contentLength)
        writer.append(encoding.rawValue)
    }

    /// - Throws: `protocol-broken` for an unknown encoding, and for lengths that do not belong together.
    init(_ reader: inout BodyReader) throws(TransferError) {
        stream = try reader.integer()
        contentLength = try reader.integer()
        let number = try reader.integer(UInt32.self)
        payload = reader.remainder()
        guard let encoding = Encoding(rawValue: number) else {
            throw .protocolBroken("bytes of a stream are encoded in way \(number)")
        }
        self.encoding = encoding
        let length = Int(contentLength)
        let fits =
            switch encoding {
            case .stored: length == payload.count
            case .lz4: length >= Self.leastCompressed && payload.count <= length + Self.frameOverhead
            }
        guard fits, length > 0, length <= Self.longestContent else {
            throw .protocolBroken("\(length) bytes of a stream came in \(payload.count)")
        }
    }
}

extension StreamShut {
    func write(_ writer: inout BodyWriter) {
        writer.append(stream)
        writer.append(ending.rawValue)
    }

    /// - Throws: `protocol-broken` for an unknown ending.
    init(_ reader: inout BodyReader) throws(TransferError) {
        stream = try reader.integer()
        let number = try reader.integer(UInt16.self)
        guard let ending = Ending(rawValue: number) else {
            throw .protocolBroken("a stream was shut in way \(number)")
        }
        self.ending = ending
    }
}

extension StreamCredit {
    func write(_ writer: inout BodyWriter) {
        writer.append(stream)
        writer.append(bytes)
    }

    init(_ reader: inout BodyReader) throws(TransferError) {
        stream = try reader.integer()
        bytes = try reader.integer()
    }
}
