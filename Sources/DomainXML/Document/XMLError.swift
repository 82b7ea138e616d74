/// Why a document was refused, could not be read, or could not be changed.
package struct XMLError: Error, Sendable, Equatable {
    /// Stable: also a metric label and a JSON field.
    package enum Code: String, Sendable, CaseIterable {
        /// There is no document: nothing, or only white space.
        case empty = "xml-empty"
        /// The text is longer than ``Limits/bytes``.
        case tooLarge = "xml-too-large"
        /// Elements are nested deeper than ``Limits/depth``.
        case tooDeep = "xml-too-deep"
        /// More nodes than ``Limits/nodes``, or more attributes or namespaces at one element than
        /// ``Limits/attributes``.
        case tooMany = "xml-too-many"
        /// An attribute, a text or a comment is longer than ``Limits/valueBytes``.
        case valueTooLong = "xml-value-too-long"
        /// A document type declaration: the way to entities and to other files, which libvirt never writes.
        case doctype = "xml-doctype"
        /// Bytes that are not UTF-8, whatever the document declares.
        case encoding = "xml-encoding"
        /// Not well-formed XML, or a prefix without a namespace.
        case malformed = "xml-malformed"
        /// Well-formed, but not the kind of document that was asked for.
        case wrongDocument = "xml-wrong-document"
        /// The document lacks a value that libvirt always writes.
        case missing = "xml-missing"
        /// A value is there and cannot be understood.
        case invalidValue = "xml-invalid-value"
        /// What was to be changed is not in the document.
        case notFound = "xml-not-found"
        /// A name or a text that XML cannot carry was to be written.
        case notWritable = "xml-not-writable"
    }

    /// A place in the text, both counted from 1.
    package struct Position: Sendable, Equatable {
        package let line: Int
        package let column: Int

        package init(line: Int, column: Int) {
            self.line = line
            self.column = column
        }
    }

    package let code: Code
    /// What was being done, such as "parse document".
    package let operation: String
    /// What is wrong, in one sentence.
    package let detail: String
    /// What to do about it.
    package let hint: String?
    /// Where in the text, when that is known.
    package let position: Position?

    package init(
        _ code: Code, during operation: String, _ detail: String, hint: String? = nil,
        at position: Position? = nil
    ) {
        self.code = code
        self.operation = operation
        self.detail = detail
        self.hint = hint
        self.position = position
    }
}

extension XMLError: CustomStringConvertible {
    package var description: String {
        let place = position.map { " (line \($0.line), column \($0.column))" } ?? ""
        let advice = hint.map { "; \($0)" } ?? ""
        return "\(operation): \(detail)\(place) [\(code.rawValue)]\(advice)"
    }
}
