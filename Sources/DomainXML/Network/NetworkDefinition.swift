/// A network that libvirt manages: `virsh net-dumpxml`, `virNetworkGetXMLDesc` in C.
package struct NetworkDefinition: Sendable, Equatable {
    package let name: String
    /// The bridge that guests are plugged into; nil for networks without one.
    package let bridge: String?
    /// `nat`, `route`, `open`, `bridge`, `private`, `vepa`, `passthrough`, `hostdev`; nil for a network that
    /// ends at the host.
    package let forwardMode: String?
    /// The host's device that the network goes out by: the one named, else the first of its pool.
    package let forwardDevice: String?
    /// Names of groups of settings that an interface may ask for.
    package let portGroups: [String]
    package let mtu: Int?
    /// Such as `openvswitch`; how guests are announced to the switch.
    package let virtualPortType: String?

    /// - Throws: `wrongDocument` unless the root is `<network>`, `missing` without a name.
    package init(_ document: Document) throws(XMLError) {
        let operation = "read network definition"
        let root = document.root
        guard root.name == "network", root.namespace == nil else {
            throw XMLError(
                .wrongDocument, during: operation, "the document is a <\(root.name)>, not a <network>")
        }
        guard let name = root.text(at: "name") else {
            throw XMLError(.missing, during: operation, "there is no <name>")
        }
        self.name = name
        bridge = root.attribute("name", at: "bridge")
        // Without a mode, <forward> means nat.
        let forward = root.first("forward")
        forwardMode = forward.map { $0["mode"] ?? "nat" }
        forwardDevice =
            forward?["dev"] ?? forward?.attribute("dev", at: "interface")
            ?? forward?.attribute("dev", at: "pf")
        portGroups = root.all("portgroup").compactMap { $0["name"] }
        mtu = root.first("mtu")?.number("size")
        virtualPortType = root.attribute("type", at: "virtualport")
    }

    /// - Throws: `wrongDocument`, `missing`, and what ``Document`` throws.
    package init(parsing text: String, limits: Limits = .standard) throws(XMLError) {
        try self.init(Document(parsing: text, limits: limits))
    }
}
