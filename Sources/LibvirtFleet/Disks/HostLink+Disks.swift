import DomainXML
import FleetModel
import Libvirt

extension HostLink {
    /// Where a guest's disks are, by their targets (`vda`), as one of its documents has them.
    func diskLocations(
        of guest: GuestIdentity, in document: DomainHandle.Document
    ) async throws(ApusError) -> [String: DiskSource.Location] {
        let xml = try await ask { (connection) throws(LibvirtError) in
            try await connection.withDomain(.uuid(guest.uuid)) { (domain) throws(LibvirtError) in
                try domain.xml(document)
            }
        }
        let disks = (try? GuestDefinition(parsing: xml).disks) ?? []
        return disks.reduce(into: [:]) { $0[$1.target] = $1.source?.location }
    }
}
