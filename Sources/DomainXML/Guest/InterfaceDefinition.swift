/// A network interface of a guest: `<interface>`.
package struct InterfaceDefinition: Sendable, Equatable {
    /// What the interface is plugged into on its host.
    package enum Connection: Sendable, Equatable {
        case bridge(String)
        /// A network that libvirt manages.
        case network(String)
        /// A macvtap on a device of the host; without a mode, libvirt takes `vepa`.
        case direct(device: String, mode: String?)
        /// QEMU's own network, which needs nothing of the host.
        case user
        /// A tap device that somebody else plugs in.
        case ethernet
        /// Any other type, such as `hostdev`, `vhostuser`, `vdpa`, or one without what its type needs.
        case other(type: String)
    }

    /// Such as `52:54:00:12:34:56`, in lower case; nil when libvirt is to choose one.
    package let mac: String?
    package let connection: Connection
    /// Such as `virtio`.
    package let model: String?
    /// The device on the host, such as `vnet3`, while the guest runs.
    package let target: String?
}

extension GuestDefinition {
    /// Every network interface, in document order.
    package var interfaces: [InterfaceDefinition] {
        root.all("devices/interface").map(InterfaceDefinition.init)
    }
}

extension InterfaceDefinition {
    init(_ element: Element) {
        mac = element.attribute("address", at: "mac")?.lowercased()
        connection = Connection(type: element["type"] ?? "", source: element.first("source"))
        model = element.attribute("type", at: "model")
        target = element.attribute("dev", at: "target")
    }
}

extension InterfaceDefinition.Connection {
    fileprivate init(type: String, source: Element?) {
        self =
            switch type {
            case "bridge": source?["bridge"].map { .bridge($0) } ?? .other(type: type)
            case "network": source?["network"].map { .network($0) } ?? .other(type: type)
            case "direct":
                source?["dev"].map { .direct(device: $0, mode: source?["mode"]) } ?? .other(type: type)
            case "user": .user
            case "ethernet": .ethernet
            default: .other(type: type)
            }
    }
}
