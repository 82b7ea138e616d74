import FleetModel
import Migration

/// Post-copy: the guest runs on the destination and pulls its memory, and what breaks then is mended, never undone.
extension SimulatedHosts {
    /// `virDomainMigrateStartPostCopy`.
    func startPostCopy() throws(ApusError) {
        guard let transfer, transfer.source == .perform, transfer.stream == .preCopy else {
            throw failure("post-copy can only be started while outgoing migration is in progress")
        }
        guard plan.method.allowsPostCopy else {
            throw failure("switching to post-copy requires migration to be started with VIR_MIGRATE_POSTCOPY")
        }
        measure(transfer)
        let missing = max(dirtied(transfer.wire / transfer.rate, transfer), transfer.left)
        transfer.stream = .postCopy
        transfer.wasPostCopy = true
        stop(.source, GuestState(.paused, reason: "postcopy"))
        set(.source, GuestState(.paused, reason: "postcopy"))
        hosts.source.copy?.memory = .split
        // A destination that died a moment ago takes its half along; QEMU's socket takes it all the same.
        if hosts.destination.copy == nil { suffer(.halfLost) }
        hosts.destination.copy?.memory = .split
        hosts.source.copy?.holdsLocks = false
        hosts.destination.copy?.holdsLocks = guest.disk == .shared
        tell(.source, .postCopyBegan)
        reach(.postCopy)
        flow(missing + transfer.rate * 0.02, transfer) { [self] in pulled(transfer) }
        // libvirt does not wait for the rest before it asks the destination to run the guest.
        transfer.source = .performDone
        send(.destination, of: transfer) { [self] in finishPostCopy(transfer) }
    }

    private func finishPostCopy(_ transfer: Transfer) {
        guard transfer.destination == .prepared, hosts.destination.copy != nil else {
            return refuse(transfer)
        }
        transfer.destination = .finishing
        if guest.isPersistent { hosts.destination.isDefined = true }
        later(.destination, .milliseconds(5) ... .milliseconds(80)) { [self] in
            guard transfer.destination == .finishing else { return }
            guard hosts.destination.copy != nil else { return refuse(transfer) }
            letRunThere(transfer, reason: "postcopy")
            tell(.destination, .postCopyBegan)
            reach(.postCopyRuns)
            if transfer.stream == .completed { completePostCopy(.destination, transfer) }
        }
    }

    /// The last page is there: each QEMU knows, and each daemon that is up acts on it.
    private func pulled(_ transfer: Transfer) {
        transfer.stream = .completed
        hosts.destination.copy?.memory = .whole
        hosts.source.copy?.memory = .stale
        tell(.source, .transferEnded)
        tell(.destination, .transferEnded)
        reach(.allArrived)
        for side in [Side.destination, .source] where hosts[side].daemonIsUp {
            completePostCopy(side, transfer)
        }
    }

    /// What a daemon does about a post-copy that is complete, with a thread of its own in Finish or without.
    func completePostCopy(_ side: Side, _ transfer: Transfer) {
        guard transfer.stream == .completed else { return }
        switch side {
        case .destination:
            switch transfer.destination {
            // Finish is under way, and waits for the processors to run.
            case .finishing where transfer.isToRun && !ranThere: return
            case .finishing:
                later(.destination, .milliseconds(2) ... .milliseconds(50)) { [self] in
                    guard transfer.destination == .finishing else { return }
                    guard hosts.destination.copy != nil else { return refuse(transfer) }
                    if transfer.isToRun { set(.destination, GuestState(.running, reason: "migrated")) }
                    answer(transfer)
                }
            case .unattended:
                later(.destination, .milliseconds(2) ... .milliseconds(50)) { [self] in
                    guard transfer.destination == .unattended, let copy = hosts.destination.copy else {
                        return
                    }
                    transfer.destination = .over
                    set(
                        .destination,
                        copy.isExecuting
                            ? GuestState(.running, reason: "migrated")
                            : GuestState(.paused, reason: "migration"))
                }
            case .none, .preparing, .prepared, .over: return
            }
        case .source:
            // In performDone the answer to Finish is awaited.
            guard transfer.source == .unattended else { return }
            later(.source, .milliseconds(2) ... .milliseconds(50)) { [self] in
                guard transfer.source == .unattended, hosts.source.copy != nil else { return }
                giveUpSource(transfer)
            }
        }
    }

    // MARK: Broken

