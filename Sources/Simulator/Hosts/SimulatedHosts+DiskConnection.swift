import FleetModel

/// The connection over which disks are copied. QEMU makes it in its main loop: while the destination is silent the guest
/// stands, and nothing is answered that has to be asked of QEMU (docs/decisions/0010).
extension SimulatedHosts {
    /// Whether the source's QEMU waits for it.
    var isHanging: Bool { transfer?.hangsSince != nil && hosts.source.copy != nil }

    func connectDisks(_ transfer: Transfer) {
        reach(.disksConnect)
        later(.source, .milliseconds(1) ... .milliseconds(30)) { [self] in
            guard transfer.source == .perform, transfer.stream == .none else { return }
            if isCut.source || isCut.destination || !hosts.destination.isUp { return hang(transfer) }
            copyDisks(transfer)
        }
    }

    private func copyDisks(_ transfer: Transfer) {
        reach(.memoryFlows)
        transfer.stream = .disks
        flow(guest.diskBytes, transfer) { [self] in beginRounds(transfer) }
    }

    private func hang(_ transfer: Transfer) {
        note("source: QEMU waits for the destination, and the guest stands")
        let since = simulation.now
        transfer.hangsSince = since
        // The process that moves it lives and could have ended that.
        let witness = transfer.caller
        simulation.after(Self.patienceWithHanging) { [self] in
            guard isHanging, transfer.hangsSince == since, witness?.isRunning == true else { return }
            violate(.hangs, "since \(since), and the process that moves it lives")
        }
        // TCP gives up by itself.
        simulation.after(.seconds(127)) { [self] in
            if transfer.hangsSince == since { connectionFails(transfer) }
        }
    }

    /// How long a guest may stand so beside a process that moves it: some calls to free it may fail, and hang.
    private static let patienceWithHanging = Duration.seconds(40)

    /// The link is whole again: what was asked of the destination is answered.
    func disksConnect(_ transfer: Transfer) {
        guard transfer.hangsSince != nil else { return }
        guard transfer.afterHanging == nil, transfer.source == .perform, hosts.destination.copy != nil else {
            return connectionFails(transfer)
        }
        note("source: QEMU is connected, and the guest runs on")
        transfer.hangsSince = nil
        copyDisks(transfer)
    }

    func connectionFails(_ transfer: Transfer) {
        guard transfer.hangsSince != nil else { return }
        note("source: QEMU's connection to the destination failed, and the guest runs on")
        transfer.hangsSince = nil
        let waiting = transfer.afterHanging
        transfer.afterHanging = nil
        guard hosts.source.copy != nil else { return }
        if let waiting { return waiting() }
        if hosts.source.daemonIsUp { cancel(transfer, failure("the connection to the NBD server failed")) }
    }

    /// `ss -K` on the source.
    func freeGuest() -> Bool {
        guard let transfer, isHanging else { return false }
        connectionFails(transfer)
        return true
    }
}
