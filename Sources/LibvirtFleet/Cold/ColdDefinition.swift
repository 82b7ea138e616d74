import DomainXML
import FleetModel
import Libvirt

/// The definition of a guest that does not run, on its way from one host to another.
struct ColdDefinition: Sendable {
    let guest: GuestIdentity
    let source: HostLink
    let destination: HostLink

    private var reference: DomainReference { .uuid(guest.uuid) }

    /// What a host knows of the guest.
    func guest(on link: HostLink) async throws(ApusError) -> Guest? {
        try await link.guest(reference, within: .seconds(10))
    }

    /// The source's definition, passwords included.
    func read() async throws(ApusError) -> String {
        let reference = reference
        return try await source.ask { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.xml(.inactiveWithSecrets)
            }
        }
    }

    /// Defines the guest on the destination, with its disks where they are there.
    ///
    /// - Parameters:
    ///   - document: the source's definition.
    ///   - relocations: paths of disks by target.
    /// - Throws: `guest-unreadable`, `libvirt-failed`, or what a host that does not answer throws.
    func define(_ document: String, relocations: [String: String]) async throws(ApusError) {
        let xml = try relocated(document, relocations)
        try await destination.ask(within: .seconds(30)) { (connection) throws(LibvirtError) in
            try await connection.define(xml, validates: false)
        }
        // What libvirt made of it is what a start will use.
        let places = try await destination.diskLocations(of: guest, in: .inactive)
        for (target, path) in relocations where places[target] != .file(path: path) {
            throw ApusError(
                .libvirtFailed, "define \(guest) on \(destination.host.name)",
                "\(destination.host.name) has disk \(target) of \(guest) elsewhere than at \(path)",
                hint: "See virsh -c \(destination.host.uri) dumpxml \(guest); report it as a bug.")
        }
    }

    private func relocated(_ document: String, _ relocations: [String: String]) throws(ApusError) -> String {
        guard !relocations.isEmpty else { return document }
        do throws(XMLError) {
            var definition = try GuestDefinition(parsing: document)
            for (target, path) in relocations {
                try definition.setSource(ofDisk: target, to: .file(path: path))
            }
            return definition.serialized()
        } catch {
            throw ApusError(
                .guestUnreadable, "read the definition of \(guest)",
                "\(source.host.name) gave a definition that cannot be changed: \(error.detail)",
                hint: "virsh -c \(source.host.uri) dumpxml \(guest) shows it; report it as a bug.",
                underlying: error)
        }
    }

    /// Has a host forget the guest, with what libvirt knows of its snapshots; all its files stay. One that is not known
    /// is no error.
    func undefine(on link: HostLink) async throws(ApusError) {
        let reference = reference
        try await link.ask(within: .seconds(30)) { (connection) throws(LibvirtError) in
            do throws(LibvirtError) {
                try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                    try domain.undefine(withRecords: true)
                }
            } catch  where error.code == .noDomain {
                return
            }
        }
    }

    /// Starts the guest on the destination.
    func start() async throws(ApusError) {
        let reference = reference
        try await destination.ask(within: .seconds(60)) { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in try domain.start() }
        }
    }
}
