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

    /// Gives a guest that runs on its source without a definition one of what it runs with.
    ///
    /// - Returns: whether it had to be done.
    func redefineSource() async throws(ApusError) -> Bool {
        guard let here = try await guest(on: source), here.state.isActive, !here.isPersistent else {
            return false
        }
        let xml = try await read()
        try await source.ask(within: .seconds(30)) { (connection) throws(LibvirtError) in
            try await connection.define(xml, validates: false)
        }
        return true
    }

    /// How long the memory of a guest may take from and to a disk.
    private static let patience = Duration.seconds(3600)

    /// Has the destination's libvirt take a saved guest's memory over as its own: loaded, never run, and saved again.
    ///
    /// Source of why: libvirt uses a file in its folder of saved guests at the next start, but knows only of those that it
    /// saved itself, so that it would say that there is none.
    func takeOver(_ saved: ColdPlan.Saved, relocations: [String: String]) async throws(ApusError) {
        let path = saved.path
        if try await guest(on: destination)?.state.kind == .saved { return }
        if try await guest(on: destination)?.state.isActive != true {
            var xml: String?
            if !relocations.isEmpty {
                let document = try await destination.ask { (connection) throws(LibvirtError) in
                    try await connection.savedDocument(path)
                }
                xml = try relocated(document, relocations)
            }
            let document = xml
            try await destination.ask(within: Self.patience) { (connection) throws(LibvirtError) in
                try await connection.restorePaused(path, xml: document)
            }
        }
        let reference = reference
        try await destination.ask(within: Self.patience) { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.save(runs: saved.runs)
            }
        }
        guard try await guest(on: destination)?.state.kind == .saved else {
            throw ApusError(
                .stateNotKnown, "hand the saved memory of \(guest) over to \(destination.host.name)",
                "\(destination.host.name) does not have it saved though it just saved it",
                hint: "See virsh -c \(destination.host.uri) dominfo \(guest).")
        }
    }

    /// Stores the guest's memory on its source, which ends its QEMU there.
    func save(runs: Bool) async throws(ApusError) {
        let reference = reference
        try await source.ask(within: Self.patience) { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.save(runs: runs)
            }
        }
    }

    /// Lets a guest that was saved for its move go on where it was.
    ///
    /// - Returns: whether it had to be started.
    func goOn() async throws(ApusError) -> Bool {
        // libvirt goes on saving it though nobody waits for that any more; what it does then decides.
        guard var here = try await guest(on: source) else { return false }
        while here.state.isActive, here.activity != nil {
            try? await Task.sleep(for: .milliseconds(500))
            guard let now = try await guest(on: source) else { return false }
            here = now
        }
        guard !here.state.isActive else { return false }
        // A sender whose shell was ended may hold the images for a moment longer.
        let deadline = ContinuousClock.now.advanced(by: .seconds(15))
        while true {
            do throws(ApusError) {
                try await startSource()
                return true
            } catch {
                guard error.detail.contains("lock"), ContinuousClock.now < deadline else { throw error }
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    private func startSource() async throws(ApusError) {
        let reference = reference
        try await source.ask(within: Self.patience) { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in try domain.start() }
        }
    }

    /// Has libvirt give a save up that is under way: the guest runs on.
    func abortSave() async {
        let reference = reference
        try? await source.ask { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.abortJob()
            }
        }
    }

    /// The memory that is the destination's now must not be gone on from here.
    func removeSavedState(on link: HostLink) async throws(ApusError) {
        let reference = reference
        try await link.ask { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                if try domain.hasManagedSave() { try domain.removeSavedState() }
            }
        }
    }

    /// Starts the guest on the destination.
    func start() async throws(ApusError) {
        let reference = reference
        try await destination.ask(within: Self.patience) { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in try domain.start() }
        }
    }
}
