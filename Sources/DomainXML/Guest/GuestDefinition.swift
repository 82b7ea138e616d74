/// A guest as libvirt describes it: the document of `virsh dumpxml`, `virDomainGetXMLDesc` in C.
///
/// Readers look into the document each time, edits change it in place, and whatever has no reader here stays
/// as it was.
package struct GuestDefinition: Sendable, Equatable {
    package var document: Document

    /// - Throws: `wrongDocument` unless the root is `<domain>`.
    package init(_ document: Document) throws(XMLError) {
        guard document.root.name == "domain", document.root.namespace == nil else {
            throw XMLError(
                .wrongDocument, during: "read guest definition",
                "the document is a <\(document.root.name)>, not a <domain>",
                hint: "give the output of 'virsh dumpxml'")
        }
        self.document = document
    }

    /// - Throws: `wrongDocument`, and what ``Document`` throws.
    package init(parsing text: String, limits: Limits = .standard) throws(XMLError) {
        try self.init(Document(parsing: text, limits: limits))
    }

    package var root: Element { document.root }

    package func serialized() -> String {
        document.serialized()
    }
}

extension GuestDefinition {
    /// A text that libvirt always writes.
    func required(_ path: String) throws(XMLError) -> String {
        guard let text = root.text(at: path) else {
            throw XMLError(.missing, during: "read guest definition", "there is no <\(path)>")
        }
        return text
    }

    static func invalid(_ path: String, _ value: String) -> XMLError {
        XMLError(.invalidValue, during: "read guest definition", "<\(path)> is '\(value)'")
    }
}
