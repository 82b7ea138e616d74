import FleetModel
import Migration

/// Finish and Confirm: the destination takes the guest, and the source gives it up; or takes it back.
extension SimulatedHosts {
    /// Source: `qemuMigrationDstFinish`.
    func finish(_ transfer: Transfer) {
        guard transfer.destination == .prepared, let copy = hosts.destination.copy, copy.memory != .loading
        else {
            return refuse(transfer)
        }
        transfer.destination = .finishing
        reach(.finishing)
        if guest.isPersistent, !hosts.destination.isDefined {
            hosts.destination.isDefined = true
            transfer.definedThere = true
        }
        later(.destination, .milliseconds(5) ... .milliseconds(150)) { [self] in
            guard transfer.destination == .finishing, hosts.destination.copy != nil else {
                return refuse(transfer)
            }
            letRunThere(transfer, reason: "migrated")
            later(.destination, .milliseconds(2) ... .milliseconds(60)) { [self] in
                guard transfer.destination == .finishing else { return }
                guard hosts.destination.copy != nil else { return refuse(transfer) }
                answer(transfer)
            }
        }
    }

    func letRunThere(_ transfer: Transfer, reason: String) {
        if transfer.isToRun {
            start(.destination, reason: reason, by: .libvirt)
        } else {
            set(.destination, GuestState(.paused, reason: "user"))
        }
        reach(.runsThere)
    }

    /// The destination says that it has the guest.
    func answer(_ transfer: Transfer) {
        transfer.destination = .over
        tell(.destination, .completed(figures(transfer)))
        send(.source, of: transfer) { [self] in confirm(transfer) }
    }

    /// The destination says that it has not.
    func refuse(_ transfer: Transfer) {
        if transfer.destination != .over { discard(transfer) }
        send(.source, of: transfer) { [self] in
            guard transfer.source == .performDone else { return }
            if transfer.wasPostCopy { return losePostCopy(transfer) }
            takeBack(transfer, failure("the guest ended on the destination"))
        }
    }

    /// The incoming copy is ended, with what came along.
    ///
    /// A definition stays when its QEMU died by itself: so it was seen on libvirt 9.0.0.
    func discard(_ transfer: Transfer) {
        transfer.destination = .over
        let isLibvirtsDoing = hosts.destination.copy != nil
        end(.destination, reason: "failed", by: .libvirt)
        if transfer.definedThere, isLibvirtsDoing {
            hosts.destination.isDefined = false
            transfer.definedThere = false
        }
        streamEnds(transfer)
    }

    /// Source: `qemuMigrationSrcConfirmPhase`.
    private func confirm(_ transfer: Transfer) {
        guard transfer.source == .performDone else { return }
        transfer.source = .confirm
        reach(.confirmed)
        later(.source, .milliseconds(5) ... .milliseconds(100)) { [self] in
            guard transfer.source == .confirm else { return }
            giveUpSource(transfer)
            transfer.caller?.end(nil)
            transfer.caller = nil
        }
    }

    func giveUpSource(_ transfer: Transfer) {
        tell(.source, .completed(figures(transfer)))
        end(.source, reason: "migrated", by: .libvirt)
        transfer.source = .over
        if guest.isPersistent, !plan.request.keepDefinition, hosts.destination.isDefined { undefine(.source) }
        reach(.sourceEnded)
    }

    // MARK: Failure

    /// The transfer fails before the destination was asked to take the guest.
    func cancel(_ transfer: Transfer, _ error: ApusError) {
        guard transfer.source == .begin || transfer.source == .perform else { return }
        guard !isHanging else {
            transfer.afterHanging = { [self] in cancel(transfer, error) }
            return
        }
        transfer.source = .cancelling
        reach(.cancelling)
        if transfer.stream.isRevocable { stopStream(transfer) }
        send(.destination, of: transfer) { [self] in
            guard [.preparing, .prepared].contains(transfer.destination) else { return }
            later(.destination, .milliseconds(5) ... .milliseconds(80)) { [self] in
                if transfer.destination != .over { discard(transfer) }
            }
        }
        later(.source, .milliseconds(10) ... .milliseconds(150)) { [self] in
            guard transfer.source == .cancelling else { return }
            giveBack(transfer, error)
        }
    }

    /// QEMU's stream ends before its time; the source's QEMU lets the guest run on by itself.
    func stopStream(_ transfer: Transfer) {
        measure(transfer)
        let stoodForTheMove = transfer.stream == .stopAndCopy
        transfer.stream = .failed
        transfer.streamToken += 1
        if stoodForTheMove { restore("unpaused") }
    }

    /// The destination did not take it, or nobody knows. Source: "If ddomain is NULL…" in
    /// `qemuMigrationSrcPerformPeer2Peer3`.
    func takeBack(_ transfer: Transfer, _ error: ApusError) {
        guard transfer.source == .performDone else { return }
        transfer.source = .cancelling
        reach(.cancelling)
        later(.source, .milliseconds(2) ... .milliseconds(50)) { [self] in
            guard transfer.source == .cancelling else { return }
            giveBack(transfer, error)
        }
    }

    private func giveBack(_ transfer: Transfer, _ error: ApusError) {
        transfer.source = .over
        restore("migration-canceled")
        reach(.over)
        transfer.caller?.end(error)
        transfer.caller = nil
    }

    /// libvirt lets the source's copy run on if it ran before and nobody else stopped it.
    /// Source: `qemuMigrationSrcRestoreDomainState`.
    func restore(_ reason: String) {
        guard !guest.wasPaused, let copy = hosts.source.copy, copy.state.kind == .paused,
            !copy.isStoppedForCause,
            copy.memory != .split
        else { return }
        start(.source, reason: reason, by: .libvirt)
    }

    /// The destination's QEMU is gone: as soon as the link tells, the source's QEMU knows.
    func streamEnds(_ transfer: Transfer) {
        guard transfer.stream.isRevocable || transfer.stream == .none, !isCut.source, !isCut.destination,
            hosts.destination.isUp
        else { return }
        simulation.after(.milliseconds(2)) { [self] in
            guard hosts.destination.copy == nil else { return }
            if transfer.stream.isRevocable { stopStream(transfer) }
            guard hosts.source.daemonIsUp else { return }
            cancel(transfer, failure("the destination's QEMU closed the connection"))
        }
    }
}
