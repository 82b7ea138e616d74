import DomainXML
import FleetModel
import Libvirt

/// A guest's snapshots as one host's libvirt knows them: taken from there, and made known there.
struct SnapshotRecords: Sendable {
    let guest: GuestIdentity
    let link: HostLink

    /// All of them may take longer than one question.
    private static let patience: Duration = .seconds(60)

    /// What a decision needs to know of a guest's snapshots, parents first.
    static func survey(_ domain: borrowing DomainHandle) throws(LibvirtError) -> [GuestHardware.Snapshot] {
        var snapshots: [GuestHardware.Snapshot] = []
        for snapshot in try domain.snapshots().parentsFirst {
            let document = try domain.snapshotDocument(named: snapshot.name).xml
            snapshots.append(
                GuestHardware.Snapshot(
                    name: snapshot.name, parent: snapshot.parent, isCurrent: snapshot.isCurrent,
                    files: (try? SnapshotDefinition(parsing: document))?.files ?? [
                        "a document that cannot be read"
                    ]))
        }
        return snapshots
    }

    /// Every snapshot with its document, parents first.
    ///
    /// - Throws: `ApusError` with `permission-denied` where the documents would come without the passwords that are in
    ///   them, or what a host that does not answer throws.
    func read() async throws(ApusError) -> [CarriedSnapshot] {
        let reference = reference
        let read = try await link.ask(within: Self.patience) { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                var documents: [(Snapshot, SnapshotDocument)] = []
                for snapshot in try domain.snapshots().parentsFirst {
                    documents.append((snapshot, try domain.snapshotDocument(named: snapshot.name)))
                }
                return documents
            }
        }
        if let bare = read.first(where: { !$0.1.hasSecrets }) {
            throw ApusError(
                .permissionDenied, "read the snapshots of \(guest) on \(link.host.name)",
                "libvirt does not give the snapshot \(bare.0.name) with its passwords, and would not have them later",
                hint: "Reach \(link.host.name) with a connection that may write, or delete the snapshot.")
        }
        return read.map { snapshot, document in
            CarriedSnapshot(
                name: snapshot.name, parent: snapshot.parent, isCurrent: snapshot.isCurrent,
                document: document.xml)
        }
    }

    /// Has libvirt forget them, children first; their data stays. One that is not known is no error.
    func forget(_ snapshots: [CarriedSnapshot]) async throws(ApusError) {
        let reference = reference
        try await link.ask(within: Self.patience) { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                for snapshot in snapshots.reversed() {
                    do throws(LibvirtError) {
                        try domain.forgetSnapshot(named: snapshot.name)
                    } catch  where error.code == .noSnapshot {
                        continue
                    }
                }
            }
        }
    }

    /// Makes those known that are not, and the current one current.
    ///
    /// - Throws: `ApusError` with `libvirt-failed`, or what a host that does not answer throws.
    func define(_ snapshots: [CarriedSnapshot]) async throws(ApusError) {
        let reference = reference
        try await link.ask(within: Self.patience) { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                let known = try domain.snapshots()
                for snapshot in snapshots {
                    let isThere = known.contains {
                        $0.name == snapshot.name && $0.isCurrent == snapshot.isCurrent
                    }
                    // One that is current by mistake gives way to the one that is; it comes last or not at all.
                    let isKnown = known.contains { $0.name == snapshot.name }
                    guard !isThere, !isKnown || snapshot.isCurrent, let document = snapshot.document else {
                        continue
                    }
                    try domain.redefineSnapshot(document, isCurrent: snapshot.isCurrent)
                }
            }
        }
    }

    private var reference: DomainReference { .uuid(guest.uuid) }
}
