/// What other programs, and Apus, keep in a definition. libvirt allows one element per namespace.
extension GuestDefinition {
    /// The element of a namespace in `<metadata>`.
    package func metadata(namespace: String) -> Element? {
        root.first("metadata")?.elements.first { $0.namespace == namespace }
    }

    /// Puts an element into `<metadata>`, in place of the one of its namespace.
    ///
    /// - Throws: `notWritable` for an element without a namespace, which libvirt would drop.
    package mutating func setMetadata(_ element: Element) throws(XMLError) {
        guard let namespace = element.namespace else {
            throw XMLError(.notWritable, during: "set metadata", "<\(element.name)> has no namespace")
        }
        removeMetadata(namespace: namespace)
        if !root.contains("metadata") {
            document.root.append(try Element("metadata"))
        }
        try document.root.updateFirst("metadata") { $0.append(element) }
    }

    /// Removes the element of a namespace, and says whether there was one.
    @discardableResult
    package mutating func removeMetadata(namespace: String) -> Bool {
        var count = 0
        document.root.update("metadata") { metadata in
            count += metadata.removeChildren { $0.namespace == namespace }
        }
        return count > 0
    }
}
