package import FleetModel
import Libvirt
import Logging
package import Migration

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
                try await StoredFile(path: path, on: link).removeVolume(of: pool)
            case .transientPool(let name):
                try await link.ask { (connection) throws(LibvirtError) in
                    try await Self.tolerating([.noStoragePool]) { () throws(LibvirtError) in
                        try await connection.destroyPool(named: name)
                    }
                }
            case .file(let path):
                try await StoredFile(path: path, on: link).removeFile()
            case .arriving, .sealed, .saved, .relay, .downtimeLimit, .bandwidth, .snapshots, .device:
                // A move's, and put back by it: a probe changes no guest.
                return
            }
            try undo.clear(record.id)
        } catch {
            Logger.current.warning(
                "what an earlier run left could not be removed; the next check on this host tries again",
                metadata: [
                    "host": "\(link.host.name)", "what": "\(record.trace)", "reason": "\(error.detail)",
                ])
        }
    }

    private static func tolerating(
        _ codes: Set<LibvirtError.Code>, _ work: () async throws(LibvirtError) -> Void
    ) async throws(LibvirtError) {
        do throws(LibvirtError) { try await work() } catch {
            guard codes.contains(error.code) else { throw error }
        }
    }
}
