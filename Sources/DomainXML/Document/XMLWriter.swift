/// Writes elements as libvirt does: attributes in single quotes, `<empty/>`.
struct XMLWriter {
    /// Which prefix stands for which namespace at a place; the empty prefix is the default namespace.
    struct Scope {
        fileprivate var namespaces: [String: String]

        static let outermost = Scope(namespaces: ["": "", "xml": "http://www.w3.org/XML/1998/namespace"])
    }

    private var bytes: [UInt8] = []

    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func endLine() {
        bytes.append(UInt8(ascii: "\n"))
    }

    mutating func write(_ node: Element.Node, in scope: Scope) {
        switch node {
        case .element(let element):
            write(element, in: scope)
        case .text(let text):
            escape(text, .text)
        case .cdata(let text):
            put("<![CDATA[")
            put(splitting: text)
            put("]]>")
        case .comment(let text):
            put("<!--\(text)-->")
        case .instruction(let target, let content):
            put(content.isEmpty ? "<?\(target)?>" : "<?\(target) \(content)?>")
        }
    }

    private mutating func write(_ element: Element, in outer: Scope) {
        var scope = outer
        put("<\(element.name)")
        for declaration in element.attributes where declaration.isDeclaration {
            scope.namespaces[declaration.declaredPrefix] = declaration.value
        }
        declare(Element.prefix(of: element.name), as: element.namespace ?? "", in: &scope)
        for attribute in element.attributes where attribute.namespace != nil {
            declare(Element.prefix(of: attribute.name), as: attribute.namespace ?? "", in: &scope)
        }
        for attribute in element.attributes {
            put(" \(attribute.name)='")
            escape(attribute.value, .attribute)
            put("'")
        }
        guard !element.nodes.isEmpty else {
            put("/>")
            return
        }
        put(">")
        for node in element.nodes {
            write(node, in: scope)
        }
        put("</\(element.name)>")
    }

    /// Says what a prefix stands for where an element has come away from the one that said so.
    private mutating func declare(_ prefix: String, as namespace: String, in scope: inout Scope) {
        guard scope.namespaces[prefix] != namespace else { return }
        scope.namespaces[prefix] = namespace
        put(prefix.isEmpty ? " xmlns='" : " xmlns:\(prefix)='")
        escape(namespace, .attribute)
        put("'")
    }

    private mutating func put(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// Two CDATA sections side by side are one to the parser, so the end mark may be in the text: it is
    /// written across two.
    private mutating func put(splitting text: String) {
        var brackets = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: ">"), brackets >= 2 { put("]]><![CDATA[") }
            brackets = byte == UInt8(ascii: "]") ? brackets + 1 : 0
            bytes.append(byte)
        }
    }

    private enum Place { case text, attribute }

    /// A carriage return, and white space in an attribute, would be normalised away by the next reader.
    private mutating func escape(_ text: String, _ place: Place) {
        for byte in text.utf8 {
            switch (byte, place) {
            case (UInt8(ascii: "&"), _): put("&amp;")
            case (UInt8(ascii: "<"), _): put("&lt;")
            case (UInt8(ascii: ">"), _): put("&gt;")
            case (0x0D, _): put("&#13;")
            case (0x0A, .attribute): put("&#10;")
            case (0x09, .attribute): put("&#9;")
            case (UInt8(ascii: "'"), .attribute): put("&apos;")
            case (UInt8(ascii: "\""), .attribute): put("&quot;")
            default: bytes.append(byte)
            }
        }
    }
}

extension Element.Attribute {
    fileprivate var isDeclaration: Bool {
        name == "xmlns" || name.hasPrefix("xmlns:")
    }

    fileprivate var declaredPrefix: String {
        name == "xmlns" ? "" : String(name.dropFirst("xmlns:".count))
    }
}
