internal import CLibvirt

/// A snapshot as libvirt keeps it: its place among the others, not its data.
package struct Snapshot: Sendable, Equatable {
    package let name: String
    /// The snapshot that it was made upon; `nil` for one that stands at the beginning.
    package let parent: String?
    /// Whether what the guest does now is upon this one; at most one of a guest's is.
    package let isCurrent: Bool

    package init(name: String, parent: String?, isCurrent: Bool) {
        self.name = name
        self.parent = parent
        self.isCurrent = isCurrent
    }
}

/// The `<domainsnapshot>` document of a snapshot.
package struct SnapshotDocument: Sendable, Equatable {
    package let xml: String
    /// Whether passwords are in it; without them, a snapshot that is defined from it has lost those it had.
    package let hasSecrets: Bool

    package init(xml: String, hasSecrets: Bool) {
        self.xml = xml
        self.hasSecrets = hasSecrets
    }
}

extension DomainHandle {
    /// How many snapshots libvirt keeps of the guest, 0 where the driver has none.
    ///
    /// Source: `virDomainSnapshotNum`.
    package borrowing func snapshotCount() throws(LibvirtError) -> Int {
        try Self.count("count a guest's snapshots", unsafe virDomainSnapshotNum(raw, 0))
    }

    /// How many checkpoints libvirt keeps of the guest, 0 where the driver has none.
    ///
    /// Source: `virDomainListAllCheckpoints`.
    package borrowing func checkpointCount() throws(LibvirtError) -> Int {
        try Self.count("count a guest's checkpoints", unsafe virDomainListAllCheckpoints(raw, nil, 0))
    }

    /// Every snapshot that libvirt keeps of the guest, in the daemon's order, which is none.
    ///
    /// Source: `virDomainListAllSnapshots`, `virDomainSnapshotGetParent`, `virDomainSnapshotIsCurrent`.
    ///
    /// - Returns: the snapshots; one that vanishes while the list is being read is left out.
    /// - Throws: `LibvirtError`, with `.noDomain`, or `.noSupport` where the driver has none.
    package borrowing func snapshots() throws(LibvirtError) -> [Snapshot] {
        var list: UnsafeMutablePointer<virDomainSnapshotPtr?>?
        let count = try check(
            "list a guest's snapshots", unsafe virDomainListAllSnapshots(raw, &list, 0))
        defer { unsafe freeCArray(list) }
        var snapshots: [Snapshot] = []
        for index in 0..<Int(count) {
            guard let raw = unsafe list?[index] else { continue }
            let handle = unsafe SnapshotHandle(adopting: raw)
            do throws(LibvirtError) {
                snapshots.append(try handle.summary())
            } catch  where error.code == .noSnapshot {
                continue
            }
        }
        return snapshots
    }

    /// A snapshot's document, with its passwords where this connection may read them.
    ///
    /// Source: `virDomainSnapshotGetXMLDesc`, with `VIR_DOMAIN_SNAPSHOT_XML_SECURE` (since 5.1.0) first.
    ///
    /// - Throws: `LibvirtError`, with `.noSnapshot`, `.noDomain`, `.noSupport`.
    package borrowing func snapshotDocument(named name: String) throws(LibvirtError) -> SnapshotDocument {
        let snapshot = try snapshot(named: name)
        do throws(LibvirtError) {
            return SnapshotDocument(
                xml: try snapshot.xml(VIR_DOMAIN_SNAPSHOT_XML_SECURE.rawValue), hasSecrets: true)
        } catch  where error.code == .operationDenied || error.code == .accessDenied {
            return SnapshotDocument(xml: try snapshot.xml(0), hasSecrets: false)
        }
    }

    /// Makes a snapshot known to libvirt from its document; nothing is written to any disk. One of that name
    /// is replaced.
    ///
    /// Its parent has to be known already (`parentsFirst`), and its data has to be in the guest's disks:
    /// libvirt does not look, and a revert to one without data leaves the guest shut off. Source:
    /// `virDomainSnapshotCreateXML` with `VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE`, and `…_CURRENT`.
    ///
    /// - Parameters:
    ///   - document: a `<domainsnapshot>`, as `snapshotDocument` gives it.
    ///   - isCurrent: whether what the guest does now is upon it.
    /// - Throws: `LibvirtError`, with `.xmlMalformed`, `.xmlError`, `.invalidArgument` for a document of
    ///   another guest or one whose parent is not known, `.noSupport`.
    package borrowing func redefineSnapshot(_ document: String, isCurrent: Bool) throws(LibvirtError) {
        var flags = VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE.rawValue
        if isCurrent { flags |= VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT.rawValue }
        guard let snapshot = unsafe virDomainSnapshotCreateXML(raw, document, flags) else {
            throw .last("make a snapshot known again")
        }
        _ = unsafe SnapshotHandle(adopting: snapshot)
    }

