package import FleetModel
import Libvirt

/// What a move under way is held to.
package struct MoveLimits: Sendable, Equatable {
    /// `nil` is no limit.
    package var bandwidth: ByteRate?
    /// The longest stop that QEMU may plan for.
    package var downtime: Duration
}

/// What is to change of a move's limits; `nil` leaves as it is.
package struct MoveLimitChange: Sendable, Equatable {
    package let bandwidth: BandwidthLimit?
    package let downtime: Duration?

    package init(bandwidth: BandwidthLimit?, downtime: Duration?) {
        self.bandwidth = bandwidth
        self.downtime = downtime
    }
}

/// A move whose limits were changed, or would be.
package struct TunedMove: Sendable, Equatable {
    /// The guest on the host that it leaves.
    package let guest: Guest
    package let before: MoveLimits
    package let after: MoveLimits
    /// The guest runs on the destination already and pulls the rest: a downtime limit means nothing any more.
    package let isPostCopy: Bool

    package var hasChanged: Bool { before != after }
}

/// Changes the limits of a move that somebody, perhaps another process, has under way.
package struct MoveTuner: Sendable {
    private let finder: MoveFinder

    package init(hosts: [Host], connector: HostConnector = HostConnector()) {
        finder = MoveFinder(links: hosts.map { HostLink(host: $0, connector: connector) })
    }

    /// Changes the limits of the guest's move, on the host that it leaves.
    ///
    /// A bandwidth counts for what is pushed and for what is pulled after a switch to post-copy; pages that
    /// the guest waits for then are never held up. Both limits stay with the guest when its move fails:
    /// whoever moves it next finds them there.
    ///
    /// - Parameters:
    ///   - change: what is to change.
    ///   - guest: its name or UUID.
    ///   - dryRun: whether to say only what would change.
    /// - Returns: the move with its limits before and after; `nil` when the guest is not being moved, or not
    ///   any more: then its limits are as they were.
    /// - Throws: `ApusError` with `unknown-guest`, `guest-ambiguous`, `libvirt-failed`, or what kept a host
    ///   from answering.
    package func change(
        _ change: MoveLimitChange, of guest: String, dryRun: Bool
    ) async throws(ApusError) -> TunedMove? {
        guard let (found, source) = try await finder.moving(guest) else { return nil }
        let isPostCopy = found.state.reason.hasPrefix("postcopy")
        let before: MoveLimits
        do throws(ApusError) {
            before = try await limits(of: found, on: source, isPostCopy: isPostCopy)
        } catch {
            if try await isOver(found, on: source) { return nil }
            throw failure(error, found)
        }
        var after = before
        switch change.bandwidth {
        case .atMost(let rate)?:
            after.bandwidth = ByteRate(mebibytesPerSecond: rate.wholeMebibytesPerSecond)
        case .unlimited?: after.bandwidth = nil
        case nil: break
        }
        if let downtime = change.downtime, !isPostCopy { after.downtime = downtime }
        let tuned = TunedMove(guest: found, before: before, after: after, isPostCopy: isPostCopy)
        if dryRun || !tuned.hasChanged { return tuned }
        do throws(ApusError) {
            try await set(after, insteadOf: before, of: found, on: source, isPostCopy: isPostCopy)
        } catch {
            // Half of it may be done, and libvirt keeps a limit for the guest's next move.
            try? await set(before, insteadOf: nil, of: found, on: source, isPostCopy: isPostCopy)
            if try await isOver(found, on: source) { return nil }
            throw failure(error, found)
        }
        guard try await isOver(found, on: source) else { return tuned }
        try? await set(before, insteadOf: nil, of: found, on: source, isPostCopy: isPostCopy)
        return nil
    }

    private func isOver(_ guest: Guest, on source: HostLink) async throws(ApusError) -> Bool {
        try await source.guest(.uuid(guest.identity.uuid))?.activity != .migratingOut
    }

    private func limits(
        of guest: Guest, on source: HostLink, isPostCopy: Bool
    ) async throws(ApusError) -> MoveLimits {
        try await onGuest(guest, source) { (domain) throws(LibvirtError) in
            let speed = try domain.maxBandwidthMebibytesPerSecond(postCopy: isPostCopy)
            return MoveLimits(
                bandwidth: ByteRate(mebibytesPerSecond: speed), downtime: try domain.maxDowntime())
        }
    }

    /// Sets what differs; all of it where nothing is given to differ from.
    private func set(
        _ limits: MoveLimits, insteadOf old: MoveLimits?, of guest: Guest, on source: HostLink,
        isPostCopy: Bool
    ) async throws(ApusError) {
        try await onGuest(guest, source) { (domain) throws(LibvirtError) in
            if limits.downtime != old?.downtime { try domain.setMaxDowntime(limits.downtime) }
            guard old == nil || limits.bandwidth != old?.bandwidth else { return }
            try domain.setBandwidths(limits.bandwidth, isPostCopy: isPostCopy)
        }
    }

    private func onGuest<Value: Sendable>(
        _ guest: Guest, _ link: HostLink,
        _ work: @escaping @Sendable (borrowing DomainHandle) throws(LibvirtError) -> Value
    ) async throws(ApusError) -> Value {
        let reference = DomainReference.uuid(guest.identity.uuid)
        return try await link.ask { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference, work)
        }
    }

    private func failure(_ error: ApusError, _ guest: Guest) -> ApusError {
        ApusError(
            error.code, "change the move of \(guest.identity)",
            "\(error.detail), when told to \(error.operation)",
            hint: "apus status shows how the move goes on with the limits that it had.",
            underlying: error)
    }
}

extension DomainHandle {
    /// Holds what is pushed and what is pulled to one rate.
    ///
    /// - Parameters:
    ///   - limit: `nil` is no limit.
    ///   - isPostCopy: the guest has switched over: nothing is pushed any more.
    /// - Throws: `LibvirtError`.
    borrowing func setBandwidths(_ limit: ByteRate?, isPostCopy: Bool) throws(LibvirtError) {
        let speed = limit?.wholeMebibytesPerSecond
        if !isPostCopy {
            try setMaxBandwidth(mebibytesPerSecond: speed ?? DomainHandle.unlimitedBandwidth)
        }
        do throws(LibvirtError) {
            try setMaxBandwidth(mebibytesPerSecond: speed ?? 0, postCopy: true)
        } catch {
            // A QEMU without that limit, before its move has come to it.
            let isUnknown: [LibvirtError.Code] = [
                .argumentUnsupported, .noSupport, .operationUnsupported,
            ]
            guard !isPostCopy, isUnknown.contains(error.code) else { throw error }
        }
    }
}

extension ByteRate {
    /// From libvirt's unit; `nil` for what libvirt calls no limit.
    init?(mebibytesPerSecond speed: UInt64) {
        guard speed > 0, speed < DomainHandle.unlimitedBandwidth else { return nil }
        self.init(bytesPerSecond: speed << 20)
    }
}
