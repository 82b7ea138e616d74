import FleetModel
import Transfer

/// The TCP connections of a guest's QEMU in the ports of libvirt's migrations, looked at and ended by a host's `ss`.
enum MigrationSockets {
    /// Does something for each QEMU of the guest on a host.
    ///
    /// - Parameters:
    ///   - guest: whose.
    ///   - body: in POSIX shell; `$pid` is the QEMU's process, `$first` to `$last` are the ports of migrations as this
    ///     host's libvirt has them.
    /// - Returns: the script; it exits 3 where `ss` is missing.
    static func script(of guest: GuestIdentity, _ body: String) -> String {
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
          \(body)
        done
        exit 0

        """
    }
}
