package import FleetModel

/// What a move will do, decided before it begins.
package struct MovePlan: Sendable, Hashable {
    package let guest: GuestIdentity
    package let source: Host
    package let destination: Host
    package let request: MoveRequest
    /// The guest stands still now and is to stand still on the destination.
    package let wasPaused: Bool
    /// Whether the guest has a definition that goes along.
    package let isPersistent: Bool
    package let findings: [Finding]

    /// The plan for a move that nothing blocks.
    ///
    /// - Throws: `ApusError` with `blocked` (`same-host` for one machine under two names) and the findings,
    ///   when
    ///   one of them is a blocker.
    package init(facts: MoveFacts, request: MoveRequest, findings: [Finding]) throws(ApusError) {
        let blockers = findings.filter { $0.severity == .blocker }
        guard let first = blockers.first else {
            guest = facts.guest.identity
            source = facts.source.host
            destination = facts.destination.host
            self.request = request
            wasPaused = facts.guest.state.kind == .paused
            isPersistent = facts.guest.isPersistent
            self.findings = findings
            return
        }
        throw ApusError(
            first.code == .sameHostUUID ? .sameHost : .blocked,
            "move \(facts.guest.identity) from \(facts.source.host.name) to \(facts.destination.host.name)",
            blockers.map(\.detail).joined(separator: "; "), hint: blockers.count == 1 ? first.hint : nil,
            findings: findings)
    }

    /// In the words of the field.
    package var strategy: String { "pre-copy" }

    /// Where the destination listens for the memory stream; `nil` leaves it to libvirt.
    package var migrationURI: String? {
        destination.migrationAddress.map { $0.contains(":") ? "tcp:[\($0)]" : "tcp:\($0)" }
    }

    /// The steps, a line each, for `--dry-run`.
    package var steps: [String] {
        var steps: [String] = []
        if let limit = request.downtimeLimit { steps.append("limit the downtime to \(limit.text)") }
        let control =
            switch request.control {
            case .peerToPeer: "peer to peer over \(destination.peerURI ?? destination.uri)"
            case .direct: "driven by this process"
            }
        let limit = request.bandwidth.map { ", at most \($0)" } ?? ""
        steps.append(
            "push memory while \(guest.name) \(wasPaused ? "is paused" : "runs"), \(control)\(limit)")
        steps.append(
            "stop it on \(source.name), push the rest, \(wasPaused ? "leave it paused" : "run it") on "
                + "\(destination.name)"
        )
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
