extension Frame {
    /// The body, without the payload of a data or streamBytes frame.
    var fixedBody: [UInt8] {
        var writer = BodyWriter()
        switch self {
        case .hello(let hello): hello.write(&writer)
        case .error(let error): error.write(&writer)
        case .bye, .alive: break
        case .offer(let offer): offer.write(&writer)
        case .have(let have): have.write(&writer)
        case .haveEnd(let file), .stored(let file): writer.append(file)
        case .data(let data): data.write(&writer)
        case .zero(let run), .keep(let run): run.write(&writer)
        case .close(let close): close.write(&writer)
        case .streamOpen(let open): open.write(&writer)
        case .streamBytes(let bytes): bytes.write(&writer)
        case .streamShut(let shut): shut.write(&writer)
        case .streamCredit(let credit): credit.write(&writer)
        }
        return writer.bytes
    }

    /// What follows the fixed part: the content of a data or streamBytes frame, of all others nothing.
    var payload: ArraySlice<UInt8> {
        switch self {
        case .data(let data): data.payload
        case .streamBytes(let bytes): bytes.payload
        default: []
        }
    }

    /// - Throws: `protocol-broken`, `path-refused`.
    init(_ type: FrameType, body: [UInt8]) throws(TransferError) {
        var reader = BodyReader(body[...])
        switch type {
        case .hello: self = .hello(try Hello(&reader))
        case .error: self = .error(try PeerError(&reader))
        case .bye: self = .bye
        case .alive: self = .alive
        case .offer: self = .offer(try Offer(&reader))
        case .have: self = .have(try Have(&reader))
        case .haveEnd: self = .haveEnd(file: try reader.integer())
        case .data: self = .data(try DataRun(&reader))
        case .zero: self = .zero(try Run(&reader))
        case .keep: self = .keep(try Run(&reader))
        case .close: self = .close(try Close(&reader))
        case .stored: self = .stored(file: try reader.integer())
        case .streamOpen: self = .streamOpen(try StreamOpen(&reader))
        case .streamBytes: self = .streamBytes(try StreamBytes(&reader))
        case .streamShut: self = .streamShut(try StreamShut(&reader))
        case .streamCredit: self = .streamCredit(try StreamCredit(&reader))
        }
        try reader.finish()
    }
}

extension Offer {
    fileprivate func write(_ writer: inout BodyWriter) {
        writer.append(file)
        writer.append(root)
        writer.append(mode)
        writer.append(size)
        writer.append(blockSize)
        writer.append(replaces ? Self.replaces : 0)
        writer.append(UInt32(path.text.utf8.count))
        writer.append(path.text.utf8)
    }

    fileprivate init(_ reader: inout BodyReader) throws(TransferError) {
        file = try reader.integer()
        root = try reader.integer()
        mode = try reader.integer()
        size = try reader.integer()
        blockSize = try reader.integer()
        let flags = try reader.integer(UInt32.self)
        guard flags & ~Self.replaces == 0 else { throw .protocolBroken("an offer has flags \(flags)") }
        replaces = flags & Self.replaces != 0
        let length = Int(try reader.integer(UInt32.self))
        path = try RelativePath(bytes: try reader.take(length))
    }
}

extension Have {
    fileprivate func write(_ writer: inout BodyWriter) {
        writer.append(file)
        writer.append(first)
        for digest in digests { writer.append(digest) }
    }

    fileprivate init(_ reader: inout BodyReader) throws(TransferError) {
        file = try reader.integer()
        first = try reader.integer()
        let rest = reader.remainder()
        guard rest.count.isMultiple(of: BlockDigest.length) else {
            throw .protocolBroken("a frame ends in the middle of a digest")
        }
        var digestReader = BodyReader(rest)
        var digests: [BlockDigest] = []
        digests.reserveCapacity(rest.count / BlockDigest.length)
        for _ in 0..<rest.count / BlockDigest.length { digests.append(try BlockDigest(&digestReader)) }
        self.digests = digests
    }
}

extension DataRun {
    fileprivate func write(_ writer: inout BodyWriter) {
        writer.append(file)
        writer.append(contentLength)
        writer.append(offset)
    }

    fileprivate init(_ reader: inout BodyReader) throws(TransferError) {
        file = try reader.integer()
        contentLength = try reader.integer()
        offset = try reader.integer()
        payload = reader.remainder()
    }
}

extension Run {
    fileprivate func write(_ writer: inout BodyWriter) {
        writer.append(file)
        writer.append(first)
        writer.append(count)
    }

    fileprivate init(_ reader: inout BodyReader) throws(TransferError) {
        file = try reader.integer()
        first = try reader.integer()
        count = try reader.integer()
    }
}

extension Close {
    fileprivate func write(_ writer: inout BodyWriter) {
        writer.append(file)
        writer.append(size)
        writer.append(digest)
    }

    fileprivate init(_ reader: inout BodyReader) throws(TransferError) {
        file = try reader.integer()
        size = try reader.integer()
        digest = try BlockDigest(&reader)
    }
}

extension PeerError {
    fileprivate func write(_ writer: inout BodyWriter) {
        writer.append(code, atMost: Self.longestCode)
        writer.append(operation, atMost: Self.longestOperation)
        writer.append(detail, atMost: Self.longestText)
        writer.append(hint, atMost: Self.longestText)
    }

    fileprivate init(_ reader: inout BodyReader) throws(TransferError) {
        code = try reader.text(atMost: Self.longestCode)
        operation = try reader.text(atMost: Self.longestOperation)
        detail = try reader.text(atMost: Self.longestText)
        hint = try reader.text(atMost: Self.longestText)
    }
}
