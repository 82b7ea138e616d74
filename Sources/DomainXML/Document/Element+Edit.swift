/// Changing, with everything else left where it was. Paths are those of reading.
extension Element {
    /// Replaces what is inside by a text.
    ///
    /// - Throws: `notWritable`.
    package mutating func setText(_ text: String) throws(XMLError) {
        try WritableText.check(text)
        nodes = text.isEmpty ? [] : [.text(text)]
    }

    /// Sets an attribute where it stands, or adds it at the end; nil takes it away.
    ///
    /// - Throws: `notWritable`; also for a prefix, which edits have no need of.
    package mutating func setAttribute(_ name: String, to value: String?) throws(XMLError) {
        try WritableText.check(name: name)
        guard !name.contains(":") else {
            throw XMLError(.notWritable, during: "set attribute", "'\(name)' has a prefix")
        }
        try WritableText.check(value ?? "")
        let index = attributes.firstIndex { $0.name == name }
        switch (index, value) {
        case (let index?, let value?): attributes[index].value = value
        case (let index?, nil): attributes.remove(at: index)
        case (nil, let value?): attributes.append(Attribute(name: name, namespace: nil, value: value))
        case (nil, nil): break
        }
    }

    /// Changes each element at a path that the condition holds for, and says how many there were.
    @discardableResult
    package mutating func update<Failure>(
        _ path: String, where isWanted: (Element) -> Bool = { _ in true },
        _ change: (inout Element) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        try update(path.split(separator: "/")[...], where: isWanted, change)
    }

    private mutating func update<Failure>(
        _ steps: ArraySlice<Substring>, where isWanted: (Element) -> Bool,
        _ change: (inout Element) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        guard let step = steps.first else {
            guard isWanted(self) else { return 0 }
            try change(&self)
            return 1
        }
        var count = 0
        for index in nodes.indices {
            guard case .element(var child) = nodes[index], child.isNamed(step) else { continue }
            count += try child.update(steps.dropFirst(), where: isWanted, change)
            nodes[index] = .element(child)
        }
        return count
    }

    /// Sets the text of the first element at a path.
    ///
    /// - Throws: `notFound`, `notWritable`.
    package mutating func setText(_ text: String, at path: String) throws(XMLError) {
        try updateFirst(path) { (element) throws(XMLError) in try element.setText(text) }
    }

    /// Sets or removes an attribute of the first element at a path.
    ///
    /// - Throws: `notFound`, `notWritable`.
    package mutating func setAttribute(
        _ name: String, to value: String?, at path: String
    ) throws(XMLError) {
        try updateFirst(path) { (element) throws(XMLError) in try element.setAttribute(name, to: value) }
    }

    /// - Throws: `notFound`, and what the change throws.
    mutating func updateFirst(
        _ path: String, _ change: (inout Element) throws(XMLError) -> Void
    ) throws(XMLError) {
        var isFirst = true
        let count = try update(path, where: { _ in isFirst }) { (element) throws(XMLError) in
            isFirst = false
            try change(&element)
        }
        guard count > 0 else {
            throw XMLError(.notFound, during: "edit document", "there is no <\(path)> in <\(name)>")
        }
    }

    /// Adds a child behind the others, indented like the first.
    package mutating func append(_ child: Element) {
        guard nodes.count > 1, let first = nodes.first, let last = nodes.last, first.isSpace, last.isSpace
        else {
            nodes.append(.element(child))
            return
        }
        // Between the last child and the line break before the end tag; that line break is replaced by the
        // children's.
        nodes.removeLast()
        nodes += [first, .element(child), last]
    }

    /// Removes the child elements that the condition holds for, with the white space before each; says how
    /// many.
    @discardableResult
    package mutating func removeChildren(where isUnwanted: (Element) -> Bool) -> Int {
        var kept: [Node] = []
        var count = 0
        for node in nodes {
            if case .element(let element) = node, isUnwanted(element) {
                count += 1
                if kept.last?.isSpace == true { kept.removeLast() }
            } else if case .text(let text) = node, case .text(let before)? = kept.last {
                // Two texts side by side would be one after the next parse.
                kept[kept.count - 1] = .text(before + text)
            } else {
                kept.append(node)
            }
        }
        nodes = kept
        return count
    }
}

extension Element.Node {
    /// Only indentation.
    fileprivate var isSpace: Bool {
        guard case .text(let text) = self else { return false }
        return text.utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A }
    }
}
