import DomainXML
import FleetModel
import Libvirt

/// What no migration does for a guest, done on the destination after it, and what it should have done, compared.
///
/// Nothing of it may spoil a move that succeeded: whoever calls turns what is thrown here into a remark.
struct ActivationCare: Sendable {
    let guest: GuestIdentity

    /// Has the destination start the guest when it starts itself.
    ///
    /// A guest that has no definition there cannot be; that is a remark.
    ///
    /// - Parameters:
    ///   - destination: the host that has the guest now.
    ///   - source: the host that keeps a definition of it, and is not to start that one; `nil` where it keeps none.
    /// - Returns: what could not be done, a sentence each.
    func autostart(on destination: HostLink, insteadOf source: HostLink?) async -> [String] {
        var remarks: [String] = []
        do throws(ApusError) {
            try await set(true, on: destination)
        } catch {
            remarks.append(
                "it does not start with \(destination.host.name) yet, as it did with its source: \(error.detail); "
                    + "virsh -c \(destination.host.uri) autostart \(guest)")
        }
        guard let source else { return remarks }
        do throws(ApusError) {
            try await set(false, on: source)
        } catch {
            remarks.append(
                "\(source.host.name) keeps its definition and would start it a second time when it starts itself: "
                    + "\(error.detail); virsh -c \(source.host.uri) autostart --disable \(guest)")
        }
        return remarks
    }

    /// Compares the guest's `<metadata>` with what it was.
    ///
    /// - Parameters:
    ///   - live: of what ran on the source.
    ///   - definition: of its definition there; `nil` where it had none.
    ///   - destination: the host that has the guest now.
    /// - Returns: what is not as it was, a sentence each; empty when all is.
    /// - Throws: `ApusError` with `libvirt-failed`, `connection-lost`, `host-unreachable`, or
    ///   `guest-unreadable` for a document that is none.
    func compareMetadata(
        live: String?, definition: String?, on destination: HostLink
    ) async throws(ApusError) -> [String] {
        let reference = reference
        let host = destination.host
        let read = try await destination.ask { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                (live: try domain.xml(.live), inactive: try domain.xml(.inactive))
            }
        }
        if try metadata(read.live, destination) != live {
            return [
                "its <metadata> on \(host.name) is not what it was: "
                    + "compare virsh -c \(host.uri) dumpxml \(guest) with its source"
            ]
        }
        guard let definition, try metadata(read.inactive, destination) != definition else { return [] }
        return [
            "the <metadata> of its definition on \(host.name) is not what it was: "
                + "compare virsh -c \(host.uri) dumpxml --inactive \(guest) with its source"
        ]
    }

    private var reference: DomainReference { .uuid(guest.uuid) }

    private func set(_ isOn: Bool, on link: HostLink) async throws(ApusError) {
        let reference = reference
        try await link.ask { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                if try domain.isAutostarted() != isOn { try domain.setAutostart(isOn) }
            }
        }
    }

    private func metadata(_ xml: String, _ link: HostLink) throws(ApusError) -> String? {
        do throws(XMLError) {
            return try GuestDefinition(parsing: xml).metadata
        } catch {
            throw ApusError(
                .guestUnreadable, "read the metadata of \(guest)",
                "the definition of \(guest) on \(link.host.name) cannot be read: \(error.detail)", hint: nil,
                underlying: error)
        }
    }
}

extension GuestDefinition {
    /// What programs keep with the guest, as it stands there; `nil` where there is nothing.
    var metadata: String? { root.first("metadata")?.serialized() }
}
