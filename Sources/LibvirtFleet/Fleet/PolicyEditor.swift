import DomainXML
package import FleetModel
import Libvirt

/// Reads and writes the policy that a guest carries in its metadata.
package struct PolicyEditor: Sendable {
    /// A guest with what it says.
    package struct Reading: Sendable {
        package let guest: Guest
        package let policy: GuestPolicy
    }

    /// A change, made or not.
    package struct Change: Sendable {
        package let guest: Guest
        package let before: GuestPolicy
        package let after: GuestPolicy
        /// Whether what was there could not be read, and is gone.
        let wasUnreadable: Bool

        package var hasChanged: Bool { before != after || wasUnreadable }
    }

    private let links: [HostLink]

    package init(hosts: [Host], connector: HostConnector = HostConnector()) {
        links = hosts.map { HostLink(host: $0, connector: connector) }
    }

    /// - Throws: `ApusError` with `unknown-guest`, `guest-ambiguous`, `policy-invalid`, and what hosts answer.
    package func read(_ name: String) async throws(ApusError) -> Reading {
        let (guest, link) = try await GuestLocator(guest: name, links: links).locate()
        return Reading(guest: guest, policy: try await link.policy(of: guest))
    }

    /// Changes a guest's policy, in what runs and in what a later start uses.
    ///
    /// - Parameters:
    ///   - name: the guest's name or UUID.
    ///   - dryRun: whether the change is only told.
    ///   - startsAnew: whether what is there counts for nothing: the way out of a policy that cannot be read.
    ///   - edit: the change.
    /// - Returns: the policy before and after.
    /// - Throws: `ApusError` as `read`, and what `edit` throws.
    package func change(
        _ name: String, dryRun: Bool, startsAnew: Bool = false,
        _ edit: (inout GuestPolicy) throws(ApusError) -> Void
    ) async throws(ApusError) -> Change {
        let (guest, link) = try await GuestLocator(guest: name, links: links).locate()
        var before = GuestPolicy()
        var isUnreadable = false
        do throws(ApusError) { before = try await link.policy(of: guest) } catch {
            guard startsAnew else { throw error }
            isUnreadable = true
        }
        var after = startsAnew ? GuestPolicy() : before
        try edit(&after)
        if !dryRun, before != after || isUnreadable {
            try await write(after, over: try await link.policyElement(of: guest), guest, link)
        }
        return Change(guest: guest, before: before, after: after, wasUnreadable: isUnreadable)
    }

    private func write(
        _ policy: GuestPolicy, over element: Element?, _ guest: Guest, _ link: HostLink
    ) async throws(ApusError) {
        let text: String?
        do throws(XMLError) { text = try policy.text(over: element) } catch {
            throw ApusError(
                .policyInvalid, "write the policy of \(guest.identity)", "\(error)",
                hint: "Use names without control characters.")
        }
        let scope: ModificationScope =
            switch (guest.state.isActive, guest.isPersistent) {
            case (true, true): .liveAndDefinition
            case (true, false): .live
            default: .definition
            }
        try await link.use { (connection) throws(LibvirtError) in
            try await connection.withDomain(.uuid(guest.identity.uuid)) { (domain) throws(LibvirtError) in
                try domain.setMetadata(
                    text, namespace: PolicyElement.namespace, prefix: PolicyElement.prefix, scope)
            }
        }
    }
}
