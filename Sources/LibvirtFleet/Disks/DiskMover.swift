import DomainXML
package import FleetModel
import Libvirt
package import Migration

/// Moves disks of a running guest to other places on its own host: a copy is made and kept the same, and the guest
/// changes over to it. Until it has, its disk is where it was, whatever breaks.
package struct DiskMover: Sendable {
    private let guest: Guest
    private let link: HostLink
    private let move: String
    private let owner: ProcessMark
    private let undo: any UndoLog

    /// - Parameters:
    ///   - session: of the guest's own host.
    ///   - move: the journal's id of it: what is made is noted as this move's, for `apus repair` when its process dies.
    ///   - owner: this process.
    ///   - undo: where it is noted.
    package init(_ session: MoveSession, move: String, owner: ProcessMark, undo: any UndoLog) {
        guest = session.guest
        link = session.source
        self.move = move
        self.owner = owner
        self.undo = undo
    }

    private var reference: DomainReference { .uuid(guest.identity.uuid) }

    /// Moves one disk.
    ///
    /// - Parameters:
    ///   - disk: what is to become of it; one that is not copied is left alone.
    ///   - bandwidth: `nil` is no limit.
    ///   - obstacle: asked again and again: why it has to end early, if it has to.
    ///   - progress: told how far it is.
    /// - Throws: `ApusError` of `obstacle`, of the image, `disk-copy-failed`; the guest then is where it was, and what
    ///   is left behind is said.
    package func move(
        _ disk: DiskPlan, bandwidth: ByteRate?, obstacle: @Sendable () -> ApusError?,
        progress: @Sendable (DiskProgress) -> Void
    ) async throws(ApusError) {
        guard case .copy(let order, let onlyTop) = disk.treatment else { return }
        let images = DestinationImages(on: link)
        let record = UndoRecord(
            id: "\(move)-\(order.disk)", run: move, purpose: .move, host: link.host.name, uri: link.host.uri,
            trace: order.pool.map { .volume(pool: $0, path: order.path) } ?? .file(order.path), owner: owner)
        try undo.note(record)
        do throws(ApusError) {
            try await images.create(order)
            try await begin(order, onlyTop: onlyTop, bandwidth)
            try await waitUntilInStep(order, obstacle, progress)
            try await end(order, changesOver: true)
        } catch {
            // No answer is no proof that it did not change over.
            guard (try? await isAt(order.path, order.disk, .live)) == true else {
                throw await takenBack(error, record, images)
            }
        }
        try undo.clear(record.id)
    }

    /// Whether the next start of the guest finds the disk in its new place as well.
    package func isDefined(_ order: ImageOrder) async throws(ApusError) -> Bool {
        guard guest.isPersistent else { return true }
        return try await isAt(order.path, order.disk, .inactive)
    }

    /// Takes the room again that an image was to have from the start: QEMU gives back what it copies as zeros.
    ///
    /// - Returns: why not, where it could not be.
    package func takeRoom(_ order: ImageOrder) async -> ApusError? {
        guard order.preallocation == .full else { return nil }
        do throws(ApusError) {
            try await StoredFile(path: order.path, on: link).takeRoom()
            return nil
        } catch {
            return error
        }
    }

    /// Removes the image that the guest had before.
    package func removeOld(_ path: String) async throws(ApusError) {
        try await SourceImages(link: link, guest: guest.identity).remove(path)
    }

    // MARK: Steps

    private func begin(
        _ order: ImageOrder, onlyTop: Bool, _ bandwidth: ByteRate?
    ) async throws(ApusError) {
        let destination: String
        do throws(XMLError) {
            destination = try CopyDestination.file(path: order.path, format: order.format)
        } catch {
            throw failure(order, error.detail, hint: "Name another place.")
        }
        let reference = reference
        try await link.ask(within: .seconds(30)) { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.beginBlockCopy(
                    disk: order.disk, to: destination, onlyTop: onlyTop,
                    bandwidthBytesPerSecond: bandwidth?.bytesPerSecond)
            }
        }
    }

    private func waitUntilInStep(
        _ order: ImageOrder, _ obstacle: @Sendable () -> ApusError?,
        _ progress: @Sendable (DiskProgress) -> Void
    ) async throws(ApusError) {
        let reference = reference
        while true {
            if let obstacle = obstacle() { throw obstacle }
            let job = try await link.ask { (connection) throws(LibvirtError) in
                try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                    try domain.blockJob(disk: order.disk)
                }
            }
            guard let job else {
                throw failure(
                    order, "the copy to \(order.path) on \(link.host.name) ended early",
                    hint: "A full storage is the usual cause: df -h \(Path.directory(of: order.path)). "
                        + "/var/log/libvirt/qemu/\(guest.identity).log may have more.")
            }
            let now = DiskProgress(
                target: order.disk, copied: ByteCount(job.current), total: ByteCount(job.end))
            progress(now)
            // libvirt holds the two apart until the copy is the same.
            if job.end > 0, now.isInStep { return }
            // The copy is looked at for its progress anyway.
            try? await Task.sleep(for: .milliseconds(250))
        }
    }

    private func end(_ order: ImageOrder, changesOver: Bool) async throws(ApusError) {
        let reference = reference
        try await link.ask(within: .seconds(60)) { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.endBlockCopy(disk: order.disk, changesOver: changesOver)
            }
        }
    }

    private func isAt(
        _ path: String, _ target: String, _ document: DomainHandle.Document
    ) async throws(ApusError) -> Bool {
        try await link.diskLocations(of: guest.identity, in: document)[target] == .file(path: path)
    }

    /// Gives the copy up and takes the image away.
    ///
    /// - Returns: the error, with what was left behind.
    private func takenBack(
        _ error: ApusError, _ record: UndoRecord, _ images: DestinationImages
    ) async -> ApusError {
        do throws(ApusError) {
            _ = try await DiskRemains(link: link, images: images).remove(record.trace)
            try undo.clear(record.id)
            return error
        } catch let left {
            return ApusError(
                error.code, error.operation,
                "\(error.detail); left behind: \(record.trace.text) (\(left.detail))",
                hint: "apus repair \(guest.identity) takes it away.", underlying: error)
        }
    }

    private func failure(_ order: ImageOrder, _ detail: String, hint: String) -> ApusError {
        ApusError(
            .diskCopyFailed, "move disk \(order.disk) of \(guest.identity) on \(link.host.name)", detail,
            hint: hint)
    }
}
