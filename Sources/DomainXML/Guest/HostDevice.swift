/// A device of the host that a guest was handed: `<hostdev>`.
package struct HostDevice: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case usb
        case pci
        /// A mediated device, such as a part of a GPU.
        case mdev
        case scsi
        /// A vhost-scsi target.
        case scsiHost
        case other(String)
    }

    package let kind: Kind
    /// `subsystem`, or `capabilities` for containers.
    package let mode: String
    /// Which one: `0000:03:00.0` for PCI, `046d:c52b` or `bus 1 device 4` for USB, the UUID of an mdev, the
    /// adapter or target of SCSI; nil when the document does not say.
    package let address: String?
    /// Whether libvirt takes it from the host's driver and gives it back.
    package let isManaged: Bool
    package let alias: String?
    package let teaming: Teaming?
    /// Such as `vfio`.
    package let driver: String?
}

/// One half of a pair of interfaces, of which the guest's driver uses the other while this one is away.
package struct Teaming: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// The interface that stays.
        case persistent
        /// The passed-through one, which is unplugged for a move.
        case transient
        case other(String)
    }

    package let kind: Kind
    /// For the transient half: the alias of the other.
    package let persistentAlias: String?
}

extension GuestDefinition {
    /// Every `<hostdev>`, in document order; interfaces of that type are among ``interfaces``.
    package var hostDevices: [HostDevice] { root.all("devices/hostdev").map(HostDevice.init) }
}

extension Teaming {
    init?(in element: Element) {
        guard let teaming = element.first("teaming") else { return nil }
        kind =
            switch teaming["type"] {
            case "persistent": .persistent
            case "transient": .transient
            case let type: .other(type ?? "")
            }
        persistentAlias = teaming["persistent"]
    }
}

extension HostDevice {
    init(_ element: Element) {
        let source = element.first("source")
        let type = element["type"] ?? ""
        let kind: Kind =
            switch type {
            case "usb": .usb
            case "pci": .pci
            case "mdev": .mdev
            case "scsi": .scsi
            case "scsi_host": .scsiHost
            default: .other(type)
            }
        self.kind = kind
        mode = element["mode"] ?? "subsystem"
        address = source.flatMap { Self.address(of: kind, in: $0) }
        isManaged = element.flag("managed") == true
        alias = element.attribute("name", at: "alias")
        teaming = Teaming(in: element)
        driver = element.attribute("name", at: "driver")
    }

    private static func address(of kind: Kind, in source: Element) -> String? {
        let address = source.first("address")
        switch kind {
        case .pci: return address?.pciAddress
        case .usb: return usbAddress(in: source)
        case .mdev: return address?["uuid"]?.lowercased()
        case .scsiHost: return source["wwpn"]
        case .scsi:
            if let name = source["name"] {
                return [source["protocol"], name].compactMap(\.self).joined(separator: ":")
            }
            guard let adapter = source.attribute("name", at: "adapter"), let address else { return nil }
            return ([adapter] + ["bus", "target", "unit"].map { address[$0] ?? "?" }).joined(separator: ":")
        case .other:
            return ["block", "char", "interface"].lazy.compactMap { source.text(at: $0) }.first
        }
    }

    private static func usbAddress(in source: Element) -> String? {
        if let vendor: UInt16 = source.first("vendor")?.number("id"),
            let product: UInt16 = source.first("product")?.number("id")
        {
            return "\(Element.hexadecimal(vendor, digits: 4)):\(Element.hexadecimal(product, digits: 4))"
        }
        guard let address = source.first("address"), let bus: Int = address.number("bus"),
            let device: Int = address.number("device")
        else { return nil }
        return "bus \(bus) device \(device)"
    }
}
