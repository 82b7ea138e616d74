/// Reads frames; one thread uses it. Nothing is allocated that a length did not pass its bound for.
struct FrameInput: ~Copyable {
    /// Where so much of a body is still to come it is read in place: one copy less.
    private static let inPlace = 16 << 10

    private let link: Link
    private let peer: Hello.Role?
    private var sequence: UInt64 = 0
    private var buffer = [UInt8](repeating: 0, count: 128 << 10)
    private var unread = 0..<0
    private var version: UInt16 = 1
    /// Bytes that came in.
    private(set) var wireBytes: UInt64 = 0

    /// - Parameters:
    ///   - link: to read from.
    ///   - peer: what the other end has to be: frames that such an end never says are refused.
    init(_ link: Link, from peer: Hello.Role? = nil) {
        self.link = link
        self.peer = peer
    }

    /// The next frame that says something.
    ///
    /// - Throws: `stream-broken` at the end of the stream, or when nothing has come for as long as nobody is silent;
    ///   `frame-damaged`, `protocol-broken`, `path-refused`.
    mutating func next() throws(TransferError) -> Frame {
        while true {
            let frame = try read()
            guard case .alive = frame else { return frame }
        }
    }

    private mutating func read() throws(TransferError) -> Frame {
        let header = try FrameHeader(parsing: try take(FrameHeader.length)[...], sequence: sequence)
        guard header.type.since <= version else {
            throw .protocolBroken("a frame of type \(header.type) is none of version \(version)")
        }
        if let peer, !header.type.isSaid(by: peer) {
            throw .protocolBroken("a frame of type \(header.type) came, which \(peer.text) never sends")
        }
        let body = try take(header.bodyLength)
        try header.verify(body[...])
        sequence += 1
        return try Frame(header.type, body: body)
    }

    /// Reads the other end's hello, and what both have in common.
    ///
    /// - Throws: `peer-not-apus` with what it said instead, `version-mismatch`.
    mutating func greeting(versions: ClosedRange<UInt16>) throws(TransferError) -> Hello {
        // A hello begins with its type, three zeros and its length. Whatever differs is no hello: a shell that
        // says what is wrong may say less than a header is long.
        let start: [UInt8] = [FrameType.hello.rawValue, 0, 0, 0, UInt8(Hello.length), 0, 0, 0]
        while unread.count < FrameHeader.length {
            let hasMore = try fill()
            guard start.starts(with: buffer[unread].prefix(start.count)) else { throw stranger() }
            guard hasMore else { throw stranger() }
        }
        guard start.starts(with: buffer[unread].prefix(start.count)) else { throw stranger() }
        guard case .hello(let hello) = try next() else { throw .protocolBroken("no hello came first") }
        version = try WireVersion.common(versions, hello.versions)
        if version >= FrameType.alive.since { link.limitSilence() }
        return hello
    }

    /// Reads and forgets, until the other end has stopped sending: so that what this end said last is not lost
    /// with a connection closed too early.
    mutating func drain() {
        var left = 64 << 20
        while left > 0 {
            unread = 0..<0
            guard let hasMore = try? fill(), hasMore else { return }
            left -= unread.count
        }
    }

    /// The first line of a peer that is no Apus.
    private mutating func stranger() -> TransferError {
        let newline = UInt8(ascii: "\n")
        // Only a text is waited for: of a damaged hello nothing more may come.
        while !buffer[unread].contains(newline), !buffer[unread].contains(0), unread.count < 200 {
            guard let hasMore = try? fill(), hasMore else { break }
        }
        let line = String(decoding: buffer[unread].prefix { $0 != newline }.prefix(200), as: UTF8.self)
            .printable
        return TransferError(
            .peerNotApus, "talk to Apus at the other end",
            line.isEmpty ? "it ended without a word" : "it said: \(line)",
            hint: "Install Apus there, in the PATH of a remote command, and let that account's shell print "
                + "nothing when it starts.")
    }

    private mutating func take(_ count: Int) throws(TransferError) -> [UInt8] {
        if count - unread.count >= Self.inPlace { return try takeInPlace(count) }
        var bytes = Array(buffer[unread].prefix(count))
        unread = unread.dropFirst(bytes.count)
        while bytes.count < count {
            guard try fill() else { throw Self.ended }
            let more = buffer[unread].prefix(count - bytes.count)
            bytes += more
            unread = unread.dropFirst(more.count)
        }
        return bytes
    }

    private mutating func takeInPlace(_ count: Int) throws(TransferError) -> [UInt8] {
        let (link, start) = (link, buffer[unread])
        unread = 0..<0
        var failure: TransferError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { bytes, length in
            let room = UnsafeMutableRawBufferPointer(bytes)
            unsafe start.withUnsafeBytes { unsafe room.copyMemory(from: $0) }
            length = start.count
            do throws(TransferError) {
                while length < count {
                    let more = try unsafe link.read(
                        into: UnsafeMutableRawBufferPointer(rebasing: room[length...]))
                    guard more > 0 else { throw Self.ended }
                    length += more
                }
            } catch {
                failure = error
            }
        }
        wireBytes += UInt64(bytes.count - start.count)
        if let failure { throw failure }
        return bytes
    }

    private static var ended: TransferError {
        .streamBroken("the other end stopped sending in the middle of the transfer")
    }

    /// - Returns: `false` at the end of the stream.
    private mutating func fill() throws(TransferError) -> Bool {
        if unread.isEmpty { unread = 0..<0 }
        let end = unread.upperBound
        let link = link
        let count = try unsafe buffer.withUnsafeMutableBufferPointer { bytes throws(TransferError) in
            try unsafe link.read(
                into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: bytes[end...])))
        }
        unread = unread.lowerBound..<end + count
        wireBytes += UInt64(count)
        return count > 0
    }
}
