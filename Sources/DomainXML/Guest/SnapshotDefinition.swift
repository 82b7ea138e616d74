/// A `<domainsnapshot>` document.
package struct SnapshotDefinition: Sendable {
    /// Files that came to be with it: its memory, and the images that its disks went on in. A snapshot inside its
    /// disks' images has none.
    package let files: [String]

    /// - Throws: `XMLError` for a document that cannot be read, `wrongDocument` for another one.
    package init(parsing xml: String) throws(XMLError) {
        let root = try Document(parsing: xml).root
        guard root.name == "domainsnapshot" else {
            throw XMLError(.wrongDocument, during: "read a snapshot", "<\(root.name)> is no <domainsnapshot>")
        }
        let memory = root.all("memory").filter { $0["snapshot"] == "external" }.compactMap { $0["file"] }
        let disks = root.all("disks/disk").filter { $0["snapshot"] == "external" }
            .compactMap { $0.first("source") }
            .compactMap { $0["file"] ?? $0["dev"] ?? $0["name"] }
        files = memory + disks
    }
}
