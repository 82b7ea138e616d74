import DomainXML
import FleetModel
import Libvirt

extension HostLink {
    /// What a guest says of its moves: as it runs, or in its definition where it does not.
    ///
    /// - Throws: `ApusError` with `policy-invalid`, and what the host answers.
    func policy(of guest: Guest) async throws(ApusError) -> GuestPolicy {
        guard let element = try await policyElement(of: guest) else { return GuestPolicy() }
        return try GuestPolicy(PolicyElement(element), of: guest.identity.name)
    }

    func policyElement(of guest: Guest) async throws(ApusError) -> Element? {
        let text = try await use { (connection) throws(LibvirtError) in
            try await connection.withDomain(.uuid(guest.identity.uuid)) { (domain) throws(LibvirtError) in
                try domain.metadata(namespace: PolicyElement.namespace)
            }
        }
        guard let text else { return nil }
        do throws(XMLError) { return try PolicyElement.element(parsing: text) } catch {
            throw ApusError(.policyInvalid, "read the policy of \(guest.identity)", "\(error)", hint: nil)
        }
    }
}
