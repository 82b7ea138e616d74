/// An element with everything in it, in document order: what this module does not know is carried along
/// untouched.
///
/// A plain value. Copies are independent, so an edit of one never shows in another.
package struct Element: Sendable, Equatable {
    /// `name='value'`. Namespace declarations (`xmlns`, `xmlns:apus`) are attributes too, and come first.
    package struct Attribute: Sendable, Equatable {
        /// As written, with its prefix.
        package let name: String
        /// The namespace that the prefix stands for; nil without a prefix and for declarations.
        package let namespace: String?
        package internal(set) var value: String
    }

    /// What stands between the start and the end of an element.
    package enum Node: Sendable, Equatable {
        case element(Element)
        case text(String)
        case cdata(String)
        case comment(String)
        case instruction(target: String, content: String)
    }

    /// As written, with its prefix.
    package let name: String
    /// The namespace URI that the name belongs to; nil for libvirt's own elements.
    package let namespace: String?
    package internal(set) var attributes: [Attribute]
    package internal(set) var nodes: [Node]

    init(name: String, namespace: String?, attributes: [Attribute], nodes: [Node]) {
        self.name = name
        self.namespace = namespace
        self.attributes = attributes
        self.nodes = nodes
    }

    /// Makes an element for a document; a prefix in the name is declared on it.
    ///
    /// - Throws: `notWritable` for a name or a text that XML cannot carry, or a prefix without a namespace.
    package init(
        _ name: String, namespace: String? = nil, attributes: KeyValuePairs<String, String> = [:],
        text: String = "", children: [Element] = []
    ) throws(XMLError) {
        try WritableText.check(name: name)
        try WritableText.check(text)
        let prefix = Self.prefix(of: name)
        guard prefix.isEmpty || namespace?.isEmpty == false else {
            throw XMLError(.notWritable, during: "make element", "the prefix of '\(name)' has no namespace")
        }
        var declared: [Attribute] = []
        if let namespace {
            try WritableText.check(namespace)
            let name = prefix.isEmpty ? "xmlns" : "xmlns:\(prefix)"
            declared.append(Attribute(name: name, namespace: nil, value: namespace))
        }
        self.init(
            name: name, namespace: namespace, attributes: declared,
            nodes: (text.isEmpty ? [] : [.text(text)]) + children.map(Node.element))
        for (name, value) in attributes {
            try setAttribute(name, to: value)
        }
    }

    /// The name without its prefix.
    package var localName: String {
        name.firstIndex(of: ":").map { String(name[name.index(after: $0)...]) } ?? name
    }

    static func prefix(of name: String) -> String {
        name.firstIndex(of: ":").map { String(name[..<$0]) } ?? ""
    }
}

/// What may be written: XML has no way to carry control characters, not even escaped.
enum WritableText {
    /// - Throws: `notWritable`.
    static func check(_ text: String) throws(XMLError) {
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x09, 0x0A, 0x0D, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF:
                continue
            default:
                let number = String(scalar.value, radix: 16, uppercase: true)
                throw XMLError(
                    .notWritable, during: "write value", "XML cannot carry the character U+\(number)")
            }
        }
    }

    /// Names that are made here are plain ASCII; names that were read are kept as they are.
    ///
    /// - Throws: `notWritable`.
    static func check(name: String) throws(XMLError) {
        let parts = name.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy(isPlain), !name.lowercased().hasPrefix("xml") else {
            throw XMLError(
                .notWritable, during: "write name", "'\(name)' is not a name for an element or attribute")
        }
    }

    private static func isPlain(_ part: Substring) -> Bool {
        guard let first = part.utf8.first, part.utf8.count <= 255 else { return false }
        func isLetter(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
        }
        return isLetter(first)
            && part.utf8.allSatisfy { byte in
                isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            }
    }
}
