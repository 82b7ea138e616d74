import DomainXML
import FleetModel
import Libvirt
import Synchronization
import Transfer

/// The images on a host that copies of disks are written to: made empty before a move, taken away when it fails.
///
/// Never overwrites a file, and never takes away one that a guest has open or that was there before.
final class DestinationImages: Sendable {
    private let link: HostLink
    /// Paths where something stood that was not ours: the journal has a note of each, and nothing is to be undone.
    private let foreign = Mutex<Set<String>>([])

    init(on link: HostLink) { self.link = link }

    /// Taking space at once writes it where the file system cannot reserve it.
    private static let patience = (sparse: Duration.seconds(10), full: Duration.seconds(3600))

    /// Makes an image, through the storage pool of the order or over the host's remote shell.
    ///
    /// - Throws: `ApusError` with `image-exists`; else why it could not be made, and then none is there.
    func create(_ order: ImageOrder) async throws(ApusError) {
        let limit = order.preallocation == .full ? Self.patience.full : Self.patience.sparse
        if let pool = order.pool {
            try await create(order, in: pool, within: limit)
        } else if let words = link.host.remoteShell {
            let answer = try await RemoteShell(host: link.host.name, words: words).run(
                Self.script(for: order), to: "make \(order.path) on \(link.host.name)", within: limit)
            if answer.hasPrefix("exists") { throw exists(order) }
        } else {
            throw ApusError(
                .remoteShellFailed, "make \(order.path) on \(link.host.name)",
                "\(link.host.name) has no storage pool on \(Path.directory(of: order.path)) and no remote-shell",
                hint:
                    "Give \(link.host.name) a remote-shell in the inventory, or a storage pool on that directory."
            )
        }
    }

    /// Takes away what `create` made, or began to make; what is not there any more is no error.
    ///
    /// - Throws: `ApusError` with `image-in-use` while a guest has it open; else why it could not be removed.
    func remove(_ trace: UndoRecord.Trace) async throws(ApusError) {
        switch trace {
        case .volume(_, let path), .file(let path):
            guard !foreign.withLock({ $0.contains(path) }) else { return }
            try await StoredFile(path: path, on: link).refuseOpen(alsoDefined: false, except: nil)
            if case .volume(let pool, _) = trace {
                try await StoredFile(path: path, on: link).removeVolume(of: pool)
            } else {
                try await StoredFile(path: path, on: link).removeFile()
            }
        default: break
        }
    }

    private func exists(_ order: ImageOrder) -> ApusError {
        foreign.withLock { _ = $0.insert(order.path) }
        return ApusError(
            .imageExists, "make \(order.path) on \(link.host.name)",
            "\(link.host.name) has a file \(order.path) by now, which is not overwritten",
            hint: "See whose it is (qemu-img info -U \(order.path)), or name another place: --disk "
                + "\(order.disk)=PLACE.")
    }

    // MARK: Through libvirt

    private func create(
        _ order: ImageOrder, in pool: String, within limit: Duration
    ) async throws(ApusError) {
        let isFull = order.preallocation == .full
        let xml: String
        do throws(XMLError) {
            xml = try VolumeDefinition.image(
                name: Path.name(of: order.path), format: order.format, capacityBytes: order.capacity.bytes,
                allocationBytes: isFull ? order.capacity.bytes : 0,
                backing: order.backing.map { ($0, order.backingFormat ?? "raw") })
        } catch {
            throw ApusError(
                .libvirtFailed, "make \(order.path) on \(link.host.name)", error.detail,
                hint: "Name another place: --disk \(order.disk)=PLACE.", underlying: error)
        }
        let preallocatesMetadata = isFull && order.format == "qcow2"
        let path = Path.normal(order.path)
        let made: Made
        do throws(ApusError) {
            made = try await link.ask(within: limit) { (connection) throws(LibvirtError) in
                do throws(LibvirtError) {
                    return Made(
                        try await connection.createVolume(
                            xml, inPool: pool, preallocatesMetadata: preallocatesMetadata))
                } catch  where error.code == .storageVolumeExists {
                    // The pool may remember one that is gone.
                    try await connection.refreshPool(named: pool)
                    guard try await connection.volume(named: Path.name(of: path), inPool: pool) == nil else {
                        return .none
                    }
                    return Made(
                        try await connection.createVolume(
                            xml, inPool: pool, preallocatesMetadata: preallocatesMetadata))
                }
            }
        } catch {
            let refusal = error.underlying as? LibvirtError
            if refusal?.code == .operationInvalid, refusal?.message.contains("already exists") == true {
                throw exists(order)
            }
            throw error
        }
        switch made {
        case .none: throw exists(order)
        case .volume(let there, let capacity):
            guard Path.normal(there) == path, capacity == order.capacity.bytes else {
                try await StoredFile(path: there, on: link).removeVolume(of: pool)
                throw ApusError(
                    .libvirtFailed, "make \(order.path) on \(link.host.name)",
                    "the storage pool \(pool) on \(link.host.name) made \(there) of \(ByteCount(capacity)) instead",
                    hint: "Name another place: --disk \(order.disk)=PLACE.")
            }
        }
    }

    /// What became of a volume.
    private enum Made: Sendable {
        /// One of that name is there already.
        case none
        case volume(path: String, capacity: UInt64)

        init(_ volume: StorageVolume) { self = .volume(path: volume.path, capacity: volume.capacityBytes) }
    }

    // MARK: Over the remote shell

    /// `set -C` makes the file for us alone; qemu-img itself would write over one that is there.
    static func script(for order: ImageOrder) -> String {
        var words = ["qemu-img", "create", "-q", "-f", order.format]
        var options = order.format == "qcow2" ? ["compat=1.1"] : []
        if order.preallocation == .full { options.append("preallocation=falloc") }
        if !options.isEmpty { words += ["-o", options.joined(separator: ",")] }
        if let backing = order.backing {
            words += ["-b", RemoteShell.quote(backing), "-F", order.backingFormat ?? "raw"]
        }
        return """
            p=\(RemoteShell.quote(order.path)); umask 077
            command -v qemu-img >/dev/null || { echo 'qemu-img is not installed' >&2; exit 1; }
            if [ -e "$p" ] || [ -L "$p" ]; then echo exists; exit 0; fi
            ( set -C; : > "$p" ) || { [ -e "$p" ] || exit 1; echo exists; exit 0; }
            \(words.joined(separator: " ")) -- "$p" \(order.capacity.bytes) || { rm -f -- "$p"; exit 1; }
            echo made

            """
    }
}
