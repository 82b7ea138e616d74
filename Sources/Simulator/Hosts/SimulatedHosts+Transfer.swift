import FleetModel
import Migration

/// A migration from its call to the moment when all has arrived, as libvirt drives it peer to peer.
extension SimulatedHosts {
    /// Begin and Prepare. Source: `qemuMigrationSrcPerformPeer2Peer3`.
    func begin(for caller: SimulatedProcess) {
        guard hosts.source.copy != nil else { return caller.end(failure("the guest does not run")) }
        guard transfer.map({ $0.source == .over }) ?? true else {
            return caller.end(failure("cannot acquire state change lock (held by a migration)"))
        }
        let transfer = Transfer(began: simulation.now, isToRun: !guest.wasPaused, caller: caller)
        self.transfer = transfer
        reach(.asked)
        later(.source, .milliseconds(5) ... .milliseconds(40)) { [self] in
            guard transfer.source == .begin else { return }
            if let obstacle = obstacle() { return cancel(transfer, failure(obstacle)) }
            guard !isCut.destination, !isCut.source, hosts.destination.isUp else {
                // The connection is tried until TCP gives up.
                return later(.source, .seconds(10) ... .seconds(20)) { [self] in
                    guard transfer.source == .begin else { return }
                    cancel(transfer, failure("unable to connect to the destination's libvirt"))
                }
            }
            guard hosts.destination.daemonIsUp else {
                return cancel(transfer, failure("unable to connect to the destination's libvirt"))
            }
            prepare(transfer)
        }
    }

    private func prepare(_ transfer: Transfer) {
        guard hosts.destination.copy == nil else {
            return cancel(transfer, failure("the domain is already active on the destination"))
        }
        for disk in plan.disks {
            guard let order = disk.order, !hosts.destination.images.contains(order.path) else { continue }
            return cancel(transfer, failure("cannot access storage file \(order.path)"))
        }
        reach(.preparing)
        transfer.destination = .preparing
        hosts.destination.copy = SimulatedCopy(
            state: GuestState(.paused, reason: "starting-up"), isExecuting: false, memory: .loading,
            holdsLocks: false)
        later(.destination, .milliseconds(60) ... .milliseconds(400)) { [self] in
            guard transfer.destination == .preparing else { return }
            transfer.destination = .prepared
            set(.destination, GuestState(.paused, reason: "migration"))
            reach(.prepared)
            send(.source, of: transfer) { [self] in
                guard transfer.source == .begin else { return }
                transfer.source = .perform
                perform(transfer)
            }
        }
    }

    private func perform(_ transfer: Transfer) {
        guard hosts.source.copy != nil, hosts.destination.copy != nil else { return }
        transfer.limit = plan.request.bandwidth ?? hosts.source.copy?.bandwidth
        transfer.rate = pace(of: transfer)
        if guest.disk == .copied, guest.diskBytes > 0 { return connectDisks(transfer) }
        reach(.memoryFlows)
        beginRounds(transfer)
    }

    func beginRounds(_ transfer: Transfer) {
        transfer.stream = .preCopy
        tell(.source, .transferBegan)
        tell(.destination, .transferBegan)
        round(transfer, bytes: guest.memory)
    }

    private func round(_ transfer: Transfer, bytes: Double) {
        transfer.round += 1
        tell(.source, .round(transfer.round))
        if transfer.round == 2 { reach(.secondRound) }
        flow(bytes, transfer) { [self] in roundEnded(transfer, sent: bytes) }
    }

    private func roundEnded(_ transfer: Transfer, sent: Double) {
        let dirty = dirtied(sent / transfer.rate, transfer)
        let limit = hosts.source.copy?.downtimeLimit ?? .zero
        if dirty / transfer.rate <= limit.inSeconds { return stopAndCopy(transfer, bytes: dirty) }
        // QEMU slows the guest down when a round brought less than half. Source: `migration_trigger_throttle`.
        transfer.badRounds += dirty > sent / 2 ? 1 : 0
        if plan.method.slowsGuestDown, transfer.badRounds >= 2 {
            transfer.badRounds = 0
            transfer.throttle = min(99, transfer.throttle == 0 ? 20 : transfer.throttle + 10)
        }
        round(transfer, bytes: dirty)
    }

