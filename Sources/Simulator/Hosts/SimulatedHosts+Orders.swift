import FleetModel
import Migration

/// What the hosts do when they are asked to.
extension SimulatedHosts {
    // MARK: The job

    /// `virDomainAbortJob` on the source.
    func abort() throws(ApusError) {
        guard let transfer, transfer.source != .over, hosts.source.copy != nil else {
            throw failure("no job is active on the domain", code: .abortRefused)
        }
        switch transfer.source {
        case .begin:
            throw failure("the job cannot be aborted yet", code: .abortRefused)
        case .perform:
            cancel(
                transfer,
                failure("operation aborted: migration out job: canceled by client", code: .migrationAborted))
        case .performDone where transfer.wasPostCopy, .unattended:
            throw failure("cannot abort migration in post-copy mode", code: .abortRefused)
        case .performDone, .confirm, .cancelling, .over:
            // QEMU has nothing left to cancel, and says nothing about that.
            return
        }
    }

    /// `virDomainGetJobStats`.
    func sample() -> JobSample? {
        guard let transfer, transfer.source == .perform || transfer.source == .performDone else { return nil }
        measure(transfer)
        return figures(transfer)
    }

    func figures(_ transfer: Transfer) -> JobSample {
        func bytes(_ count: Double) -> ByteCount { ByteCount(UInt64(max(0, count))) }
        let inMemory = transfer.stream != .disks && transfer.stream != .none
        let isPreCopy = transfer.stream == .preCopy
        return JobSample(
            elapsed: simulation.now - transfer.began, memoryTotal: bytes(guest.memory),
            memoryRemaining: bytes(inMemory ? transfer.left : guest.memory), wire: bytes(transfer.wire),
            throughput: ByteRate(bytesPerSecond: transfer.flowsSince == nil ? 0 : UInt64(transfer.rate)),
            dirtyRate: isPreCopy
                ? ByteRate(bytesPerSecond: UInt64(guest.dirtyRate * Double(100 - transfer.throttle) / 100))
                : nil,
            round: transfer.round > 0 ? transfer.round : nil,
            downtime: .seconds(transfer.left / max(transfer.rate, 1)), throttlePercent: transfer.throttle,
            diskTotal: guest.disk == .copied ? bytes(guest.diskBytes) : nil,
            diskRemaining: guest.disk == .copied ? bytes(inMemory ? 0 : transfer.left) : nil)
    }

    func downtimeLimit() throws(ApusError) -> Duration {
        guard let copy = hosts.source.copy else { throw failure("the guest does not run") }
        return copy.downtimeLimit
    }

    func setDowntimeLimit(_ limit: Duration) throws(ApusError) {
        guard hosts.source.copy != nil else { throw failure("the guest does not run") }
        hosts.source.copy?.downtimeLimit = limit
    }

    // MARK: The copies

    /// `virDomainSuspend` on the source; during a migration libvirt counts it as the move's.
    func suspend() throws(ApusError) {
        guard hosts.source.copy?.isExecuting == true else { throw failure("the guest does not run") }
        let isMoving = transfer.map { $0.source != .over } ?? false
        stop(.source, GuestState(.paused, reason: isMoving ? "migration" : "user"))
    }

    /// `virDomainResume`; a migration holds the guest's lock.
    ///
    /// - Parameters:
    ///   - side: where.
    ///   - itRan: whether the process that asks, or the journal, knows that the guest ran on the destination.
    /// - Throws: what libvirt would refuse it with.
    func resume(_ side: Side, knowing itRan: Bool) throws(ApusError) {
        guard let copy = hosts[side].copy else { throw failure("the guest does not run on the \(side)") }
        guard !isBusy(side) else {
            throw failure("cannot acquire state change lock (held by a migration)", code: .guestBusy)
        }
        guard !copy.isExecuting else { return }
        guard copy.memory != .loading else { throw failure("the guest waits for an incoming migration") }
        guard start(side, reason: "unpaused", by: .apus(knowing: itRan)) else {
            throw failure("Failed to get \"write\" lock: is another process using the image?")
        }
    }

    /// Asks whether the copy stands still and destroys it, as one step.
    func dropCopy(_ side: Side) throws(ApusError) {
        guard let copy = hosts[side].copy else { return }
        guard !copy.isExecuting else { throw failure("the guest runs on the \(side)") }
        if side == .destination, transfer?.isHeldThere == true {
            throw failure("cannot acquire state change lock")
        }
        end(side, reason: "destroyed", by: .apus(knowing: false))
        quits(side)
    }

    func removeDefinition(_ side: Side) throws(ApusError) {
        guard hosts[side].isDefined else { return }
        undefine(side)
    }

    // MARK: Images

    func create(_ order: ImageOrder, on side: Side) throws(ApusError) {
        guard !hosts[side].images.contains(order.path) else {
            throw failure("\(order.path) is there already")
        }
        if hosts[side].isFull {
            // Sometimes the file is there before the room for it is missing.
            if random.chance(0.5) { hosts[side].images.insert(order.path) }
            throw failure("no space left on device")
        }
        hosts[side].images.insert(order.path)
        note("\(side): \(order.path) is created")
    }

    func remove(_ path: String, on side: Side) {
        guard hosts[side].images.remove(path) != nil else { return }
        note("\(side): \(path) is removed")
        if hosts[side].copy != nil { violate(.usedDisks, "\(path) on the \(side)") }
        guard side == .source else { return }
        let hasArrived: Bool = if case .at(.destination, _) = truth { true } else { guestEnded && ranThere }
        if misfortunes.isEmpty, !hasArrived || hosts.source.copy != nil {
            violate(.sourceDisks, "\(path) was removed while the guest is \(truth)")
        }
    }
}
