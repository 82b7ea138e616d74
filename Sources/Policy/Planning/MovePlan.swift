package import FleetModel

/// What a move will do, decided before it begins: written by `apus plan --json`, run by `apus migrate --plan`.
package struct MovePlan: Sendable, Hashable, Codable {
    /// The form of the document; another number is refused.
    package static let currentSchema = 1

    package let schema: Int
    package let guest: GuestIdentity
    package let source: Host
    package let destination: Host
    package let request: MoveRequest
    /// The guest stands still now and is to stand still on the destination.
    package let wasPaused: Bool
    /// Whether the guest has a definition that goes along.
    package let isPersistent: Bool
    package let method: TransferMethod
    /// Tells libvirt not to refuse storage that it does not know as shared, because it was proven to be.
    package let vouchesForStorage: Bool
    /// What was chosen, and why; a line each.
    package let choices: [Choice]
    /// The strategies that were not chosen, and why.
    package let rejected: [RejectedStrategy]
    package let findings: [Finding]
    package let sourceQEMU: SoftwareVersion
    package let destinationQEMU: SoftwareVersion
    /// What the plan rests on: it is refused when this has changed.
    package let basis: PlanBasis
    /// Made before the move, and compared with it afterwards; `nil` when too little is known.
    package let forecast: Forecast?

    /// One decision.
    package struct Choice: Sendable, Hashable, Codable {
        /// What it is about: `strategy`, `downtime limit`.
        package let subject: String
        package let choice: String
        package let reason: String

        package init(_ subject: String, _ choice: String, because reason: String) {
            self.subject = subject
            self.choice = choice
            self.reason = reason
        }
    }

    /// A strategy that this move does not use.
    package struct RejectedStrategy: Sendable, Hashable, Codable {
        package let strategy: MoveStrategy
        package let reason: String

        package init(_ strategy: MoveStrategy, because reason: String) {
            self.strategy = strategy
            self.reason = reason
        }
    }

    /// Why these hosts must not run this plan; `nil` when they may. The engine asks, wherever a plan is from.
    package var refusal: ApusError? {
        method.refusal(source: sourceQEMU, destination: destinationQEMU).map {
            ApusError(
                .planRefused, "move \(guest) from \(source.name) to \(destination.name)", $0,
                hint: "Make a new plan: apus plan \(guest) --to \(destination.name).")
        }
    }

    /// This plan on the facts of now.
    ///
    /// - Parameters:
    ///   - facts: read just now.
    ///   - findings: what preflight says to them.
    /// - Returns: the same plan with the findings of now.
    /// - Throws: `ApusError` with `plan-outdated` naming what changed, `plan-refused`, or `blocked`.
    package func renewed(on facts: MoveFacts, findings: [Finding]) throws(ApusError) -> MovePlan {
        let changes = basis.changes(to: PlanBasis(facts))
        guard changes.isEmpty else {
            throw ApusError(
                .planOutdated, "run the plan for \(guest)", changes.joined(separator: "; "),
                hint: "Make a new plan: apus plan \(guest) --to \(destination.name).")
        }
        try Planner.refuseBlocked(findings, facts: facts)
        let renewed = MovePlan(
            schema: schema, guest: facts.guest.identity, source: facts.source.host,
            destination: facts.destination.host, request: request, wasPaused: wasPaused,
            isPersistent: facts.guest.isPersistent, method: method, vouchesForStorage: vouchesForStorage,
            choices: choices, rejected: rejected, findings: findings,
            sourceQEMU: facts.source.hypervisorVersion, destinationQEMU: facts.destination.hypervisorVersion,
            basis: basis, forecast: forecast)
        if let refusal = renewed.refusal { throw refusal }
        return renewed
    }

    /// Where the destination listens for the memory stream; `nil` leaves it to libvirt.
    package var migrationURI: String? {
        destination.migrationAddress.map { $0.contains(":") ? "tcp:[\($0)]" : "tcp:\($0)" }
    }

    /// The forecast of the strategy that was chosen.
    package var chosenForecast: StrategyForecast? { forecast?.strategy(method.strategy) }

    /// The steps, a line each, for people.
    package var steps: [String] {
        var steps: [String] = []
        if let limit = request.downtimeLimit { steps.append("limit the downtime to \(limit.text)") }
        let control =
            switch request.control {
            case .peerToPeer: "peer to peer over \(destination.peerURI ?? destination.uri)"
            case .direct: "driven by this process"
            }
        let limit = request.bandwidth.map { ", at most \($0)" } ?? ""
        let manner =
            method.isLive
            ? "while \(guest.name) \(wasPaused ? "is paused" : "runs")" : "while \(guest.name) is stopped"
        steps.append("push memory \(manner)\(method.addition), \(control)\(limit)")
        steps.append(
            "stop it on \(source.name), push the rest, \(wasPaused ? "leave it paused" : "run it") on "
                + "\(destination.name)")
        if isPersistent {
            steps.append("define it on \(destination.name)")
            steps.append(
                request.keepDefinition
                    ? "keep the definition on \(source.name)" : "undefine it on \(source.name)")
        }
        steps.append("ask both hosts that it is on \(destination.name) alone")
        return steps
    }
}

