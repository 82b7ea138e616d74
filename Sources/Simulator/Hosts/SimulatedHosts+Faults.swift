import FleetModel
import Migration

/// What breaks by itself, and what libvirt does when it comes back.
extension SimulatedHosts {
    // MARK: The daemon

    func daemonDies(_ side: Side, for time: Duration) {
        guard hosts[side].isUp, hosts[side].daemonIsUp else { return }
        note("\(side): libvirtd ends")
        hosts[side].daemonIsUp = false
        hosts[side].daemonLife += 1
        for process in processes { process.loseConnection(side, "libvirtd ended") }
        if let transfer {
            if side == .source { transfer.caller = nil }
            transfer.control[side] = false
            // Its sockets are closed: the other daemon knows, when the link carries that.
            if !isCut[side.other] {
                simulation.after(.milliseconds(1)) { [self] in losesPeer(side.other, transfer) }
            }
        }
        simulation.after(time) { [self] in
            guard hosts[side].isUp, !hosts[side].daemonIsUp else { return }
            hosts[side].daemonIsUp = true
            note("\(side): libvirtd is back")
            guard let transfer else { return }
            if transfer.destination == .preparing, Self.mayLeaveLifelessCopy(side, away: time) {
                return holdsWithoutQEMU(transfer)
            }
            recoverJob(side, transfer)
        }
    }

    /// How long it takes until somebody does what apus says, where a libvirtd that ends may leave such a copy.
    static func patienceWithLifelessCopy(_ side: Side, away time: Duration) -> Duration {
        mayLeaveLifelessCopy(side, away: time) ? .seconds(90) : .zero
    }

    /// Not every kill leaves one: it has to strike between two of libvirtd's writes. The short absences stand for those
    /// that did, the long ones for those that did not, so that schedules try both.
    private static func mayLeaveLifelessCopy(_ side: Side, away time: Duration) -> Bool {
        side == .destination && time < .seconds(1)
    }

    /// It was killed after it had written the guest down and before it had a process: LibvirtFleet's `LifelessCopy`.
    private func holdsWithoutQEMU(_ transfer: Transfer) {
        note("destination: libvirt holds the guest without a QEMU, and lets nobody end it")
        transfer.isHeldThere = true
        simulation.after(Self.patienceWithLifelessCopy(.destination, away: .zero)) { [self] in
            guard transfer.isHeldThere, hosts.destination.isUp else { return }
            note("destination: somebody edits the status file and starts libvirtd again, as apus says")
            transfer.isHeldThere = false
            discard(transfer)
        }
    }

    /// Source: `qemuProcessRecoverMigrationOut`, `qemuProcessRecoverMigrationIn`.
    private func recoverJob(_ side: Side, _ transfer: Transfer) {
        if transfer.gaveUp[side] { markBroken(side, transfer) }
        switch side {
        case .source: recoverOutgoing(transfer)
        case .destination: recoverIncoming(transfer)
        }
    }

    private func recoverOutgoing(_ transfer: Transfer) {
        guard hosts.source.copy != nil else { return transfer.source = .over }
        guard !isHanging else {
            transfer.afterHanging = { [self] in recoverOutgoing(transfer) }
            return
        }
        switch transfer.source {
        case .begin:
            transfer.source = .over
        case .perform, .cancelling:
            // It is still in progress as far as libvirt wrote down: cancelled, and the guest runs on.
            if transfer.stream.isRevocable { stopStream(transfer) }
            transfer.source = .over
            restore("migration-canceled")
        case .performDone where hosts.source.copy?.memory == .split:
            // QEMU goes on by itself; libvirt has nobody who waits for it.
            markBroken(.source, transfer)
        case .performDone where transfer.wasPostCopy:
            transfer.source = .unattended
            completePostCopy(.source, transfer)
        case .performDone:
            // "Third party needs to check what to do next": it stands still, and no job is left.
            transfer.source = .over
        case .confirm:
            end(.source, reason: "crashed", by: .libvirt)
            transfer.source = .over
        case .unattended:
            completePostCopy(.source, transfer)
        case .over: break
        }
        reach(.over)
    }

