/// A libvirt document: parsed strictly, held as a plain value, written back faithfully.
///
/// Element and attribute order, comments, CDATA, white space and elements of other vocabularies survive. Not
/// kept, because XML gives them no meaning: the XML declaration, the kind of quotes, `<a></a>` against
/// `<a/>`, and `xmlns` stands first.
package struct Document: Sendable, Equatable {
    package var root: Element
    /// Comments and instructions before the root, such as libvirt's "auto-generated file" warning.
    let prologue: [Element.Node]
    let epilogue: [Element.Node]

    init(prologue: [Element.Node], root: Element, epilogue: [Element.Node]) {
        self.prologue = prologue
        self.root = root
        self.epilogue = epilogue
    }

    /// Reads a document. An encoding that it declares is not looked at: a `String` is Unicode already.
    ///
    /// - Throws: `empty`, `tooLarge`, `tooDeep`, `tooMany`, `valueTooLong`, `doctype`, `malformed`.
    package init(parsing text: String, limits: Limits = .standard) throws(XMLError) {
        try limits.check(text)
        self = try Parser.parse(text, limits: limits)
    }

    /// Reads a document from bytes, which must be UTF-8; nothing is repaired silently.
    ///
    /// - Throws: `encoding`, and as for a text.
    package init(parsingUTF8 bytes: [UInt8], limits: Limits = .standard) throws(XMLError) {
        guard bytes.count <= limits.bytes else {
            throw .refused(.tooLarge, "the document has \(bytes.count) bytes, more than \(limits.bytes)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .refused(.encoding, "the document is not UTF-8")
        }
        try self.init(parsing: text, limits: limits)
    }

    /// The document as text, UTF-8 without an XML declaration, with a line break at its end.
    package func serialized() -> String {
        var writer = XMLWriter()
        for node in prologue + [.element(root)] + epilogue {
            writer.write(node, in: .outermost)
            writer.endLine()
        }
        return writer.text
    }
}

extension Element {
    /// This element alone as text; a prefix that was declared further up is declared on it.
    package func serialized() -> String {
        var writer = XMLWriter()
        writer.write(.element(self), in: .outermost)
        return writer.text
    }
}
