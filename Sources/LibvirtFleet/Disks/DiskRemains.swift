import DomainXML
import FleetModel
import Libvirt

/// What is left of moving a disk on one host: an image, perhaps with a copy under way into it.
struct DiskRemains: Sendable {
    let link: HostLink
    let images: DestinationImages

    enum Fate: Sendable {
        /// No guest has it: it is gone.
        case takenAway
        /// A guest has it, or would start with it: it is the guest's own.
        case kept
    }

    /// Ends the copy into it and takes the image away, where no guest has it.
    func remove(_ trace: UndoRecord.Trace) async throws(ApusError) -> Fate {
        let path: String
        switch trace {
        case .volume(_, let volume): path = volume
        case .file(let file): path = file
        default: return .kept
        }
        let copies = try await documents().flatMap { document in
            document.copies(into: path).map { (document.uuid, $0) }
        }
        for (uuid, disk) in copies {
            try await link.ask(within: .seconds(60)) { (connection) throws(LibvirtError) in
                try await connection.withDomain(.uuid(uuid)) { (domain) throws(LibvirtError) in
                    try domain.endBlockCopy(disk: disk, changesOver: false)
                }
            }
        }
        // After the copies ended: one of them may have changed over meanwhile.
        guard try await !self.documents().contains(where: { $0.names(path) }) else { return .kept }
        try await images.remove(trace)
        return .takenAway
    }

    /// One of the definitions of a guest: what runs, or what the next start would use.
    private struct Document: Sendable {
        let uuid: String
        let disks: [DiskDefinition]

        func names(_ path: String) -> Bool {
            disks.flatMap(\.images).contains { $0.location == .file(path: path) }
        }

        func copies(into path: String) -> [String] {
            disks.filter { $0.mirror?.source?.location == .file(path: path) }.map(\.target)
        }
    }

    private func documents() async throws(ApusError) -> [Document] {
        let texts = try await link.ask { (connection) throws(LibvirtError) in
            var texts: [(uuid: String, xml: String)] = []
            for domain in try await connection.domains() {
                let documents = try? await connection.withDomain(.uuid(domain.uuid)) {
                    (handle) throws(LibvirtError) in
                    [try handle.xml(.live)] + (domain.isPersistent ? [try handle.xml(.inactive)] : [])
                }
                texts += (documents ?? []).map { (domain.uuid, $0) }
            }
            return texts
        }
        var documents: [Document] = []
        for (uuid, xml) in texts {
            do throws(XMLError) {
                documents.append(Document(uuid: uuid, disks: try GuestDefinition(parsing: xml).disks))
            } catch {
                throw ApusError(
                    .guestUnreadable, "see what is left of a disk's copy on \(link.host.name)", error.detail,
                    hint: "See what libvirt has there: virsh -c \(link.host.uri) dumpxml \(uuid)",
                    underlying: error)
            }
        }
        return documents
    }
}
