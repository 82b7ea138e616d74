package import FleetModel
import Libvirt
import Logging
package import Migration
import Transfer

/// One run of a command, as far as what it creates on hosts is concerned.
package struct ProbeRun: Sendable {
    /// Unique among all runs of all controllers.
    package let id: String
    package let owner: ProcessMark
    package let undo: any UndoLog

    package init(id: String, owner: ProcessMark, undo: any UndoLog) {
        self.id = id
        self.owner = owner
        self.undo = undo
    }
}

/// Takes away what a probe created.
struct ProbeSweep: Sendable {
    let undo: any UndoLog

    /// Removes what processes that are gone left on a host. What cannot be removed now stays noted.
    func sweep(_ link: HostLink) async throws(ApusError) {
        for record in try undo.left(on: link.host.name) { await remove(record, on: link) }
    }

    /// Removes one trace, and forgets it when it is gone.
    func remove(_ record: UndoRecord, on link: HostLink) async {
        do throws(ApusError) {
            switch record.trace {
            case .volume(let pool, let path):
                try await removeVolume(path, of: pool, on: link)
            case .transientPool(let name):
                try await link.ask { (connection) throws(LibvirtError) in
                    try await Self.tolerating([.noStoragePool]) { () throws(LibvirtError) in
                        try await connection.destroyPool(named: name)
                    }
                }
            case .file(let path):
                try await removeFile(path, on: link)
            case .downtimeLimit:
                // A move's, and put back by it: a probe changes no guest.
                return
            }
            try undo.clear(record.id)
        } catch {
            Logger.current.warning(
                "a probe could not be removed; the next check on this host tries again",
                metadata: [
                    "host": "\(link.host.name)", "what": "\(record.trace)", "reason": "\(error.detail)",
                ])
        }
    }

    private func removeVolume(_ path: String, of pool: String, on link: HostLink) async throws(ApusError) {
        let name = Path.name(of: path)
        let hadPool = try await link.ask { (connection) throws(LibvirtError) in
            do throws(LibvirtError) {
                try await connection.deleteVolume(named: name, inPool: pool)
            } catch {
                // A pool of ours does not outlive its libvirtd, the file in it does.
                if error.code == .noStoragePool { return false }
                guard error.code == .noStorageVolume else { throw error }
            }
            return true
        }
        guard !hadPool else { return }
        if link.host.remoteShell != nil { return try await removeFile(path, on: link) }
        let again = try StorageProbe.directoryPool("\(name)-sweep", at: Path.directory(of: path))
        try await link.ask { (connection) throws(LibvirtError) in
            try await connection.createTransientPool(again)
            try? await connection.deleteVolume(named: name, inPool: "\(name)-sweep")
            try await connection.destroyPool(named: "\(name)-sweep")
        }
    }

    private func removeFile(_ path: String, on link: HostLink) async throws(ApusError) {
        guard let words = link.host.remoteShell else {
            throw ApusError(
                .remoteShellFailed, "remove the probe file \(path)", "\(link.host.name) has no remote-shell",
                hint: "Remove it by hand.")
        }
        _ = try await RemoteShell(host: link.host.name, words: words)
            .run("rm -f -- \(RemoteShell.quote(path))\n", to: "remove the probe file \(path)")
    }

    private static func tolerating(
        _ codes: Set<LibvirtError.Code>, _ work: () async throws(LibvirtError) -> Void
    ) async throws(LibvirtError) {
        do throws(LibvirtError) { try await work() } catch {
            guard codes.contains(error.code) else { throw error }
        }
    }
}