    private func recoverIncoming(_ transfer: Transfer) {
        guard let copy = hosts.destination.copy else { return transfer.destination = .over }
        switch transfer.destination {
        case .preparing, .prepared:
            if copy.memory == .split { return markBroken(.destination, transfer) }
            if transfer.wasPostCopy {
                transfer.destination = .unattended
                return completePostCopy(.destination, transfer)
            }
            discard(transfer)
        case .finishing where copy.memory == .split:
            markBroken(.destination, transfer)
        case .finishing where transfer.wasPostCopy:
            transfer.destination = .unattended
            completePostCopy(.destination, transfer)
        case .finishing:
            // Killing it seems safest unless its processors were started already.
            transfer.destination = .over
            if !copy.isExecuting { end(.destination, reason: "failed", by: .libvirt) }
        case .unattended:
            completePostCopy(.destination, transfer)
        case .none, .over: break
        }
    }

    /// That side's daemon finds its connection with the other one broken.
    func losesPeer(_ side: Side, _ transfer: Transfer) {
        guard transfer === self.transfer, transfer.control[side], hosts[side].daemonIsUp else { return }
        transfer.control[side] = false
        note("\(side): libvirt lost the other host's")
        switch side {
        case .source:
            let lost = failure("lost connection to the destination host")
            switch transfer.source {
            case .begin, .perform: cancel(transfer, lost)
            case .performDone where hosts.source.copy?.memory == .split: markBroken(.source, transfer)
            case .performDone: takeBack(transfer, lost)
            case .confirm, .cancelling, .unattended, .over: break
            }
        case .destination:
            guard transfer.destination == .preparing || transfer.destination == .prepared else { return }
            if hosts.destination.copy?.memory == .split {
                markBroken(.destination, transfer)
            } else {
                // The incoming guest belongs to the connection. Source: `qemuProcessAutoDestroyAdd`.
                discard(transfer)
            }
        }
    }

    // MARK: The link

    /// Nothing passes towards those sides for that time.
    func cutLink(towards sides: [Side], for time: Duration) {
        guard !isCut.source, !isCut.destination else { return }
        cuts += 1
        let cut = cuts
        note("the link is cut towards the \(sides.map(\.rawValue).joined(separator: " and the "))")
        if let transfer {
            measure(transfer)
            transfer.streamToken += 1
            transfer.flowsSince = nil
        }
        for side in sides { isCut[side] = true }
        // Keepalive: 5 s × 6, at both ends; TCP gives up later, and a side that only waits never does.
        if let transfer {
            for side in Side.allCases {
                simulation.after(random.duration(in: .seconds(26) ... .seconds(33))) { [self] in
                    if cuts == cut, isCut.source || isCut.destination { losesPeer(side, transfer) }
                }
            }
            simulation.after(random.duration(in: .seconds(15) ... .seconds(900))) { [self] in
                guard cuts == cut, isCut.source || isCut.destination else { return }
                giveUpConnection(.source, transfer)
            }
        }
        simulation.after(time) { [self] in mendLink() }
    }

    private func mendLink() {
        note("the link is whole again")
        isCut = Pair(false)
        guard let transfer else { return }
        for side in Side.allCases {
            let messages = transfer.heldBack[side]
            transfer.heldBack[side] = []
            for message in messages { send(side, of: transfer, message) }
            // A connection that one end has closed meanwhile is refused at once.
            if !transfer.control[side.other] {
                simulation.after(.milliseconds(3)) { [self] in losesPeer(side, transfer) }
            }
        }
        if transfer.stream == .paused {
            for side in Side.allCases where transfer.gaveUp[side] {
                simulation.after(random.duration(in: .milliseconds(10) ... .seconds(5))) { [self] in
                    if transfer.stream == .paused { giveUpConnection(side.other, transfer) }
                }
            }
        }
        if hosts.destination.copy == nil { streamEnds(transfer) }
        simulation.after(random.duration(in: .milliseconds(5) ... .seconds(2))) { [self] in
            guard !isCut.source, !isCut.destination else { return }
            disksConnect(transfer)
            pump(transfer)
        }
    }

    // MARK: Hosts and processes

