package import FleetModel
import Libvirt

/// Ends a move that somebody, perhaps another process, has under way.
package struct MoveAborter: Sendable {
    private let links: [HostLink]

    package init(hosts: [Host], connector: HostConnector = HostConnector()) {
        links = hosts.map { HostLink(host: $0, connector: connector) }
    }

    /// Aborts the guest's move and waits until its source has it back.
    ///
    /// - Returns: the guest on its source; `nil` when it is not being moved.
    /// - Throws: `ApusError` with `unknown-guest`, `abort-refused`, or `state-not-known` when the source does not
    ///   have the guest back within 30 s.
    package func abort(_ guest: String, dryRun: Bool) async throws(ApusError) -> Guest? {
        guard let (found, link) = try await moving(guest) else { return nil }
        if dryRun { return found }
        let reference = DomainReference.uuid(found.identity.uuid)
        do throws(ApusError) {
            try await link.use { (connection) throws(LibvirtError) in
                try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                    try domain.abortJob()
                }
            }
        } catch {
            throw ApusError(
                .abortRefused, "abort the move of \(found.identity)", error.detail,
                hint:
                    "A move that has switched over cannot be taken back; apus status shows where it stands.",
                underlying: error)
        }
        let deadline = ContinuousClock.now.advanced(by: .seconds(30))
        while ContinuousClock.now < deadline {
            if let now = try await link.guest(reference), now.activity == nil, now.state.isActive {
                return now
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
        throw ApusError(
            .stateNotKnown, "abort the move of \(found.identity)",
            "\(link.host.name) took the abort but does not have \(found.identity) back after 30 s",
            hint: "Look at both hosts: virsh -c \(link.host.uri) domstate --reason \(found.identity).")
    }

    /// The guest on the host that it leaves now; `nil` when it is known but not being moved.
    private func moving(_ guest: String) async throws(ApusError) -> (Guest, HostLink)? {
        for link in links {
            let reference: DomainReference =
                GuestLocator.isUUID(guest) ? .uuid(guest.lowercased()) : .name(guest)
            if let found = try? await link.guest(reference), found.activity == .migratingOut {
                return (found, link)
            }
        }
        _ = try await GuestLocator(guest: guest, links: links).locate()
        return nil
    }
}
