import DomainXML
import FleetModel
import Libvirt

/// The images that a guest left behind on its source, where the user wants them gone.
struct SourceImages: Sendable {
    let link: HostLink
    let guest: GuestIdentity

    /// Removes an image; one that is gone already is no error.
    ///
    /// - Throws: `ApusError` with `image-in-use` while a guest of that host has it open, or another guest's
    ///   definition names it; else why it could not be removed.
    func remove(_ path: String) async throws(ApusError) {
        let file = StoredFile(path: path, on: link)
        try await file.refuseOpen(alsoDefined: true, except: guest)
        let directory = Path.normal(Path.directory(of: path))
        let pools = try await link.ask { (connection) throws(LibvirtError) in
            try await connection.storagePools()
        }
        let pool = pools.first { pool in
            guard pool.isActive, let definition = try? PoolDefinition(parsing: pool.xml),
                let target = definition.targetPath
            else { return false }
            return definition.hasFiles && Path.normal(target) == directory
        }
        if let pool { return try await file.removeVolume(of: pool.name) }
        try await file.removeFile()
    }
}
