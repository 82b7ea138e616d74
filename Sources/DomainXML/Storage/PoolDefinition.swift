/// A storage pool: `virsh pool-dumpxml`, `virStoragePoolGetXMLDesc` in C.
package struct PoolDefinition: Sendable, Equatable {
    /// Who may read and write the pool's directory, as numbers of the host.
    package struct Permissions: Sendable, Equatable {
        package let owner: Int?
        package let group: Int?
        /// The bits of `chmod`.
        package let mode: UInt32?
    }

    package let name: String
    /// `dir`, `netfs`, `logical`, `iscsi`, `rbd`, …
    package let type: String
    /// Where its volumes are on the host; nil for types that have no directory.
    package let targetPath: String?
    /// Where the content comes from, for people and for comparing two hosts: hosts, then what is taken from
    /// them, such as `nfs.example:/export`; nil for a plain directory.
    package let sourceDescription: String?
    package let permissions: Permissions?

    /// - Throws: `wrongDocument` unless the root is `<pool>`, `missing` without a name.
    package init(_ document: Document) throws(XMLError) {
        let operation = "read pool definition"
        let root = document.root
        guard root.name == "pool", root.namespace == nil else {
            throw XMLError(
                .wrongDocument, during: operation, "the document is a <\(root.name)>, not a <pool>")
        }
        guard let name = root.text(at: "name") else {
            throw XMLError(.missing, during: operation, "there is no <name>")
        }
        self.name = name
        type = root["type"] ?? ""
        targetPath = root.text(at: "target/path")
        sourceDescription = root.first("source").flatMap(Self.describe)
        permissions = root.first("target/permissions").map { permissions in
            Permissions(
                owner: permissions.text(at: "owner").flatMap { Int($0) },
                group: permissions.text(at: "group").flatMap { Int($0) },
                mode: permissions.text(at: "mode").flatMap { UInt32($0, radix: 8) })
        }
    }

    /// - Throws: `wrongDocument`, `missing`, and what ``Document`` throws.
    package init(parsing text: String, limits: Limits = .standard) throws(XMLError) {
        try self.init(Document(parsing: text, limits: limits))
    }

    private static func describe(_ source: Element) -> String? {
        let hosts = source.all("host").compactMap { host in
            host["name"].map { name in host["port"].map { "\(name):\($0)" } ?? name }
        }
        let contents =
            source.all("device").compactMap { $0["path"] }
            + [source.attribute("path", at: "dir"), source.text(at: "name")].compactMap(\.self)
        let parts = [hosts, contents].filter { !$0.isEmpty }.map { $0.joined(separator: ",") }
        return parts.isEmpty ? nil : parts.joined(separator: ":")
    }

    /// Whether its volumes are files in the target path. Source: libvirt's "Storage Management" page.
    package var hasFiles: Bool { ["dir", "fs", "netfs"].contains(type) }

    /// The document of a pool over a directory that is there already.
    ///
    /// - Throws: `notWritable` for what XML cannot carry.
    package static func directory(name: String, path: String) throws(XMLError) -> String {
        try Element(
            "pool", attributes: ["type": "dir"],
            children: [
                Element("name", text: name),
                Element("target", children: [Element("path", text: path)]),
            ]
        ).serialized()
    }
}
