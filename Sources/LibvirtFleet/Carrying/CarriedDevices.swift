import DomainXML
import FleetModel
import Libvirt

/// Devices that leave the guest for a move, and what it has in their place on the destination.
struct CarriedDevices: Sendable {
    let guest: GuestIdentity
    let link: HostLink

    /// A device of the running guest with its element.
    ///
    /// - Throws: `ApusError` with `plan-outdated` where the guest has it no more.
    func read(_ device: CarriedDevice) async throws(ApusError) -> CarriedDevice {
        guard let element = try await definition(.live).device(alias: device.alias) else {
            throw ApusError(
                .planOutdated, "take the device \(device.name) out of \(guest)",
                "\(guest) on \(link.host.name) has no device \(device.alias) any more",
                hint: "Make a new plan, or run the move again.")
        }
        return CarriedDevice(
            alias: device.alias, name: device.name, replacement: device.replacement,
            element: element.pluggable.serialized())
    }

    /// Plugs the device in again that the guest had.
    func putBack(_ device: CarriedDevice) async throws(ApusError) {
        guard let xml = device.element else { return }
        if let kept = try await definition(.live).device(like: element(xml)),
            let alias = kept.attribute("name", at: "alias")
        {
            // It may have been asked to let go a moment ago: what leaves after this would be missed by nobody.
            try await DevicePlug(guest: guest, host: link.host).settle(alias)
        }
        try await plugIn(xml)
    }

    /// Gives the guest what it has on this host: running, and defined where that differs from what it had.
    func bring(_ device: CarriedDevice) async throws(ApusError) {
        guard let element = device.element else { return }
        switch device.replacement {
        case .same: if try await runs() { try await plugIn(element) }
        case .element(let other):
            if try await runs() { try await plugIn(other) }
            try await define(other, insteadOf: element)
        case .nothing: try await define(nil, insteadOf: element)
        }
    }

    /// One that has stopped meanwhile finds what its definition says at its next start.
    private func runs() async throws(ApusError) -> Bool {
        try await link.guest(reference, within: .seconds(10))?.state.isActive == true
    }

    private func plugIn(_ xml: String) async throws(ApusError) {
        guard try await definition(.live).device(like: element(xml)) == nil else { return }
        let reference = reference
        // Taking a device of the host's from its driver may take a while.
        try await link.ask(within: CarriedDevice.patience) { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.attachDevice(xml, .live)
            }
        }
    }

    /// The next start has to find it.
    private func define(_ new: String?, insteadOf old: String) async throws(ApusError) {
        let reference = reference
        let isPersistent = try await link.ask { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.isPersistent()
            }
        }
        guard isPersistent else { return }
        let definition = try await definition(.inactive)
        let gone = try definition.device(like: element(old))?.serialized()
        let isThere = try new.map { (xml) throws(ApusError) in
            try definition.device(like: element(xml)) != nil
        }
        try await link.ask { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                if let gone, gone != new { try domain.detachDevice(gone, .definition) }
                if let new, isThere == false { try domain.attachDevice(new, .definition) }
            }
        }
    }

    private func definition(_ form: DomainHandle.Document) async throws(ApusError) -> GuestDefinition {
        let reference = reference
        let text = try await link.ask { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.xml(form)
            }
        }
        do throws(XMLError) {
            return try GuestDefinition(parsing: text)
        } catch {
            throw unreadable("the definition of \(guest) on \(link.host.name)", error)
        }
    }

    private func element(_ xml: String) throws(ApusError) -> Element {
        do throws(XMLError) {
            return try Document(parsing: xml).root
        } catch {
            throw unreadable("a device of \(guest)", error)
        }
    }

    private func unreadable(_ what: String, _ error: XMLError) -> ApusError {
        ApusError(
            .guestUnreadable, "read \(what)", "\(what) cannot be read: \(error.detail)", hint: nil,
            underlying: error)
    }

    private var reference: DomainReference { .uuid(guest.uuid) }
}