    /// One side's QEMU gives the connection up.
    func giveUpConnection(_ side: Side, _ transfer: Transfer) {
        guard transfer.stream.isPostCopy, !transfer.gaveUp[side], hosts[side].copy != nil else { return }
        measure(transfer)
        transfer.streamToken += 1
        transfer.flowsSince = nil
        transfer.stream = .paused
        transfer.gaveUp[side] = true
        reach(.postCopyBroke)
        tell(side, .postCopyBroke)
        if hosts[side].daemonIsUp { markBroken(side, transfer) }
        // The other side learns it from the closed socket, when the link carries that.
        if !isCut.source, !isCut.destination {
            simulation.after(random.duration(in: .milliseconds(1) ... .seconds(2))) { [self] in
                if transfer.stream == .paused { giveUpConnection(side.other, transfer) }
            }
        }
    }

    /// libvirt's word for it. Source: `qemuMigrationSrcPostcopyFailed`, `qemuMigrationDstPostcopyFailed`.
    func markBroken(_ side: Side, _ transfer: Transfer) {
        guard let copy = hosts[side].copy, copy.memory == .split else { return }
        set(side, GuestState(copy.isExecuting ? .running : .paused, reason: "postcopy-failed"))
        switch side {
        case .source:
            let wasAwaited = transfer.source != .unattended
            transfer.source = .unattended
            guard wasAwaited else { return }
            transfer.caller?.end(failure("the connection of the post-copy broke", code: .postCopyBroken))
            transfer.caller = nil
        case .destination:
            transfer.destination = .unattended
        }
    }

    /// The destination's half is gone. What QEMU has sent altogether, libvirt gives up; the rest stays for a person.
    func losePostCopy(_ transfer: Transfer) {
        transfer.source = .unattended
        transfer.caller?.end(failure("the guest ended on the destination", code: .postCopyBroken))
        transfer.caller = nil
        if transfer.stream == .completed { return completePostCopy(.source, transfer) }
        set(.source, GuestState(.paused, reason: "postcopy-failed"))
    }

    /// `migrate-pause` on one side.
    func breakConnection(_ side: Side) throws(ApusError) {
        guard let transfer, hosts[side].copy?.memory == .split, transfer.stream.isPostCopy else {
            throw failure("there is no post-copy on the \(side)")
        }
        giveUpConnection(side, transfer)
    }

    /// `VIR_MIGRATE_POSTCOPY_RESUME`.
    func recover(for caller: SimulatedProcess) {
        guard let transfer, hosts.source.copy?.state.reason == "postcopy-failed" else {
            return caller.end(failure("the migration is not in a failed post-copy phase on the source"))
        }
        let refusal: String? =
            if isCut.source || isCut.destination || !hosts.destination.isUp || !hosts.destination.daemonIsUp {
                "unable to connect to the destination's libvirt"
            } else if hosts.destination.copy?.state.reason != "postcopy-failed" {
                "the migration is not in a failed post-copy phase on the destination"
            } else if !transfer.gaveUp.source || !transfer.gaveUp.destination {
                "QEMU: cannot resume if there is no paused migration"
            } else {
                nil
            }
        let wait: ClosedRange<Duration> =
            isCut.source || isCut.destination
            ? .seconds(5) ... .seconds(20) : .milliseconds(20) ... .milliseconds(300)
        later(.source, wait) { [self] in
            if let refusal { return caller.end(failure(refusal)) }
            guard transfer.stream == .paused, hosts.destination.copy != nil, hosts.destination.daemonIsUp,
                !isCut.source, !isCut.destination
            else { return caller.end(failure("the destination is gone again")) }
            flowAgain(transfer, for: caller)
        }
    }

    private func flowAgain(_ transfer: Transfer, for caller: SimulatedProcess) {
        transfer.stream = .postCopy
        transfer.gaveUp = Pair(false)
        transfer.control = Pair(true)
        transfer.heldBack = Pair([])
        transfer.source = .performDone
        transfer.destination = .finishing
        transfer.caller?.end(failure("somebody else recovers it"))
        transfer.caller = caller
        set(.source, GuestState(.paused, reason: "postcopy"))
        if guest.isPersistent { hosts.destination.isDefined = true }
        if hosts.destination.copy?.isExecuting == true {
            set(.destination, GuestState(.running, reason: "postcopy"))
        } else {
            letRunThere(transfer, reason: "postcopy")
        }
        tell(.source, .postCopyBegan)
        reach(.postCopyResumed)
        pump(transfer)
    }
}
