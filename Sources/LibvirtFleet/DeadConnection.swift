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

    /// Exits 3 where something is missing.
    static func script(_ guest: GuestIdentity) -> String {
        """
        PATH=$PATH:/usr/sbin:/sbin
        command -v ss >/dev/null || exit 3
        first=49152 last=49215
        range=$(sed -n 's/^ *migration_port_\\(min\\|max\\) *= *\\([0-9]*\\).*/\\1=\\2/p' /etc/libvirt/qemu.conf 2>/dev/null)
        for bound in $range; do
          case $bound in min=*) first=${bound#min=} ;; max=*) last=${bound#max=} ;; esac
        done
        for file in $(grep -la -- \(RemoteShell.quote(guest.uuid)) /proc/[0-9]*/cmdline 2>/dev/null); do
          pid=${file#/proc/} pid=${pid%/cmdline}
          case $(cat "/proc/$pid/comm" 2>/dev/null) in qemu*) ;; *) continue ;; esac
          ss -Htnp state established 2>/dev/null | grep "pid=$pid," | while read -r _ _ here _; do
            port=${here##*:}
            [ "$port" -ge "$first" ] && [ "$port" -le "$last" ] && ss -HtK state established "sport = :$port"
          done
        done
        exit 0

        """
    }
}
