import DomainXML
import FleetModel
import Libvirt

/// How libvirt is told to copy disks along: flags, targets, and the definitions that the destination gets.
struct CopiedDisks: Sendable {
    private let plan: MovePlan

    init(_ plan: MovePlan) { self.plan = plan }

    var flags: MigrationFlags {
        guard !targets.isEmpty else { return [] }
        var flags: MigrationFlags = plan.copiesOnlyTops ? .nonSharedIncrement : .nonSharedDisk
        if plan.method.writesTwice { flags.insert(.synchronousWrites) }
        return flags
    }

    /// The disks, by name: without them libvirt would copy all that it does not know as shared.
    var targets: [String] { plan.copiedDisks.map(\.target) }

    /// Adds what a transfer has to be told.
    ///
    /// - Throws: `ApusError` when the source does not give the guest's definition, or one that cannot be read.
    func add(to parameters: inout MigrationParameters, from move: LibvirtMove) async throws(ApusError) {
        guard !targets.isEmpty else { return }
        let isPersistent = plan.isPersistent
        let documents = try await move.onGuest(.source) { (domain) throws(LibvirtError) in
            (
                live: try domain.xml(.migratableWithSecrets),
                inactive: isPersistent ? try domain.xml(.inactiveWithSecrets) : nil
            )
        }
        parameters.migratedDisks = targets
        (parameters.destinationXML, parameters.persistentXML) = try definitions(
            live: documents.live, inactive: documents.inactive)
    }

    /// The guest's definitions for the destination, with its disks where they go.
    ///
    /// libvirt takes the paths of images, and the chain below each, from the source's definition; where a copy is
    /// elsewhere or has no chain any more, the destination's QEMU would look for images that are not there.
    ///
    /// - Parameters:
    ///   - live: what runs on the source, in the form for another host, with its secrets.
    ///   - inactive: what stays when the guest stops, with its secrets; `nil` for a guest without.
    /// - Returns: each edited; `nil` for both when libvirt may take the source's as they are.
    /// - Throws: `ApusError` with `guest-unreadable`.
    func definitions(
        live: String, inactive: String?
    ) throws(ApusError) -> (live: String?, inactive: String?) {
        do throws(XMLError) {
            var running = try GuestDefinition(parsing: live)
            let disks = try running.disks
            let moved = plan.copiedDisks.filter { copy in
                disks.first { $0.target == copy.target }.map { !copy.leaves($0) } ?? false
            }
            guard !moved.isEmpty else { return (nil, nil) }
            for copy in moved { try copy.write(into: &running) }
            guard let inactive else { return (running.serialized(), nil) }
            var resting = try GuestDefinition(parsing: inactive)
            for copy in moved {
                // A disk that is plugged in for now, or that the next start takes from elsewhere, is another matter.
                let now = disks.first { $0.target == copy.target }?.source?.location
                guard try resting.disks.first(where: { $0.target == copy.target })?.source?.location == now
                else {
                    continue
                }
                try copy.write(into: &resting)
            }
            return (running.serialized(), resting.serialized())
        } catch {
            throw ApusError(
                .guestUnreadable, "write the definition of \(plan.guest) for \(plan.destination.name)",
                error.detail,
                hint: "virsh -c \(plan.source.uri) dumpxml \(plan.guest) shows it; report it as a bug.",
                underlying: error)
        }
    }
}

extension DiskPlan {
    /// Whether the disk's part of the definition is right for the destination as it is.
    fileprivate func leaves(_ disk: DiskDefinition) -> Bool {
        guard case .copy(let order, let onlyTop) = treatment else { return true }
        return disk.source?.location == .file(path: order.path) && (onlyTop || disk.backingChain.isEmpty)
    }

    /// Without the chain, which libvirt then reads from the image itself.
    fileprivate func write(into guest: inout GuestDefinition) throws(XMLError) {
        guard let order else { return }
        try guest.setSource(ofDisk: target, to: .file(path: order.path))
    }
}