/// How the memory is sent, as libvirt's parameters can say it.
package struct TransferMethod: Sendable, Hashable, Codable {
    /// Whether the guest runs meanwhile.
    package var isLive = true
    /// Connections of multifd; `nil` is one plain stream.
    package var connections: Int?
    package var slowsGuestDown = false
    /// The cache of XBZRLE; `nil` leaves it out.
    package var xbzrleCache: ByteCount?
    package var allowsPostCopy = false

    package init() {}

    /// The method of a strategy.
    package init(_ strategy: MoveStrategy, connections: Int, cache: ByteCount) {
        switch strategy {
        case .preCopy: break
        case .multifd: self.connections = connections
        case .autoConverge: slowsGuestDown = true
        case .xbzrle: xbzrleCache = cache
        case .postCopy, .postCopyFallback: allowsPostCopy = true
        case .stopAndCopy: isLive = false
        }
    }

    /// In the words of the field.
    package var strategy: MoveStrategy {
        if !isLive { return .stopAndCopy }
        if allowsPostCopy { return .postCopyFallback }
        if connections != nil { return .multifd }
        if slowsGuestDown { return .autoConverge }
        return xbzrleCache == nil ? .preCopy : .xbzrle
    }

    fileprivate var addition: String {
        var parts: [String] = []
        if let connections { parts.append("over \(connections) connections") }
        if slowsGuestDown { parts.append("slowing it down if it does not converge") }
        if let xbzrleCache { parts.append("with XBZRLE (cache \(xbzrleCache))") }
        if allowsPostCopy { parts.append("with post-copy in reserve") }
        return parts.isEmpty ? "" : " " + parts.joined(separator: ", ")
    }

    /// Why these hosts must not run this method; `nil` when they may.
    ///
    /// libvirt 9.0.0 accepts both of the first two. Post-copy with multifd: the destination QEMU 7.2 aborts on
    /// an assertion at the switch and the guest is lost on both hosts (tried); QEMU 10.1 is the first that
    /// Nova trusts with it. XBZRLE with multifd: QEMU sends whole pages and compresses nothing (tried).
    package func refusal(source: SoftwareVersion, destination: SoftwareVersion) -> String? {
        let older = min(source, destination)
        if allowsPostCopy, connections != nil, older < SoftwareVersion(10, 1, 0) {
            return "post-copy together with multifd loses the guest at the switch with QEMU \(older)"
        }
        if xbzrleCache != nil, connections != nil {
            return "XBZRLE together with multifd is accepted by libvirt and compresses nothing"
        }
        if allowsPostCopy { return "this version of apus cannot run post-copy yet" }
        if let connections, connections < 1 || connections > 255 {
            return "multifd takes 1 to 255 connections, not \(connections)"
        }
        return nil
    }
}