    /// What the guest writes anew in that time.
    func dirtied(_ seconds: Double, _ transfer: Transfer) -> Double {
        guard hosts.source.copy?.isExecuting == true else { return 0 }
        let rate = guest.dirtyRate * Double(100 - transfer.throttle) / 100
        return min(guest.workingSet, rate * max(seconds, 0.05))
    }

    private func stopAndCopy(_ transfer: Transfer, bytes: Double) {
        transfer.stream = .stopAndCopy
        stop(.source, GuestState(.paused, reason: "migration"))
        reach(.stopped)
        // Devices and the estimate's error come on top.
        flow(bytes * 1.2 + transfer.rate * 0.02, transfer) { [self] in arrived(transfer) }
    }

    /// QEMU is done: both copies are the guest, and none of them runs.
    private func arrived(_ transfer: Transfer) {
        transfer.stream = .completed
        hosts.source.copy?.holdsLocks = false
        hosts.destination.copy?.memory = .whole
        // QEMU takes the images over when all has arrived, though its processors wait for libvirt's word.
        hosts.destination.copy?.holdsLocks = guest.disk == .shared
        tell(.source, .transferEnded)
        tell(.destination, .transferEnded)
        reach(.allArrived)
        guard hosts.source.daemonIsUp, transfer.source == .perform else { return }
        transfer.source = .performDone
        later(.source, .milliseconds(1) ... .milliseconds(20)) { [self] in
            guard transfer.source == .performDone else { return }
            send(.destination, of: transfer) { [self] in finish(transfer) }
        }
    }

    // MARK: The stream

    /// Sends bytes, at the link's pace, and then goes on.
    func flow(_ bytes: Double, _ transfer: Transfer, then: @escaping () -> Void) {
        transfer.streamToken += 1
        transfer.left = bytes
        transfer.onArrival = then
        pump(transfer)
    }

    /// Lets the present step go on, as far as the link allows.
    func pump(_ transfer: Transfer) {
        measure(transfer)
        transfer.streamToken += 1
        transfer.flowsSince = nil
        guard transfer.stream.flows, !isCut.source, !isCut.destination, hosts.source.copy != nil,
            hosts.destination.copy != nil
        else { return }
        transfer.flowsSince = simulation.now
        let token = transfer.streamToken
        let time = Duration.seconds(max(transfer.left / transfer.rate, 0.002))
        simulation.after(time) { [self] in
            guard transfer.streamToken == token else { return }
            measure(transfer)
            transfer.left = 0
            transfer.flowsSince = nil
            transfer.onArrival?()
        }
    }

    /// Books what flowed so far.
    func measure(_ transfer: Transfer) {
        guard let since = transfer.flowsSince else { return }
        let sent = min(transfer.left, (simulation.now - since).inSeconds * transfer.rate)
        transfer.left -= sent
        transfer.wire += sent
        transfer.flowsSince = simulation.now
    }

    // MARK: The daemons' connection

    /// A message from one daemon to the other; a cut link holds it back, a broken connection swallows it.
    func send(_ receiver: Side, of transfer: Transfer, _ message: @escaping () -> Void) {
        guard transfer.control.source, transfer.control.destination else { return }
        guard !isCut[receiver] else { return transfer.heldBack[receiver].append(message) }
        let life = hosts[receiver].daemonLife
        simulation.after(random.duration(in: .microseconds(200) ... .milliseconds(3))) { [self] in
            if hosts[receiver].daemonIsUp, hosts[receiver].daemonLife == life { message() }
        }
    }

    func failure(_ detail: String, code: ApusError.Code = .libvirtFailed) -> ApusError {
        ApusError(code, "move \(plan.guest.name)", detail, hint: nil)
    }
}