    /// Has libvirt forget a snapshot; its data stays where it is, and its children become its parent's.
    ///
    /// Source: `virDomainSnapshotDelete` with `VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY`.
    ///
    /// - Throws: `LibvirtError`, with `.noSnapshot`, `.noDomain`, `.noSupport`.
    package borrowing func forgetSnapshot(named name: String) throws(LibvirtError) {
        try snapshot(named: name).delete(VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY.rawValue)
    }

    private borrowing func snapshot(named name: String) throws(LibvirtError) -> SnapshotHandle {
        guard let snapshot = unsafe virDomainSnapshotLookupByName(raw, name, 0) else {
            throw .last("find the snapshot \(name)")
        }
        return unsafe SnapshotHandle(adopting: snapshot)
    }

    private static func count(_ operation: String, _ status: CInt) throws(LibvirtError) -> Int {
        do throws(LibvirtError) {
            return Int(try check(operation, status))
        } catch  where error.code == .noSupport {
            return 0
        }
    }
}

/// The only owner of a `virDomainSnapshotPtr`.
@safe struct SnapshotHandle: ~Copyable {
    private let raw: virDomainSnapshotPtr

    init(adopting raw: virDomainSnapshotPtr) { unsafe self.raw = raw }

    deinit { unsafe virDomainSnapshotFree(raw) }

    borrowing func summary() throws(LibvirtError) -> Snapshot {
        let isCurrent = try check(
            "ask whether a snapshot is current", unsafe virDomainSnapshotIsCurrent(raw, 0))
        return Snapshot(
            name: try name(), parent: try parent(), isCurrent: isCurrent == 1)
    }

    borrowing func xml(_ flags: UInt32) throws(LibvirtError) -> String {
        try unsafe adopt("read a snapshot", virDomainSnapshotGetXMLDesc(raw, flags))
    }

    borrowing func delete(_ flags: UInt32) throws(LibvirtError) {
        try check("forget a snapshot", unsafe virDomainSnapshotDelete(raw, flags))
    }

    /// libvirt has one code for "it has none" and for "it is gone itself": a second question tells which.
    private borrowing func parent() throws(LibvirtError) -> String? {
        guard let parent = unsafe virDomainSnapshotGetParent(raw, 0) else {
            let error = LibvirtError.last("find what a snapshot was made upon")
            guard error.code == .noSnapshot else { throw error }
            try check("find a snapshot again", unsafe virDomainSnapshotHasMetadata(raw, 0))
            return nil
        }
        let handle = unsafe SnapshotHandle(adopting: parent)
        return try handle.name()
    }

    private borrowing func name() throws(LibvirtError) -> String {
        guard let name = unsafe virDomainSnapshotGetName(raw) else { throw .last("read a snapshot's name") }
        return unsafe String(cString: name)
    }
}

extension Sequence<Snapshot> {
    /// Each one behind the one that it was made upon, else in the given order: the order to make them known
    /// in; forget them in the reverse.
    ///
    /// One whose parent is not among these counts as a beginning. What leads back to itself, which libvirt
    /// never has, is kept and comes last.
    package var parentsFirst: [Snapshot] {
        let all = Array(self)
        let names = Set(all.map(\.name))
        let children = Dictionary(grouping: all) { snapshot in
            snapshot.parent.flatMap { names.contains($0) ? $0 : nil }
        }
        var ordered: [Snapshot] = []
        var waiting = Array((children[nil] ?? []).reversed())
        while let next = waiting.popLast() {
            ordered.append(next)
            waiting.append(contentsOf: (children[next.name] ?? []).reversed())
        }
        return ordered + all.filter { !ordered.contains($0) }
    }
}
