import FleetModel
import Transfer

/// The destination's end of a post-copy whose source has given up.
///
/// The destination's QEMU may wait for ever for pages that were lost on the way: it has nothing to send, so its TCP
/// never learns that nobody is there, and while a processor waits neither libvirt nor QEMU's monitor can tell it.
/// Only the kernel can: docs/decisions/0008.
struct DeadConnection: Sendable {
    let guest: GuestIdentity
    let destination: Host

    /// Ends it, so that QEMU knows and can be asked to go on. What is not there any more is no error.
    ///
    /// Runs `ss -K` on the destination, for the ports of libvirt's migration range that this guest's QEMU holds.
    ///
    /// - Throws: `ApusError` with `remote-shell-failed`, also where the host has no remote shell or no `ss`.
    func end() async throws(ApusError) {
        let operation = "end the dead connection of \(guest)"
        guard let words = destination.remoteShell else {
            throw ApusError(
                .remoteShellFailed, operation, "\(destination.name) has no remote-shell", hint: nil)
        }
        _ = try await RemoteShell(host: destination.name, words: words).run(
            Self.script(guest), to: operation, within: .seconds(5))
    }

    static func script(_ guest: GuestIdentity) -> String {
        MigrationSockets.script(
            of: guest,
            """
            ss -Htnp state established 2>/dev/null | grep "pid=$pid," | while read -r _ _ here _; do
              port=${here##*:}
              [ "$port" -ge "$first" ] && [ "$port" -le "$last" ] && ss -HtK state established "sport = :$port"
            done
            """)
    }
}
