import FleetModel
import Transfer

/// A guest that libvirt holds and that has no QEMU.
///
/// libvirt 9.0.0 that is killed while it starts a guest for an incoming migration may have written the guest down with
/// process 0. The one that is started next believes it, does not look for a process, and takes the migration for one
/// under way: it lets nobody end the guest, and no later start forgets it.
struct LifelessCopy: Sendable {
    let guest: GuestIdentity
    let host: Host

    /// Why libvirt will not end the guest, and the way out; `nil` where there is a process, or nobody can tell.
    func refusal() async -> ApusError? {
        guard let words = host.remoteShell, await hasNoProcess(words) else { return nil }
        return ApusError(
            .stateNotKnown, "end the copy of \(guest) on \(host.name)",
            "libvirt on \(host.name) holds it without a QEMU and lets nobody end it (its status file says process 0)",
            hint:
                "On \(host.name), when no other guest is on its way there: sed -i \"s/ pid='0'/ "
                + "pid='\(Self.noProcess)'/\" \(RemoteShell.quote(path)), then systemctl restart libvirtd (or "
                + "virtqemud). It finds that process gone and tidies up; running guests are not touched.")
    }

    /// More than Linux ever gives a process (2²² at most).
    private static let noProcess = 4_194_305

    private var path: String { "/run/libvirt/qemu/\(guest.name).xml" }

    private func hasNoProcess(_ words: [String]) async -> Bool {
        let said = try? await RemoteShell(host: host.name, words: words).run(
            "sed -n \"s/^<domstatus .*pid='\\([0-9]*\\)'.*/\\1/p\" \(RemoteShell.quote(path))\n",
            to: "look for the process of \(guest)", within: .seconds(5))
        return said?.trimmingPrefix(while: \.isWhitespace).prefix(while: \.isNumber) == "0"
    }
}
