import DomainXML
package import FleetModel
import Libvirt
import Transfer

extension MoveSession {
    /// Everything that the decision about this move rests on, read from both hosts at once.
    ///
    /// Also opens the connection that the migrate call will hold, so that the move itself need not wait for
    /// it.
    package func facts() async throws(ApusError) -> MoveFacts {
        let reader = FleetReader()
        async let workerOpened = Result(awaiting: { () async throws(ApusError) in try await worker.open() })
        async let sourceFacts = Result(awaiting: { () async throws(ApusError) in
            try await reader.facts(of: source.host, source.open())
        })
        async let destinationFacts = Result(awaiting: { () async throws(ApusError) in
            try await reader.facts(of: destination.host, destination.open())
        })
        async let disks = Result(awaiting: { () async throws(ApusError) in try await readDisks() })
        async let sameUUID = Result(awaiting: { () async throws(ApusError) in
            try await destination.guest(.uuid(guest.identity.uuid))
        })
        async let sameName = Result(awaiting: { () async throws(ApusError) in
            try await destination.guest(.name(guest.identity.name))
        })
        _ = try await workerOpened.get()
        return MoveFacts(
            guest: guest, source: try await sourceFacts.get(), destination: try await destinationFacts.get(),
            disks: try await disks.get(), sameName: try await sameName.get(),
            sameUUID: try await sameUUID.get())
    }

    private func readDisks() async throws(ApusError) -> [Disk] {
        let reference = DomainReference.uuid(guest.identity.uuid)
        let xml = try await source.use { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.xml(.live)
            }
        }
        let definitions: [DiskDefinition]
        do {
            definitions = try GuestDefinition(parsing: xml).disks
        } catch {
            throw ApusError(
                .guestUnreadable, "read the disks of \(guest.identity)",
                "\(source.host.name) gave a definition that cannot be read: \(error.detail)",
                hint: "virsh -c \(source.host.uri) dumpxml \(guest.identity) shows it; report it as a bug.",
                underlying: error)
        }
        let fileSystems = await FileSystems.read(
            for: definitions.compactMap { definition in
                guard !definition.isReadOnly, case .file(let path) = definition.source?.location else {
                    return nil
                }
                return path
            }, on: source.host)
        return definitions.map { Disk($0, fileSystems: fileSystems) }
    }
}

extension Disk {
    fileprivate init(_ definition: DiskDefinition, fileSystems: FileSystems) {
        let source: Source =
            switch definition.source?.location {
            case nil: .none
            case .file(let path): .file(path)
            case .block(let device): .block(device)
            case .network(let image): .network("\(image.protocol):\(image.name ?? "")")
            case .volume(let pool, let name): .other("volume \(pool)/\(name)")
            case .directory(let path): .other(path)
            case .nvme(let address): .other("nvme \(address)")
            case .vhostUser(let socket): .other(socket)
            case .vhostVDPA(let device): .other(device)
            case .other(let type): .other(type)
            }
        let storage: Storage =
            switch source {
            case .none: .notNeeded
            case _ where definition.isReadOnly: .notNeeded
            case .file(let path): fileSystems.storage(of: path)
            case .network(let name): .shared(name)
            case .block: .notKnown("libvirt assumes that a block device is the same one on both hosts")
            case .other: .notKnown("storage of this kind is not looked at by this version")
            }
        self.init(
            target: definition.target, source: source, isReadOnly: definition.isReadOnly, storage: storage)
    }
}

/// On what kind of file system each disk image lies.
struct FileSystems: Sendable {
    private let kinds: [String: String]
    private let reason: String?

    /// Those that libvirt 9.0.0 counts as shared, by the names that stat(1) gives them.
    ///
    /// Source: libvirt's virfile.c (NFS, GFS2, OCFS2, AFS, SMB, CIFS, Ceph, GPFS; FUSE for Quobyte and
    /// GlusterFS).
    static let shared: Set<String> = [
        "nfs", "nfs4", "gfs/gfs2", "gfs2", "ocfs2", "afs", "smb", "smb2", "cifs", "ceph", "gpfs",
        "fuse.glusterfs", "fuse.quobyte",
    ]

    static func read(for paths: [String], on host: Host) async -> FileSystems {
        guard !paths.isEmpty else { return FileSystems(kinds: [:], reason: nil) }
        guard let words = host.remoteShell else {
            return FileSystems(kinds: [:], reason: "\(host.name) has no remote-shell")
        }
        // findmnt tells one FUSE file system from another, which stat -f cannot.
        let script = paths.map { path in
            "findmnt -n -o FSTYPE --target \(RemoteShell.quote(path)) || stat -f -c %T "
                + "\(RemoteShell.quote(path))"
        }.joined(separator: "\n")
        // A dead network file system answers nobody: it is not waited for.
        let answer = await withFirst(of: .seconds(10)) {
            await Result(awaiting: { () async throws(ApusError) in
                try await RemoteShell(host: host.name, words: words)
                    .run(script + "\n", to: "ask \(host.name) for the file systems of its disk images")
            })
        }
        guard let answer else {
            return FileSystems(kinds: [:], reason: "\(host.name) did not answer within 10 s")
        }
        do throws(ApusError) {
            let output = try answer.get()
            let lines = output.split(separator: "\n").map(String.init)
            guard lines.count == paths.count else {
                return FileSystems(
                    kinds: [:], reason: "\(host.name) did not name a file system for each image")
            }
            return FileSystems(kinds: Dictionary(zip(paths, lines)) { first, _ in first }, reason: nil)
        } catch {
            return FileSystems(kinds: [:], reason: error.detail)
        }
    }

    func storage(of path: String) -> Disk.Storage {
        guard let kind = kinds[path] else { return .notKnown(reason ?? "it was not looked at") }
        return Self.shared.contains(kind) ? .shared(kind) : .local(kind)
    }
}
