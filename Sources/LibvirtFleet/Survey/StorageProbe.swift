import DomainXML
import FleetModel
import Libvirt
import Migration
import Transfer

/// Finds out whether a directory is the same on two hosts: a file of a name that nobody else has is created on
/// the source and looked for on the destination.
///
/// libvirt's storage API is used where it can be: the pool that has the directory, else a pool that lives for
/// this question only; else the remote shell. What is created is noted in the undo log before, and removed in
/// any case; what a killed process left is removed by `ProbeSweep`.
struct StorageProbe: Sendable {
    /// The same directory, or not, or nobody can tell.
    enum Verdict: Sendable, Hashable {
        case same(String)
        case different(String)
        case notKnown(String)
    }

    /// How a directory of one host is reached.
    private enum Way: Sendable {
        case pool(String, isOurs: Bool)
        case shell(RemoteShell)
    }

    let run: ProbeRun
    let source: HostLink
    let destination: HostLink

    /// How long a file may take to show up on a network file system: attribute caches hide it for a while.
    private static let patience = Duration.seconds(3)
    /// What the names of all probes begin with.
    static let prefix = "apus-probe-"

    /// - Parameters:
    ///   - here: the directory on the source.
    ///   - there: the directory on the destination that should be the same one.
    ///   - number: tells the probes of one run apart.
    ///   - cached: whether the destination's file system may show the file late.
    /// - Returns: the verdict; nothing that was created is left when it comes.
    func compare(_ here: String, with there: String, number: Int, cached: Bool) async -> Verdict {
        let work = Task { await probe(here, there, number, cached) }
        return await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
    }

    private func probe(_ here: String, _ there: String, _ number: Int, _ cached: Bool) async -> Verdict {
        var traces: [(HostLink, UndoRecord)] = []
        let verdict: Verdict
        do throws(ApusError) {
            verdict = try await ask(here, there, number, cached, &traces)
        } catch {
            verdict = .notKnown(error.detail)
        }
        // What was begun is taken away again, also when we are told to stop.
        let left = traces
        await Task {
            for (link, record) in left.reversed() {
                await ProbeSweep(undo: run.undo).remove(record, on: link)
            }
        }.value
        return verdict
    }

