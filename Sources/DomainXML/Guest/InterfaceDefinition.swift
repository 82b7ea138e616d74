/// A network interface of a guest: `<interface>`.
package struct InterfaceDefinition: Sendable, Equatable {
    /// What the interface is plugged into on its host.
    package enum Connection: Sendable, Equatable {
        case bridge(String)
        /// A network that libvirt manages.
        case network(String)
        /// A macvtap on a device of the host; without a mode, libvirt takes `vepa`.
        case direct(device: String, mode: String?)
        /// A PCI device of the host, passed through; such as `0000:03:10.1`.
        case hostDevice(address: String)
        /// A vDPA device of the host, such as `/dev/vhost-vdpa-0`.
        case vdpa(device: String)
        /// A switch in another process, behind a UNIX socket.
        case vhostUser(socket: String)
        /// QEMU's own network, which needs nothing of the host.
        case user
        /// A tap device that somebody else plugs in.
        case ethernet
        /// Any other type, or one without what its type needs.
        case other(type: String)
    }

    /// Such as `52:54:00:12:34:56`, in lower case; nil when libvirt is to choose one.
    package let mac: String?
    package let connection: Connection
    /// The group of settings that is asked of the network.
    package let portGroup: String?
    /// How the interface is announced to the switch: `openvswitch`, `802.1Qbg`, `802.1Qbh`, `midonet`.
    package let virtualPortType: String?
    /// nil is what the bridge or device has.
    package let mtu: Int?
    package let teaming: Teaming?
    package let alias: String?
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
        portGroup = element.attribute("portgroup", at: "source")
        virtualPortType = element.attribute("type", at: "virtualport")
        mtu = element.first("mtu")?.number("size")
        teaming = Teaming(in: element)
        alias = element.attribute("name", at: "alias")
        model = element.attribute("type", at: "model")
        target = element.attribute("dev", at: "target")
    }
}

extension InterfaceDefinition.Connection {
    fileprivate init(type: String, source: Element?) {
        // While the guest runs, libvirt writes what a network came to (`bridge`, `direct`) and names the
        // network beside it; the network is what the other host has to have.
        if let network = source?["network"] {
            self = .network(network)
            return
        }
        let connection: Self? =
            switch type {
            case "bridge": source?["bridge"].map { .bridge($0) }
            case "direct": source?["dev"].map { .direct(device: $0, mode: source?["mode"]) }
            case "hostdev": source?.first("address")?.pciAddress.map { .hostDevice(address: $0) }
            case "vdpa": source?["dev"].map { .vdpa(device: $0) }
            case "vhostuser": source?["path"].map { .vhostUser(socket: $0) }
            case "user": .user
            case "ethernet": .ethernet
            default: nil
            }
        self = connection ?? .other(type: type)
    }
}
