/// A path below a directory that the receiver's caller named. It cannot leave it: no part is empty, "." or "..",
/// and it is opened part by part without following symbolic links.
package struct RelativePath: Sendable, Hashable {
    static let longest = 1024
    static let longestPart = 255

    package let parts: [String]

    package var text: String { parts.joined(separator: "/") }

    /// - Throws: `path-refused`.
    package init(_ text: String) throws(TransferError) {
        try self.init(bytes: Array(text.utf8)[...])
    }

    /// - Throws: `path-refused`.
    init(bytes: ArraySlice<UInt8>) throws(TransferError) {
        guard (1...Self.longest).contains(bytes.count) else {
            throw Self.refused("it is \(bytes.count) bytes long; 1 to \(Self.longest) are possible")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Self.refused("it is not UTF-8")
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        for part in parts {
            guard !["", ".", ".."].contains(part) else {
                throw Self.refused("it has an empty part, \".\" or \"..\": \(text.printable)")
            }
            guard part.utf8.count <= Self.longestPart, !part.utf8.contains(0) else {
                throw Self.refused("it has a part that no file is named: \(text.printable)")
            }
            guard !PartialName.matches(part) else {
                throw Self.refused("it has the name of an unfinished file: \(text.printable)")
            }
        }
        self.parts = parts
    }

    private static func refused(_ detail: String) -> TransferError {
        TransferError(
            .pathRefused, "take a path below the receiver's directory", detail,
            hint: "Name a path inside of the directory, without .. and symbolic links.")
    }
}
