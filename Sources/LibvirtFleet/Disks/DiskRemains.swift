import DomainXML
import FleetModel
import Libvirt

/// What a process that is gone left of moving a disk on one host: an image, perhaps with a copy under way into it.
struct DiskRemains: Sendable {
    let link: HostLink

    /// Ends the copy and takes the image away; one that any guest has, or would start with, is its own.
    func remove(_ trace: UndoRecord.Trace) async throws(ApusError) {
        let path: String
        switch trace {
        case .volume(_, let volume): path = volume
        case .file(let file): path = file
        default: return
        }
        let documents = try await documents()
        for (uuid, disk) in documents.flatMap({ document in
            document.copies(into: path).map { (document.uuid, $0) }
        }) {
            try await link.ask(within: .seconds(60)) { (connection) throws(LibvirtError) in
                try await connection.withDomain(.uuid(uuid)) { (domain) throws(LibvirtError) in
                    try domain.endBlockCopy(disk: disk, changesOver: false)
                }
            }
        }
        guard !documents.contains(where: { $0.names(path) }) else { return }
        try await DestinationImages(on: link).remove(trace)
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
