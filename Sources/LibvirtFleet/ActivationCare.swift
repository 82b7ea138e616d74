import DomainXML
import FleetModel
import Libvirt

/// What a guest's host keeps for it that no migration carries, or that has to be the same behind it.
struct CarriedSettings: Sendable, Hashable, Codable {
    /// Whether the host starts the guest when it starts itself.
    let isAutostarted: Bool
    /// `<metadata>` of what runs, and of the definition; `nil` where there is none.
    let metadata: String?
    let definitionMetadata: String?
}

/// What is done for a guest besides moving it: read on the source before, settled on the destination after.
///
/// Nothing of it may spoil a move that succeeded: whoever calls turns what is thrown here into a remark.
struct ActivationCare: Sendable {
    let guest: GuestIdentity

    /// Reads what a move does not carry, on the source before it.
    ///
    /// Source: `virDomainGetAutostart`, `virDomainGetXMLDesc`.
    ///
    /// - Parameter source: the host that has the guest.
    /// - Returns: what is to be on the destination afterwards.
    /// - Throws: `ApusError` with `libvirt-failed`, `connection-lost`, `host-unreachable`, or
    ///   `guest-unreadable` for a document that is none.
    func settings(on source: HostLink) async throws(ApusError) -> CarriedSettings {
        let reference = reference
        let read = try await source.ask { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                let isPersistent = try domain.isPersistent()
                return (
                    isAutostarted: try domain.isAutostarted(), live: try domain.xml(.live),
                    inactive: isPersistent ? try domain.xml(.inactive) : nil
                )
            }
        }
        return CarriedSettings(
            isAutostarted: read.isAutostarted, metadata: try metadata(read.live, source),
            definitionMetadata: try read.inactive.map { (xml) throws(ApusError) in try metadata(xml, source) }
                ?? nil)
    }

    /// Sets what a move did not carry, on the destination after it, and compares what it should have carried.
    ///
    /// A guest that has no definition there cannot be started with its host; that is a remark.
    ///
    /// - Parameters:
    ///   - settings: what the source had.
    ///   - destination: the host that has the guest now.
    /// - Returns: what is not as it was, a sentence each; empty when all is.
    /// - Throws: `ApusError`, as `settings(on:)`.
    func settle(_ settings: CarriedSettings, on destination: HostLink) async throws(ApusError) -> [String] {
        let reference = reference
        let host = destination.host
        var remarks: [String] = []
        if settings.isAutostarted {
            do throws(ApusError) {
                try await destination.ask { (connection) throws(LibvirtError) in
                    try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                        if try !domain.isAutostarted() { try domain.setAutostart(true) }
                    }
                }
            } catch {
                remarks.append(
                    "it does not start with \(host.name) yet, as it did with its source: \(error.detail); "
                        + "virsh -c \(host.uri) autostart \(guest)")
            }
        }
        let arrived = try await self.settings(on: destination)
        if arrived.metadata != settings.metadata {
            remarks.append(
                "its <metadata> on \(host.name) is not what it was: "
                    + "compare virsh -c \(host.uri) dumpxml \(guest) with its source")
        } else if let before = settings.definitionMetadata, arrived.definitionMetadata != before {
            remarks.append(
                "the <metadata> of its definition on \(host.name) is not what it was: "
                    + "compare virsh -c \(host.uri) dumpxml --inactive \(guest) with its source")
        }
        return remarks
    }

    private var reference: DomainReference { .uuid(guest.uuid) }

    private func metadata(_ xml: String, _ link: HostLink) throws(ApusError) -> String? {
        do throws(XMLError) {
            return try GuestDefinition(parsing: xml).root.first("metadata")?.serialized()
        } catch {
            throw ApusError(
                .guestUnreadable, "read the metadata of \(guest)",
                "the definition of \(guest) on \(link.host.name) cannot be read: \(error.detail)", hint: nil,
                underlying: error)
        }
    }
}
