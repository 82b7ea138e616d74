/// Devices as elements of their own, for plugging them in and out.
extension GuestDefinition {
    /// The device of this alias (`<alias name='hostdev0'/>`), whatever kind it is.
    package func device(alias: String) -> Element? {
        devices.first { $0.attribute("name", at: "alias") == alias }
    }

    /// The device of the host at this address, be it a `<hostdev>` or an `<interface type='hostdev'>`.
    ///
    /// - Parameter address: as ``HostDevice/address`` writes it, such as `0000:03:00.0`; the case does not
    ///   matter.
    /// - Returns: the first of the document; `nil` when the guest was not handed it.
    package func hostDevice(at address: String) -> Element? {
        devices.first { device in
            if device.isNamed("hostdev") {
                return HostDevice(device).address?.lowercased() == address.lowercased()
            }
            guard device.isNamed("interface"),
                case .hostDevice(let own) = InterfaceDefinition(device).connection
            else { return false }
            return own.lowercased() == address.lowercased()
        }
    }

    /// The device at this place in the guest, as the guest sees it.
    ///
    /// - Parameter address: a PCI address, such as `0000:00:05.0`; the case does not matter.
    /// - Returns: the device; `nil` when there is none.
    package func device(atGuestAddress address: String) -> Element? {
        devices.first { device in
            guard let place = device.first("address"), place["type"] == "pci" else { return false }
            return place.pciAddress?.lowercased() == address.lowercased()
        }
    }

    /// The devices that somebody means by a word: an alias, an address on the host or in the guest, a MAC address, or
    /// `*` for everything that the guest was handed of its host.
    package func devices(meant word: String) -> [Element] {
        if word == "*" { return devices.filter(\.isPassedThrough) }
        let found =
            device(alias: word) ?? hostDevice(at: word) ?? device(atGuestAddress: word)
            ?? devices.first { $0.attribute("address", at: "mac")?.lowercased() == word.lowercased() }
        return found.map { [$0] } ?? []
    }

    /// The device that is the same as this one, or was plugged in from its element: the guest's words for it may
    /// differ (alias, place).
    package func device(like wanted: Element) -> Element? {
        devices.first { device in
            guard device.name == wanted.name, device["type"] == wanted["type"] else { return false }
            if let alias = wanted.ownersAlias { return device.ownersAlias == alias }
            if let mac = wanted.attribute("address", at: "mac") {
                return device.attribute("address", at: "mac")?.lowercased() == mac.lowercased()
            }
            if wanted.isNamed("hostdev"), let address = HostDevice(wanted).address {
                return HostDevice(device).address == address
            }
            if let place = wanted.first("address") {
                return device.first("address")?.attributes == place.attributes
            }
            return device.unplaced == wanted.unplaced
        }
    }

    private var devices: [Element] { root.first("devices")?.elements ?? [] }
}

extension Element {
    /// Whether it is the host's, handed to the guest: `<hostdev>`, and an interface that is a function of the host's.
    package var isPassedThrough: Bool {
        isNamed("hostdev") || isNamed("interface") && self["type"] == "hostdev"
    }

    /// For people: its address on the host, its MAC address, else its alias.
    package var deviceName: String {
        let onHost: String? =
            if isNamed("hostdev") {
                HostDevice(self).address
            } else if isNamed("interface"), case .hostDevice(let own) = InterfaceDefinition(self).connection {
                own
            } else {
                attribute("address", at: "mac")
            }
        return onHost ?? attribute("name", at: "alias") ?? name
    }

    /// A user's own alias (`ua-…`): how somebody knows the device.
    fileprivate var ownersAlias: String? {
        attribute("name", at: "alias").flatMap { $0.hasPrefix("ua-") ? $0 : nil }
    }

    /// A device as it can be plugged in again where the guest saw it before: without the alias that libvirt gave it.
    package var pluggable: Element {
        var device = self
        _ = device.removeChildren { $0.isNamed("alias") && $0["name"]?.hasPrefix("ua-") != true }
        return device
    }

    /// A device as it can be plugged in anywhere: without the alias that libvirt gave it and without its
    /// place in the guest.
    ///
    /// A user's own alias (`ua-…`) stays: it is how somebody knows the device.
    package var unplaced: Element {
        var device = self
        _ = device.removeChildren { child in
            if child.isNamed("address") { return true }
            return child.isNamed("alias") && child["name"]?.hasPrefix("ua-") != true
        }
        return device
    }
}
