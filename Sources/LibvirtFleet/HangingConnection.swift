import FleetModel
import Transfer

/// A connection for a disk's copy that the source's QEMU waits for, and the guest with it.
///
/// QEMU 7.2 connects to the destination's NBD server, and waits for its first words, in the loop that also serves the
/// guest's devices and its monitor: a destination that has just gone silent stops the guest for as long as TCP tries, two
/// minutes (docs/decisions/0010).
struct HangingConnection: Sendable {
    let guest: GuestIdentity
    let source: Host

    /// Ends it where there is one: then the copy fails, and the guest runs on.
    ///
    /// Runs `ss -K` on the source, for connections of this guest's QEMU to the ports of migrations that are asked for and not
    /// answered, or on which the destination has been silent for 0.5 s and QEMU has said little: the two agree on what the
    /// copy is to be in some hundred bytes, and a copy that is under way says more.
    ///
    /// - Returns: whether there was one; `false` also where the host has no remote shell.
    /// - Throws: `ApusError` with `remote-shell-failed`, also where the host has no `ss`.
    func end() async throws(ApusError) -> Bool {
        guard let words = source.remoteShell else { return false }
        let ended = try await RemoteShell(host: source.name, words: words).run(
            Self.script(guest), to: "free \(guest) from a connection that hangs", within: .seconds(5))
        return ended.contains { !$0.isWhitespace }
    }

    /// Writes a line for each connection that it ended. It looks twice: one that is only just being made is another one, or
    /// none, a moment later.
    static func script(_ guest: GuestIdentity) -> String {
        MigrationSockets.script(
            of: guest,
            """
            field() {
              case " $rest " in *" $1:"*) field=${rest##* "$1":} field=${field%% *} ;; *) field=0 ;; esac
            }
            hanging() {
              ss -HtnpOi 2>/dev/null | grep "pid=$pid," | while read -r state _ _ here there rest; do
                [ "${there##*:}" -ge "$first" ] && [ "${there##*:}" -le "$last" ] || continue
                case $state in
                  SYN-SENT) echo "$here" ;;
                  ESTAB)
                    field bytes_sent; [ "$field" -lt 1024 ] || continue
                    field lastrcv; [ "$field" -lt 500 ] || echo "$here" ;;
                esac
              done
            }
            before=$(hanging)
            [ -n "$before" ] || continue
            sleep 0.2
            for here in $(hanging); do
              case " $(echo $before) " in *" $here "*) echo "$here"; ss -HtK "sport = :${here##*:}" >/dev/null ;; esac
            done
            """)
    }
}
