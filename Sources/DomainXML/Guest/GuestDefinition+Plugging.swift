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

    private var devices: [Element] { root.first("devices")?.elements ?? [] }
}

extension Element {
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
