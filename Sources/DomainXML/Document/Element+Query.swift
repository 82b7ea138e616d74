/// Reading. A path is element names with `/` between them, such as `devices/disk`, from this element
/// downwards; the empty path is this element. A step matches elements in no namespace, that is libvirt's own:
/// an element of another vocabulary that is also called `name` is never taken for the guest's.
extension Element {
    /// The child elements, in document order.
    package var elements: [Element] {
        nodes.compactMap { node in
            guard case .element(let element) = node else { return nil }
            return element
        }
    }

    /// The text directly inside, CDATA included, without what child elements contain.
    package var text: String {
        var text = ""
        for node in nodes {
            switch node {
            case .text(let part), .cdata(let part): text += part
            default: break
            }
        }
        return text
    }

    /// The value of an attribute of this element that has no prefix.
    package subscript(_ attribute: String) -> String? {
        attributes.first { $0.name == attribute }?.value
    }

    /// Every element at a path, in document order.
    package func all(_ path: String) -> [Element] {
        path.split(separator: "/").reduce([self]) { found, step in
            found.flatMap { $0.elements.filter { $0.isNamed(step) } }
        }
    }

    /// The first element at a path.
    package func first(_ path: String) -> Element? {
        all(path).first
    }

    /// Whether there is an element at a path.
    package func contains(_ path: String) -> Bool {
        first(path) != nil
    }

    /// The text at a path without white space around it; nil when there is no element or no text.
    package func text(at path: String) -> String? {
        guard let text = first(path)?.text else { return nil }
        let trimmed = Self.trim(text)
        return trimmed.isEmpty ? nil : trimmed
    }

    /// The attribute of the first element at a path.
    package func attribute(_ name: String, at path: String) -> String? {
        first(path)?[name]
    }

    func isNamed(_ step: Substring) -> Bool {
        namespace == nil && name == step
    }

    static func trim(_ text: String) -> String {
        func isSpace(_ character: Character) -> Bool { character.isWhitespace }
        guard let start = text.firstIndex(where: { !isSpace($0) }),
            let end = text.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(text[start...end])
    }
}
