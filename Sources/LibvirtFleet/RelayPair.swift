import FleetModel
import FoundationEssentials
import Synchronization
import Transfer

/// The two processes that carry a move's connections: started on the source, which starts the destination's, and alive
/// without the apus that asked for them.
struct RelayPair: Sendable {
    let relay: RelayPlan
    let source: Host
    let destination: Host
    /// Whether bytes may pass as they are while compressing them does not pay.
    var isAdaptive = false

    /// Starts both. When this returns, QEMU may connect on the source.
    ///
    /// - Throws: `transfer-failed` with the relay's own words, `remote-shell-failed`.
    func start() async throws(ApusError) {
        let job = RelayJob(
            sockets: relay.sockets, host: destination.name, shell: destination.shell(from: source) ?? [],
            apus: destination.program(seenFrom: source),
            address: destination.transport == .tcp ? destination.migrationAddress : nil,
            isAdaptive: isAdaptive)
        guard let text = try? String(decoding: JSONEncoder().encode(job), as: UTF8.self) else { return }
        let sockets = relay.sockets.map(RemoteShell.quote).joined(separator: " ")
        // It tells over a pipe when it is ready; whatever becomes of it, something is said there.
        let script = """
            d=\(RemoteShell.quote(relay.directory)); umask 077
            \(end)
            e=$(cat -- "$d/earlier" "$d/carried" 2>/dev/null)
            rm -rf -- "$d"; rm -f -- \(sockets)
            mkdir -- "$d" && printf '%s\\n' "$e" >"$d/earlier" && mkfifo -- "$d/ready" && printf '%s' \(RemoteShell.quote(text)) >"$d/job" || exit 1
            ( setsid sh -c 'sh -c "echo \\$\\$ >\\"\\$1/pid\\"; exec nice -n 5 \\"\\$0\\" relay --directory \\"\\$1\\"" "$1" "$2" \\
                >"$2/log" 2>&1 </dev/null; [ ! -p "$2/ready" ] || timeout 5 sh -c "echo failed >\\"\\$0\\"" "$2/ready"' \\
                relay \(RemoteShell.quote(source.program)) "$d" & ) >/dev/null 2>&1 </dev/null
            read -r word pid <"$d/ready"
            case $word in ready) echo ready ;; *) tail -n 2 "$d/log" ;; esac

            """
        let answer = try await shell().run(
            script, to: "start a relay on \(source.name)", within: .seconds(30))
        guard answer.hasPrefix("ready") else {
            throw ApusError(
                .transferFailed, "start a relay from \(source.name) to \(destination.name)",
                answer.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: " "),
                hint: "Mend what it says, or do without: --relay never.")
        }
    }

    /// Lets it end when the connections that it carries have ended, and takes away what it kept.
    ///
    /// - Returns: what it carried; `nil` where it did not say.
    func finish() async throws(ApusError) -> RelayedBytes? {
        let script = """
            d=\(RemoteShell.quote(relay.directory))
            \(end)
            cat -- "$d/earlier" "$d/carried" 2>/dev/null
            rm -rf -- "$d"; rm -f -- \(relay.sockets.map(RemoteShell.quote).joined(separator: " "))

            """
        let answer = try await shell().run(
            script, to: "end the relay on \(source.name)", within: .seconds(20))
        // QEMU leaves its own end behind when a move fails.
        if let words = destination.remoteShell {
            _ = try? await RemoteShell(host: destination.name, words: words).run(
                "rm -f -- \(relay.sockets.map(RemoteShell.quote).joined(separator: " "))\n",
                to: "remove the sockets of a relay")
        }
        // Four of each relay that the move had: one whose post-copy broke had several.
        let figures = answer.split { $0.isWhitespace }.compactMap { UInt64($0) }
        guard !figures.isEmpty, figures.count.isMultiple(of: 4) else { return nil }
        func sum(_ places: Int...) -> ByteCount {
            ByteCount(figures.indices.filter { places.contains($0 % 4) }.reduce(0) { $0 + figures[$1] })
        }
        return RelayedBytes(content: sum(0, 2), wire: sum(1, 3))
    }

    /// Both QEMUs are done with it by now: one that waits for a dead link is not waited for.
    ///
    /// The process is told by its directory: a number alone may be another's by now.
    private var end: String {
        """
        if read -r p <"$d/pid" 2>/dev/null && tr '\\0' ' ' </proc/$p/cmdline 2>/dev/null | grep -qF -- "$d"; then
          kill -TERM "$p" && { timeout 10 tail -s 0.05 --pid="$p" -f /dev/null || kill -KILL "$p"; }
        fi
        """
    }

    private func shell() throws(ApusError) -> RemoteShell {
        guard let words = source.remoteShell else {
            throw ApusError(
                .remoteShellFailed, "start a relay on \(source.name)", "\(source.name) has no remote-shell",
                hint: "Give \(source.name) a remote-shell in the inventory, such as [ssh, \(source.name)].")
        }
        return RemoteShell(host: source.name, words: words)
    }
}

/// Why a move goes without its relay, if it does.
final class RelayAbsence: Sendable {
    private let known = Mutex<ApusError?>(nil)

    func note(_ cause: ApusError) { known.withLock { $0 = cause } }

    var cause: ApusError? { known.withLock(\.self) }
}