    func hostDies(_ side: Side, backAfter time: Duration) {
        guard hosts[side].isUp else { return }
        note("\(side): the host dies")
        if hosts[side].daemonIsUp { hosts[side].daemonLife += 1 }
        hosts[side].daemonIsUp = false
        hosts[side].isUp = false
        end(side, reason: "unknown", by: .environment)
        for process in processes {
            process.loseConnection(
                side, "the host does not answer", after: random.duration(in: .seconds(5) ... .seconds(12)))
        }
        if let transfer { dies(side, transfer) }
        simulation.after(time) { [self] in
            note("\(side): the host is back")
            hosts[side].isUp = true
            hosts[side].daemonIsUp = true
            guard let transfer else { return }
            if hosts[side.other].daemonIsUp { losesPeer(side.other, transfer) }
            peerIsGone(side.other, transfer)
        }
    }

    /// A dead host closes nothing: the other side learns it from its keepalive.
    private func dies(_ side: Side, _ transfer: Transfer) {
        measure(transfer)
        transfer.streamToken += 1
        transfer.flowsSince = nil
        transfer.control[side] = false
        if side == .source {
            transfer.source = .over
            transfer.caller = nil
        } else {
            transfer.destination = .over
        }
        simulation.after(random.duration(in: .seconds(26) ... .seconds(33))) { [self] in
            losesPeer(side.other, transfer)
            peerIsGone(side.other, transfer)
        }
    }

    /// What QEMU and its daemon make of a peer that will not come back.
    private func peerIsGone(_ side: Side, _ transfer: Transfer) {
        if side == .source, isHanging {
            connectionFails(transfer)
        } else if transfer.stream.isPostCopy {
            giveUpConnection(side, transfer)
        } else if side == .source, transfer.stream.isRevocable {
            stopStream(transfer)
        }
    }

    /// Somebody kills a QEMU, or the kernel does for want of memory.
    func killQEMU(_ side: Side) {
        guard hosts[side].isUp, hosts[side].copy != nil else { return }
        note("\(side): QEMU is killed")
        end(side, reason: "crashed", by: .environment)
        quits(side)
    }

    /// The guest shuts itself down, where it runs.
    func guestEnds() {
        guard let side = Side.allCases.first(where: { hosts[$0].copy?.isExecuting == true }),
            hosts[side].copy?.memory == .whole, side == .destination || !isHanging
        else { return }
        note("\(side): the guest shuts down")
        guestEnded = true
        hosts[side].copy = nil
        hosts[side].endReason = "shutdown"
        quits(side)
    }

    /// A write of the guest's fails, and QEMU stops it.
    func guestFails() {
        guard hosts.source.copy?.isExecuting == true, !isHanging else { return }
        stop(.source, GuestState(.paused, reason: "ioerror"))
        hosts.source.copy?.isStoppedForCause = true
        // Source: VIR_MIGRATE_ABORT_ON_ERROR.
        if let transfer { cancel(transfer, failure("the guest was stopped by an I/O error")) }
    }

    func quits(_ side: Side) {
        guard let transfer else { return }
        measure(transfer)
        transfer.streamToken += 1
        transfer.flowsSince = nil
        let wasPostCopy = transfer.stream.isPostCopy
        switch side {
        case .source:
            let error = failure("the guest is not running any more")
            switch transfer.source {
            case .begin, .perform:
                if transfer.stream != .completed { transfer.stream = .failed }
                cancel(transfer, error)
            // The destination has been asked to take it, or is about to be.
            case .performDone where !transfer.wasPostCopy: break
            case .performDone, .confirm, .unattended:
                if hosts.source.daemonIsUp {
                    transfer.source = .over
                    transfer.caller?.end(error)
                    transfer.caller = nil
                }
            case .cancelling, .over: break
            }
            if wasPostCopy { giveUpConnection(.destination, transfer) }
            // The stream broke off: an incoming QEMU that lacks a part gives up.
            if transfer.destination == .prepared, transfer.stream == .failed, hosts.destination.daemonIsUp {
                later(.destination, .milliseconds(5) ... .milliseconds(100)) { [self] in
                    if transfer.destination == .prepared { discard(transfer) }
                }
            }
        case .destination:
            if wasPostCopy { giveUpConnection(.source, transfer) }
            if [.preparing, .prepared, .unattended].contains(transfer.destination) {
                transfer.destination = .over
            }
            if transfer.definedThere, transfer.destination != .finishing, !ranThere {
                hosts.destination.isDefined = false
            }
            streamEnds(transfer)
        }
    }
}