    private func ask(
        _ here: String, _ there: String, _ number: Int, _ cached: Bool,
        _ traces: inout [(HostLink, UndoRecord)]
    ) async throws(ApusError) -> Verdict {
        let name = "\(Self.prefix)\(run.id)-\(number)"
        let near = try await way(to: here, on: source, pool: "\(name)-source", &traces)
        try await create(name, in: here, by: near, &traces)
        let far = try await way(to: there, on: destination, pool: "\(name)-destination", &traces)
        if case .pool(let pool, isOurs: false) = far {
            // Once seen there the file stays in that pool's list when it is gone.
            let seen = record(
                .volume(pool: pool, path: "\(there)/\(name)"), id: "\(name)-seen", on: destination)
            try run.undo.note(seen)
            traces.append((destination, seen))
        }
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: cached ? Self.patience : .zero)
        while true {
            if try await sees(name, in: there, by: far) {
                return .same(
                    "a probe file made in \(here) on \(source.host.name) appeared on \(destination.host.name)"
                )
            }
            guard clock.now < deadline else { break }
            // Nothing tells when a cache lets go.
            guard (try? await clock.sleep(for: .milliseconds(250))) != nil else { break }
        }
        let what =
            "a probe file made in \(here) on \(source.host.name) did not appear in \(there) on "
            + destination.host.name
        return cached
            ? .notKnown("\(what) within \(Self.patience.text), and a network file system may cache longer")
            : .different(what)
    }

    // MARK: Both sides

    private func way(
        to directory: String, on link: HostLink, pool name: String, _ traces: inout [(HostLink, UndoRecord)]
    ) async throws(ApusError) -> Way {
        // Another run may just have a pool of its own on the directory; it will not be there for long.
        var refusals = 0
        for _ in 0..<15 where refusals < 2 {
            let pools = try? await link.ask { (connection) throws(LibvirtError) in
                try await connection.storagePools()
            }
            guard let pools else { break }
            let taken = pools.first { pool in
                guard let target = (try? PoolDefinition(parsing: pool.xml))?.targetPath else { return false }
                return Path.normal(target) == Path.normal(directory)
            }
            if let taken, !taken.name.hasPrefix(Self.prefix) {
                guard taken.isActive else { break }
                return .pool(taken.name, isOurs: false)
            }
            if taken == nil {
                if try await createPool(name, at: directory, on: link, &traces) {
                    return .pool(name, isOurs: true)
                }
                // Once may be another run that was quicker; twice is a libvirt that makes no such pool.
                refusals += 1
            }
            guard (try? await Task.sleep(for: .milliseconds(200))) != nil else { break }
        }
        guard let words = link.host.remoteShell else {
            throw ApusError(
                .libvirtFailed, "look into \(directory) on \(link.host.name)",
                "no storage pool of \(link.host.name) can be used for \(directory), and it has no remote-shell",
                hint:
                    "Give \(link.host.name) a remote-shell in the inventory, or a storage pool on \(directory)."
            )
        }
        return .shell(RemoteShell(host: link.host.name, words: words))
    }

    /// - Returns: whether it is there; libvirt refuses a second pool on one directory.
    private func createPool(
        _ name: String, at directory: String, on link: HostLink, _ traces: inout [(HostLink, UndoRecord)]
    ) async throws(ApusError) -> Bool {
        let record = record(.transientPool(name: name), id: name, on: link)
        try run.undo.note(record)
        let xml = try Self.directoryPool(name, at: directory)
        do throws(ApusError) {
            try await link.ask { (connection) throws(LibvirtError) in
                try await connection.createTransientPool(xml)
            }
        } catch {
            // No answer is not a refusal: the pool may still come to be.
            guard error.underlying is LibvirtError, error.code != .connectionLost else {
                traces.append((link, record))
                throw error
            }
            try run.undo.clear(record.id)
            return false
        }
        traces.append((link, record))
        return true
    }

    private func create(
        _ name: String, in directory: String, by way: Way, _ traces: inout [(HostLink, UndoRecord)]
    ) async throws(ApusError) {
        switch way {
        case .pool(let pool, _):
            let record = record(
                .volume(pool: pool, path: "\(directory)/\(name)"), id: "\(name)-file", on: source)
            try run.undo.note(record)
            traces.append((source, record))
            let xml = try Self.written { () throws(XMLError) in
                try VolumeDefinition.raw(name: name, bytes: 4096)
            }
            try await source.ask { (connection) throws(LibvirtError) in
                _ = try await connection.createVolume(xml, inPool: pool)
            }
        case .shell(let shell):
            let path = "\(directory)/\(name)"
            let record = record(.file(path), id: "\(name)-file", on: source)
            try run.undo.note(record)
            traces.append((source, record))
            _ = try await shell.run(
                "set -C; : > \(RemoteShell.quote(path))\n", to: "create a probe file in \(directory)")
        }
    }

    private func sees(_ name: String, in directory: String, by way: Way) async throws(ApusError) -> Bool {
        if case .pool(let pool, _) = way {
            do throws(ApusError) {
                let volume = try await destination.ask {
                    (connection) throws(LibvirtError) -> StorageVolume? in
                    if let listed = try await connection.volume(named: name, inPool: pool) { return listed }
                    try await connection.refreshPool(named: pool)
                    return try await connection.volume(named: name, inPool: pool)
                }
                if volume != nil { return true }
            } catch {
                guard destination.host.remoteShell != nil else { throw error }
            }
        }
        // A listing may be cached where a name that nobody asked for before is not.
        guard let words = destination.host.remoteShell else { return false }
        let answer = try await RemoteShell(host: destination.host.name, words: words).run(
            "if [ -e \(RemoteShell.quote("\(directory)/\(name)")) ]; then echo yes; else echo no; fi\n",
            to: "look for a probe file in \(directory)")
        return answer.hasPrefix("yes")
    }

    /// The definition of a pool over a directory.
    static func directoryPool(_ name: String, at path: String) throws(ApusError) -> String {
        try written { () throws(XMLError) in try PoolDefinition.directory(name: name, path: path) }
    }

    private static func written(_ write: () throws(XMLError) -> String) throws(ApusError) -> String {
        do throws(XMLError) { return try write() } catch {
            throw ApusError(
                .libvirtFailed, "write a probe's definition", error.detail,
                hint: "A path with control characters cannot be probed.", underlying: error)
        }
    }

    private func record(_ trace: UndoRecord.Trace, id: String, on link: HostLink) -> UndoRecord {
        UndoRecord(
            id: id, run: run.id, host: link.host.name, uri: link.host.uri, trace: trace, owner: run.owner)
    }
}
