/// How much of a document is accepted: it may come from a host that is broken, or hostile.
package struct Limits: Sendable, Equatable {
    /// Bytes of text.
    package var bytes: Int
    /// Elements inside each other. libxml2 has a bound of its own, 256; a greater number here has no effect.
    package var depth: Int
    /// Elements, comments, CDATA sections and processing instructions together.
    package var nodes: Int
    /// Attributes of one element, and namespace declarations in force at one. libxml2 before 2.12 compares
    /// each with each: 80,000 take it eight seconds.
    package var attributes: Int
    /// Bytes of one attribute, text or comment.
    package var valueBytes: Int

    package init(
        bytes: Int = 16 << 20, depth: Int = 256, nodes: Int = 65_536, attributes: Int = 256,
        valueBytes: Int = 1 << 20
    ) {
        self.bytes = bytes
        self.depth = depth
        self.nodes = nodes
        self.attributes = attributes
        self.valueBytes = valueBytes
    }

    /// Far above what libvirt writes, far below what would hurt the process.
    package static let standard = Limits()
}

extension Limits {
    /// Refuses what need not be parsed to be refused.
    ///
    /// - Throws: `empty`, `tooLarge`, `tooMany`, `malformed` (a NUL byte, behind which C would not look).
    func check(_ text: String) throws(XMLError) {
        guard text.utf8.count <= bytes else {
            throw .refused(.tooLarge, "the document has \(text.utf8.count) bytes, more than \(bytes)")
        }
        guard text.utf8.contains(where: { !Self.isSpace($0) }) else {
            throw .refused(.empty, "there is no document")
        }
        var tag = TagScan()
        for byte in text.utf8 {
            guard byte != 0 else { throw .refused(.malformed, "the document contains a NUL byte") }
            tag.read(byte)
            guard tag.values <= attributes else {
                throw .refused(.tooMany, "an element has more than \(attributes) attributes")
            }
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }
}

/// Counts the quoted values in one tag, without parsing.
///
/// A tag cannot contain a bare `<`, so the count starts anew at each one and is exact for every real tag,
/// whatever the text, comment or CDATA section before it left behind.
private struct TagScan {
    private enum Place { case outside, opened, inside, quoted(by: UInt8) }

    private var place = Place.outside
    private(set) var values = 0

    mutating func read(_ byte: UInt8) {
        guard byte != UInt8(ascii: "<") else {
            place = .opened
            values = 0
            return
        }
        switch (place, byte) {
        case (.outside, _):
            break
        case (.opened, UInt8(ascii: "!")), (.opened, UInt8(ascii: "?")), (.opened, UInt8(ascii: ">")),
            (.inside, UInt8(ascii: ">")):
            place = .outside
        case (.inside, UInt8(ascii: "'")), (.inside, UInt8(ascii: "\"")):
            place = .quoted(by: byte)
            values += 1
        case (.opened, _):
            place = .inside
        case (.quoted(let quote), byte) where quote == byte:
            place = .inside
        default:
            break
        }
    }
}

extension XMLError {
    /// A document that was refused while it was parsed.
    static func refused(_ code: Code, _ detail: String, at position: Position? = nil) -> XMLError {
        let hint: String? =
            switch code {
            case .empty: "check that the guest or host still exists; libvirt answered with nothing"
            case .tooLarge, .tooDeep, .tooMany, .valueTooLong:
                "libvirt writes nothing like it by itself; look for oversized <metadata> with 'virsh dumpxml'"
            case .doctype: "remove the DOCTYPE; libvirt does not use one"
            case .encoding: "convert the document to UTF-8"
            case .malformed: "read it with 'virsh dumpxml' or 'xmllint' and correct it there"
            default: nil
            }
        return XMLError(code, during: "parse document", detail, hint: hint, at: position)
    }
}
