internal import CXML2

/// The owner of a tree that libxml2 has built; it lives as long as the copy into ``Document`` takes.
@safe struct Tree: ~Copyable {
    private let raw: xmlDocPtr

    /// nil for the null pointer that libxml2 returns for a text that is not well-formed.
    init?(adopting raw: xmlDocPtr?) {
        guard let raw = unsafe raw else { return nil }
        unsafe self.raw = raw
    }

    deinit { unsafe xmlFreeDoc(raw) }

    /// Copies the tree.
    ///
    /// - Throws: `valueTooLong`, `malformed`.
    borrowing func document(limits: Limits) throws(XMLError) -> Document {
        var before: [Element.Node] = []
        var root: Element?
        var after: [Element.Node] = []
        for node in try unsafe TreeReader(limits: limits).nodes(from: raw.pointee.children) {
            if case .element(let element) = node {
                root = element
            } else if root == nil {
                before.append(node)
            } else {
                after.append(node)
            }
        }
        guard let root else { throw .refused(.malformed, "the document has no root element") }
        return Document(prologue: before, root: root, epilogue: after)
    }
}

/// Copies nodes out. The recursion is as deep as the document, which ``Limits/depth`` bounds.
private struct TreeReader {
    let limits: Limits

    func nodes(from first: xmlNodePtr?) throws(XMLError) -> [Element.Node] {
        var nodes: [Element.Node] = []
        var next = unsafe first
        while let node = unsafe next {
            nodes.append(try unsafe read(node))
            unsafe next = node.pointee.next
        }
        return nodes
    }

    private func read(_ node: xmlNodePtr) throws(XMLError) -> Element.Node {
        switch unsafe node.pointee.type {
        case XML_ELEMENT_NODE:
            return .element(try unsafe element(node))
        case XML_TEXT_NODE:
            return .text(try unsafe value(node.pointee.content, at: node))
        case XML_CDATA_SECTION_NODE:
            return .cdata(try unsafe value(node.pointee.content, at: node))
        case XML_COMMENT_NODE:
            return .comment(try unsafe value(node.pointee.content, at: node))
        case XML_PI_NODE:
            let target = try unsafe value(node.pointee.name, at: node)
            return .instruction(target: target, content: try unsafe value(node.pointee.content, at: node))
        case let type:
            // Entity references and declarations need a DOCTYPE, which has been refused.
            throw .refused(.malformed, "a node of type \(type.rawValue) is not supported")
        }
    }

    private func element(_ node: xmlNodePtr) throws(XMLError) -> Element {
        let namespace = unsafe node.pointee.ns
        return Element(
            name: try unsafe name(node.pointee.name, namespace, at: node),
            namespace: try unsafe uri(namespace, at: node),
            attributes: try unsafe declarations(node) + attributes(node),
            nodes: try unsafe nodes(from: node.pointee.children))
    }

    private func declarations(_ node: xmlNodePtr) throws(XMLError) -> [Element.Attribute] {
        var declarations: [Element.Attribute] = []
        var next = unsafe node.pointee.nsDef
        while let namespace = unsafe next {
            let prefix = try unsafe value(namespace.pointee.prefix, at: node)
            declarations.append(
                Element.Attribute(
                    name: prefix.isEmpty ? "xmlns" : "xmlns:\(prefix)", namespace: nil,
                    value: try unsafe value(namespace.pointee.href, at: node)))
            unsafe next = namespace.pointee.next
        }
        return declarations
    }

    private func attributes(_ node: xmlNodePtr) throws(XMLError) -> [Element.Attribute] {
        var attributes: [Element.Attribute] = []
        var next = unsafe node.pointee.properties
        while let attribute = unsafe next {
            var text = ""
            var part = unsafe attribute.pointee.children
            while let node = unsafe part {
                text += try unsafe value(node.pointee.content, at: node)
                unsafe part = node.pointee.next
            }
            let namespace = unsafe attribute.pointee.ns
            attributes.append(
                Element.Attribute(
                    name: try unsafe name(attribute.pointee.name, namespace, at: node),
                    namespace: try unsafe uri(namespace, at: node), value: text))
            unsafe next = attribute.pointee.next
        }
        return attributes
    }

    private func name(
        _ local: UnsafePointer<xmlChar>?, _ namespace: xmlNsPtr?, at node: xmlNodePtr
    ) throws(XMLError) -> String {
        let local = try unsafe value(local, at: node)
        guard let prefix = unsafe namespace?.pointee.prefix else { return local }
        return try unsafe value(prefix, at: node) + ":" + local
    }

    /// nil for no namespace, and for `xmlns=''`, which takes a default namespace away.
    private func uri(_ namespace: xmlNsPtr?, at node: xmlNodePtr) throws(XMLError) -> String? {
        guard let href = unsafe namespace?.pointee.href else { return nil }
        let uri = try unsafe value(href, at: node)
        return uri.isEmpty ? nil : uri
    }

    private func value(_ text: UnsafePointer<xmlChar>?, at node: xmlNodePtr) throws(XMLError) -> String {
        guard let text = unsafe text else { return "" }
        let value = unsafe String(cString: text)
        guard value.utf8.count <= limits.valueBytes else {
            let position = unsafe XMLError.Position(line: xmlGetLineNo(node), column: 1)
            throw .refused(.valueTooLong, "a value has more than \(limits.valueBytes) bytes", at: position)
        }
        return value
    }
}
