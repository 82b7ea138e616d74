package import FleetModel

/// Whether a plan, wherever it is from, may be run.
extension MovePlan {
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
        try Planner.refuseBlocked(findings, facts, request)
        guard cold == nil else {
            return try Planner(facts: facts, request: request, findings: findings, forecast: nil).plan()
        }
        // How the guest's clock goes, and what its host keeps for it, may have changed since.
        let care = Aftercare(facts)
        var renewed = MovePlan(
            guest: facts.guest.identity, source: facts.source.host,
            destination: facts.destination.host, request: request, wasPaused: wasPaused,
            isPersistent: facts.guest.isPersistent, wasDefinedThere: facts.sameUUID != nil, method: method,
            vouchesForStorage: vouchesForStorage,
            memory: memory, disks: disks, preparations: preparations,
            conclusions: care.conclusions + conclusions.filter { !$0.isAftercare } + care.watch,
            choices: choices, rejected: rejected, findings: findings,
            sourceQEMU: facts.source.hypervisorVersion, destinationQEMU: facts.destination.hypervisorVersion,
            basis: basis, forecast: forecast)
        renewed.room = Preflight.room(facts)
        renewed.relay = relay
        if let refusal = renewed.refusal { throw refusal }
        return renewed
    }
}

extension TransferMethod {
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
        if let connections, connections < 1 || connections > 255 {
            return "multifd takes 1 to 255 connections, not \(connections)"
        }
        return nil
    }
}
