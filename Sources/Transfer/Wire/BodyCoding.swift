/// Puts values one behind the other, little endian.
struct BodyWriter: Sendable {
    private(set) var bytes: [UInt8]

    init(_ bytes: [UInt8] = []) {
        self.bytes = bytes
    }

    mutating func append<Value: FixedWidthInteger & UnsignedInteger>(_ value: Value) {
        for place in 0..<Value.bitWidth / 8 {
            bytes.append(UInt8(truncatingIfNeeded: value >> (8 * place)))
        }
    }

    mutating func append(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

    mutating func append(_ digest: BlockDigest) {
        append(digest.first)
        append(digest.second)
        append(digest.third)
        append(digest.fourth)
    }

    /// A text with its length in front, cut where it is too long.
    mutating func append(_ text: String, atMost longest: Int) {
        let cut = Array(text.utf8.prefix(longest))
        append(UInt16(cut.count))
        append(cut)
    }
}

/// Takes values out in the same order. Whatever is not there is an error, never a trap.
struct BodyReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    mutating func integer<Value: FixedWidthInteger & UnsignedInteger>(
        _: Value.Type = Value.self
    ) throws(TransferError) -> Value {
        let bytes = try take(Value.bitWidth / 8)
        var value: Value = 0
        for byte in bytes.reversed() { value = value << 8 | Value(byte) }
        return value
    }

    mutating func take(_ count: Int) throws(TransferError) -> ArraySlice<UInt8> {
        guard count <= rest.count else { throw .protocolBroken("a frame ends in the middle of a value") }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func text(atMost longest: Int) throws(TransferError) -> String {
        let count = Int(try integer(UInt16.self))
        guard count <= longest else { throw .protocolBroken("a text of \(count) bytes is too long") }
        return String(decoding: try take(count), as: UTF8.self).printable
    }

    /// All that is left.
    mutating func remainder() -> ArraySlice<UInt8> {
        defer { rest = [] }
        return rest
    }

    func finish() throws(TransferError) {
        guard rest.isEmpty else { throw .protocolBroken("a frame goes on behind its last value") }
    }
}

extension String {
    /// Without control characters: what a peer says ends up on somebody's terminal.
    var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
                    default: scalar
                    }
                }))
    }
}
