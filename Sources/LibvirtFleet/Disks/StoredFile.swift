import FleetModel
import Libvirt
import Transfer

/// An image's file on a host's storage.
struct StoredFile: Sendable {
    let path: String
    private let link: HostLink

    init(path: String, on link: HostLink) {
        self.path = path
        self.link = link
    }

    /// Makes sure that nobody needs it.
    ///
    /// - Parameters:
    ///   - alsoDefined: whether a guest that does not run, but names it in its definition, counts too.
    ///   - own: a guest whose definition does not count; while it runs it does.
    ///   - verb: what is to be done with it.
    /// - Throws: `ApusError` with `image-in-use`, or why that could not be found out.
    func refuseOpen(
        alsoDefined: Bool, except own: GuestIdentity?, to verb: String = "remove"
    ) async throws(ApusError) {
        let users = await ImageUsers(link: link, alsoDefined: alsoDefined, exceptDefinitionOf: own)
        let mine = await users.of(path)
        let operation = "\(verb) \(path) on \(link.host.name)"
        if let reason = users.unread {
            throw ApusError(
                .libvirtFailed, operation, "whether a guest uses it is not known because \(reason)",
                hint: "See what its libvirt says to virsh -c \(link.host.uri) list --all, and try again.")
        }
        guard mine.isEmpty else {
            throw ApusError(
                .imageInUse, operation, "\(path) is in use by \(mine.joined(separator: ", "))",
                hint: verb == "remove"
                    ? "It was left where it is. Remove it by hand when no guest uses it."
                    : "It was left as it is. Name another place: --disk TARGET=PLACE.")
        }
    }

    /// Removes it as a volume of a pool; where the pool is gone, as a file.
    func removeVolume(of pool: String) async throws(ApusError) {
        let name = Path.name(of: path)
        let hadPool = try await link.ask { (connection) throws(LibvirtError) in
            do throws(LibvirtError) {
                try await connection.deleteVolume(named: name, inPool: pool)
            } catch {
                // A pool of ours does not outlive its libvirtd, the file in it does; another may be stopped.
                if error.code == .noStoragePool || error.code == .operationInvalid { return false }
                guard error.code == .noStorageVolume else { throw error }
                // The list may be older than the file.
                try await connection.refreshPool(named: pool)
                guard try await connection.volume(named: name, inPool: pool) != nil else { return true }
                try await connection.deleteVolume(named: name, inPool: pool)
            }
            return true
        }
        guard !hadPool else { return }
        if link.host.remoteShell != nil { return try await removeFile() }
        let again = try StorageProbe.directoryPool("\(name)-sweep", at: Path.directory(of: path))
        try await link.ask { (connection) throws(LibvirtError) in
            try await connection.createTransientPool(again)
            try? await connection.deleteVolume(named: name, inPool: "\(name)-sweep")
            try await connection.destroyPool(named: "\(name)-sweep")
        }
    }

    func removeFile() async throws(ApusError) {
        try await run("rm -f -- \(RemoteShell.quote(path))\n", to: "remove \(path) from \(link.host.name)")
    }

    /// Fills its holes with room of its own; what is in it stays.
    func takeRoom() async throws(ApusError) {
        try await run(
            "p=\(RemoteShell.quote(path)); fallocate -l \"$(stat -c %s -- \"$p\")\" -- \"$p\"\n",
            to: "take the room of \(path) on \(link.host.name)")
    }

    private func run(_ script: String, to operation: String) async throws(ApusError) {
        guard let words = link.host.remoteShell else {
            throw ApusError(
                .remoteShellFailed, operation, "\(link.host.name) has no remote-shell", hint: "Do it by hand."
            )
        }
        _ = try await RemoteShell(host: link.host.name, words: words).run(script, to: operation)
    }
}
