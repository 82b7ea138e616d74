package import FleetModel

/// Chooses how a move is carried out, under the user's limits, and says why.
package struct Planner: Sendable {
    private let facts: MoveFacts
    private let request: MoveRequest
    private let findings: [Finding]
    private let forecast: Forecast?
    private let disks: DiskPlanner
    private let belongings: BelongingsPlanner

    package init(facts: MoveFacts, request: MoveRequest, findings: [Finding], forecast: Forecast?) {
        self.facts = facts
        self.request = request
        self.findings = findings
        self.forecast = forecast
        disks = DiskPlanner(facts, request)
        belongings = BelongingsPlanner(facts, request)
    }

    /// A single stream of QEMU's carries about this much; more connections pay only above it.
    /// Source: vdsm's engine asks for one connection per 10 Gbit/s and uses multifd from two on.
    static let singleStream = ByteRate(bytesPerSecond: 1_250_000_000)
    /// Another strategy has to be this much quicker before plain pre-copy is given up.
    static let worthwhile = 0.9

    /// The plan for a move that nothing blocks.
    ///
    /// - Throws: `ApusError` with `blocked` (`same-host` for one machine under two names) and the findings,
    ///   when one of them is a blocker that was not lifted; `plan-refused` when the strategy that was asked for
    ///   cannot be run.
    package func plan() throws(ApusError) -> MovePlan {
        guard !facts.isCold else { return try coldPlan() }
        let findings = findings + Self.convergence(facts, forecast)
        try Self.refuseBlocked(findings, facts, request)
        let (strategy, reason) = try choose()
        var method = method(strategy)
        method.writesTwice = reasonToWriteTwice != nil
        var plan = MovePlan(
            guest: facts.guest.identity, source: facts.source.host,
            destination: facts.destination.host, request: request, wasPaused: isPaused,
            isPersistent: facts.guest.isPersistent, wasDefinedThere: facts.sameUUID != nil, method: method,
            vouchesForStorage: vouches, memory: facts.guest.memory, disks: disks.plans,
            preparations: disks.preparations + belongings.preparations
                + (relay.map { [Preparation(.startRelay($0), on: .source, undoneBy: .relay($0))] } ?? []),
            conclusions: Aftercare(facts).conclusions + disks.conclusions
                + (relay.map { [.endRelay($0)] } ?? []) + Aftercare(facts).watch,
            choices: choices(strategy, reason),
            rejected: MoveStrategy.allCases.filter { $0 != method.strategy && $0 != strategy }
                .map { MovePlan.RejectedStrategy($0, because: whyNot($0, chosen: strategy)) },
            findings: findings, sourceQEMU: facts.source.hypervisorVersion,
            destinationQEMU: facts.destination.hypervisorVersion, basis: PlanBasis(facts), forecast: forecast)
        plan.room = Preflight.room(facts)
        plan.relay = relay
        return plan
    }

    /// Last of the preparations and first of what is done afterwards: nothing waits for it, and it for nothing.
    private var relay: RelayPlan? {
        guard relaying.isRelayed else { return nil }
        return RelayPlan(of: facts.guest.identity, copiesDisks: !disks.preparations.isEmpty)
    }

    private var relaying: RelayChoice {
        RelayChoice(facts, request, link: forecast?.input.link?.rate)
    }

    private func coldPlan() throws(ApusError) -> MovePlan {
        try Self.refuseBlocked(findings, facts, request)
        var request = request
        // One that does not run has nothing to be saved.
        if !facts.guest.state.isActive { request.isWarm = false }
        let cold = ColdPlanner(facts, request, link: forecast?.input.link?.rate)
        var plan = MovePlan(
            guest: facts.guest.identity, source: facts.source.host, destination: facts.destination.host,
            request: request, wasPaused: isPaused, isPersistent: true, wasDefinedThere: facts.sameUUID != nil,
            method: TransferMethod(), vouchesForStorage: false,
            memory: request.starts || request.isWarm ? facts.guest.memory : .zero, disks: cold.disks,
            preparations: [],
            conclusions: cold.conclusions, choices: cold.choices, rejected: [], findings: findings,
            sourceQEMU: facts.source.hypervisorVersion, destinationQEMU: facts.destination.hypervisorVersion,
            basis: PlanBasis(facts), forecast: nil)
        plan.cold = cold.plan
        plan.room = request.starts || request.isWarm ? Preflight.room(facts) : nil
        return plan
    }

    static func refuseBlocked(
        _ findings: [Finding], _ facts: MoveFacts, _ request: MoveRequest
    ) throws(ApusError) {
        let blockers = findings.filter(\.blocks)
        guard let first = blockers.first else { return }
        let hints = [
            blockers.count == 1 ? first.hint : nil,
            Preflight.warmAdvice(facts, request, against: blockers),
        ].compactMap(\.self)
        throw ApusError(
            first.code == .sameHostUUID ? .sameHost : .blocked,
            "move \(facts.guest.identity) from \(facts.source.host.name) to \(facts.destination.host.name)",
            blockers.map(\.detail).joined(separator: "; "),
            hint: hints.isEmpty ? nil : hints.joined(separator: " "), findings: findings)
    }

    // MARK: Strategy

    /// The forecast, where it rests on more than the size of the guest: an assumption chooses no strategy.
    private var known: Forecast? { forecast?.basis == .assumed ? nil : forecast }

    private var isPaused: Bool { facts.guest.state.kind == .paused }

    private func choose() throws(ApusError) -> (MoveStrategy, String) {
        if let wanted = request.strategy {
            guard let obstacle = obstacle(wanted) else { return (wanted, "--strategy") }
            throw ApusError(
                .planRefused, "move \(facts.guest.identity) by \(wanted.rawValue)", obstacle,
                hint: "Name another --strategy, or leave the choice to apus.")
        }
        if isPaused {
            return (.preCopy, "the guest is paused: its memory does not change, one round is enough")
        }
        guard let plain = known?.strategy(.preCopy) else {
            return (.preCopy, "nothing is known about the guest's writes: the strategy that costs it least")
        }
        if plain.converges {
            if isRunnable(.multifd), let many = forecast?.strategy(.multifd), many.converges, isFastLink,
                many.total.likely < plain.total.likely * Self.worthwhile
            {
                return (
                    .multifd,
                    "the link carries more than one stream does: \(many.total.likely.text) instead of "
                        + plain.total.likely.text
                )
            }
            return (.preCopy, plain.reason)
        }
        let measures = request.convergence.onStall
        let others: [MoveStrategy] =
            (measures.contains(.postCopy) ? [.postCopyFallback] : []) + [.multifd, .xbzrle]
            + (measures.contains(.throttle) ? [.autoConverge] : [])
        for other in others where isRunnable(other) {
            guard let forecast = forecast?.strategy(other), forecast.converges else { continue }
            return (other, "plain pre-copy would not converge (\(plain.reason)); \(forecast.reason)")
        }
        if let stopped = forecast?.strategy(.stopAndCopy), let limit = request.downtimeLimit,
            stopped.downtime.high <= limit
        {
            return (.stopAndCopy, "it does not converge, and the whole transfer fits the downtime limit")
        }
        guard measures.contains(.throttle) else {
            return (.preCopy, "nothing that can be run, and is allowed, converges: \(plain.reason)")
        }
        return (.autoConverge, "nothing that can be run converges; slowing the guest down comes nearest")
    }

    /// How the strategy is carried out, with what may be needed on a stall in reserve: QEMU has to be told of it
    /// before it begins.
    private func method(_ strategy: MoveStrategy) -> TransferMethod {
        var method = TransferMethod(strategy, connections: connections, cache: cache)
        // A strategy that was asked for by name is carried out as it is.
        guard method.isLive, !isPaused, request.strategy == nil else { return method }
        let measures = request.convergence.onStall
        if measures.contains(.throttle), isRunnable(.autoConverge) { method.slowsGuestDown = true }
        if measures.contains(.postCopy), method.connections == nil, isRunnable(.postCopyFallback) {
            method.allowsPostCopy = true
        }
        return method
    }

    /// Whether this build and these hosts can run a strategy.
    private func isRunnable(_ strategy: MoveStrategy) -> Bool { obstacle(strategy) == nil }

    private func obstacle(_ strategy: MoveStrategy) -> String? {
        let libvirt = min(facts.source.libvirtVersion, facts.destination.libvirtVersion)
        let qemu = min(facts.source.hypervisorVersion, facts.destination.hypervisorVersion)
        // Sources: libvirt's "Since" notes and QEMU's change logs.
        switch strategy {
        case .preCopy, .stopAndCopy: return nil
        case .multifd:
            if libvirt < SoftwareVersion(5, 2, 0) { return "libvirt \(libvirt) has no parallel migration" }
            return qemu < SoftwareVersion(4, 0, 0) ? "QEMU \(qemu) has no multifd" : nil
        case .autoConverge:
            return libvirt < SoftwareVersion(1, 2, 3) ? "libvirt \(libvirt) has no auto-converge" : nil
        case .xbzrle:
            return libvirt < SoftwareVersion(1, 3, 4) ? "libvirt \(libvirt) cannot choose XBZRLE" : nil
        case .postCopy, .postCopyFallback:
            guard request.allowsPostCopy else { return "--no-postcopy rules it out" }
            if libvirt < SoftwareVersion(8, 5, 0) {
                return "libvirt \(libvirt) cannot mend a post-copy whose connection broke"
            }
            let host = facts.destination.host.name
            switch facts.destination.details.catchesFaults {
            case .known(true)?: return nil
            case .known(false)?:
                return "vm.unprivileged_userfaultfd is 0 on \(host) and QEMU does not run as root there"
            case .notKnown(let reason)?:
                return "whether QEMU may catch page faults on \(host) is not known: \(reason)"
            case nil: return "whether QEMU may catch page faults on \(host) was not asked"
            }
        }
    }

    private func whyNot(_ strategy: MoveStrategy, chosen: MoveStrategy) -> String {
        if let obstacle = obstacle(strategy) { return obstacle }
        if isPaused { return "the guest is paused: there is nothing to gain" }
        guard let other = known?.strategy(strategy), let mine = known?.strategy(chosen) else {
            return "nothing is known about the guest's writes that would call for it"
        }
        if !other.converges { return other.reason }
        switch strategy {
        case .stopAndCopy: return "the guest would stand still for \(other.downtime.likely.text)"
        case .autoConverge: return "it slows the guest down, and is not needed"
        case .multifd where !isFastLink: return "one stream fills this link"
        default:
            return other.total.likely < mine.total.likely
                ? "\(other.total.likely.text), not enough less than \(mine.total.likely.text)"
                : "\(other.total.likely.text), no quicker than \(chosen.rawValue)"
        }
    }

    private var isFastLink: Bool {
        guard let rate = forecast?.input.link?.rate else { return false }
        return rate > Self.singleStream && request.bandwidth.map { $0 > Self.singleStream } ?? true
    }

    /// One for each 10 Gbit/s, two at least, never more than the guest has processors or than eight.
    private var connections: Int {
        let rate = forecast?.input.link?.rate.bytesPerSecond ?? 0
        let needed = Int(clamping: rate / Self.singleStream.bytesPerSecond) + 1
        return max(2, min(needed, 8, facts.source.processors))
    }

    /// A tenth of the memory, as a power of two of at least 64 MiB: Proxmox VE's rule.
    private var cache: ByteCount {
        var size: UInt64 = 64 << 20
        while size * 2 <= facts.guest.memory.bytes / 10 { size *= 2 }
        return ByteCount(size)
    }

    // MARK: The rest

    /// Whether a disk is shared although libvirt does not count its storage as shared.
    private var vouches: Bool {
        facts.disks.contains { disk in
            !disk.isReadOnly && !disks.isCopied(disk)
                && disk.chain.contains { image in
                    guard case .proven(_, libvirtAgrees: false) = image.sharing else { return false }
                    return true
                }
        }
    }

    private func choices(_ strategy: MoveStrategy, _ reason: String) -> [MovePlan.Choice] {
        var choices = [MovePlan.Choice("strategy", strategy.rawValue, because: reason)]
        if strategy == .multifd {
            choices.append(
                .init("connections", "\(connections)", because: "one for each 10 Gbit/s of the link"))
        }
        if strategy == .xbzrle {
            choices.append(.init("XBZRLE cache", "\(cache)", because: "a tenth of the guest's memory"))
        }
        choices.append(
            request.downtimeLimit.map { .init("downtime limit", $0.text, because: "--downtime") }
                ?? .init("downtime limit", "300 ms", because: "QEMU's default"))
        choices.append(
            request.bandwidth.map { .init("bandwidth", "\($0)", because: "--bandwidth") }
                ?? .init("bandwidth", "no limit", because: "none was asked for"))
        choices.append(
            request.timeout.map { .init("timeout", $0.text, because: "--timeout") }
                ?? .init("timeout", "none", because: "none was asked for"))
        if !isPaused {
            let measures = request.convergence.onStall.map(\.rawValue).joined(separator: ", ")
            choices.append(
                .init(
                    "on stall", measures.isEmpty ? "none" : measures,
                    because: method(strategy).allowsPostCopy
                        || !request.convergence.onStall.contains(.postCopy)
                        ? "in this order"
                        : "in this order, but \(obstacle(.postCopyFallback) ?? "not with \(strategy.rawValue)")"
                ))
        }
        choices.append(
            .init("relay", relaying.isRelayed ? "compresses with LZ4" : "none", because: relaying.reason))
        if request.tls { choices.append(encryption) }
        choices.append(
            .init(
                "control", request.control.rawValue,
                because: request.control == .direct
                    ? "--direct" : "the move goes on when this process ends"))
        if vouches {
            choices.append(
                .init(
                    "storage", "libvirt's check is lifted",
                    because: "a disk was proven to be shared on storage that libvirt does not know"))
        }
        choices += disks.choices + belongings.choices
        if let reasonToWriteTwice {
            choices.append(.init("disk writes", "wait for both hosts", because: reasonToWriteTwice))
        }
        return choices
    }

    private var encryption: MovePlan.Choice {
        let host = facts.destination.host
        guard let name = host.tlsName ?? host.migrationAddress else {
            return .init(
                "encryption",
                "TLS; the certificate of \(host.name) has to bear the name that its libvirt gives it",
                because: "--tls, and the inventory has neither a tls-name nor a migration-address")
        }
        return .init(
            "encryption", "TLS; the certificate of \(host.name) has to bear the name \(name)",
            because: host.tlsName == nil
                ? "--tls; memory flows to that address" : "--tls; its tls-name in the inventory")
    }

    private var reasonToWriteTwice: String? { disks.reasonToWriteTwice(link: forecast?.input.link?.rate) }

    /// A warning when plain pre-copy would not converge.
    package static func convergence(_ facts: MoveFacts, _ forecast: Forecast?) -> [Finding] {
        guard facts.guest.state.kind == .running, let forecast, forecast.basis != .assumed,
            let plain = forecast.strategy(.preCopy), !plain.converges
        else { return [] }
        let guest = facts.guest.identity
        let helpers = forecast.strategies.filter { $0.converges && $0.strategy != .stopAndCopy }
        let names = helpers.map(\.strategy.rawValue).joined(separator: ", ")
        return [
            Finding(
                .wouldNotConverge, .warning, host: facts.source.host.name, subject: guest.name,
                detail: "plain pre-copy of \(guest) would not converge: \(plain.reason)",
                hint: (helpers.isEmpty ? "" : "These would: \(names). ")
                    + "A longer --downtime or a quieter time helps; --timeout makes sure that it ends.")
        ]
    }
}
