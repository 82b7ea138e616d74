package import FleetModel
import Libvirt

/// Ends a move that somebody, perhaps another process, has under way.
package struct MoveAborter: Sendable {
    private let finder: MoveFinder

    package init(hosts: [Host], connector: HostConnector = HostConnector()) {
        finder = MoveFinder(links: hosts.map { HostLink(host: $0, connector: connector) })
    }

    /// Aborts the guest's move and waits until its source has it back.
    ///
    /// - Returns: the guest on its source; `nil` when it is not being moved.
    /// - Throws: `ApusError` with `unknown-guest`, `abort-refused`, or `state-not-known` when the source
    ///   does not
    ///   have the guest back within 30 s.
    package func abort(_ guest: String, dryRun: Bool) async throws(ApusError) -> Guest? {
        guard let (found, link) = try await finder.moving(guest) else { return nil }
        guard !found.state.reason.hasPrefix("postcopy") else {
            throw ApusError(
                .abortRefused, "abort the move of \(found.identity)",
                "it has switched over: it runs on the destination, and part of its memory is still on \(found.host)",
                hint:
                    "Let it end: apus status --watch. Where its connection is broken: apus repair \(found.identity)."
            )
        }
        if dryRun { return found }
        let reference = DomainReference.uuid(found.identity.uuid)
        do throws(ApusError) {
            try await link.use { (connection) throws(LibvirtError) in
                try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                    try domain.abortJob()
                }
            }
        } catch {
            throw ApusError(
                .abortRefused, "abort the move of \(found.identity)", error.detail,
                hint:
                    "A move that has switched over cannot be taken back; apus status shows where it stands.",
                underlying: error)
        }
        let deadline = ContinuousClock.now.advanced(by: .seconds(30))
        while ContinuousClock.now < deadline {
            // A host that does not answer for a moment is asked again.
            if let answer = try? await link.guest(reference) {
                let isBack = answer.state.kind == .running || answer.state.kind == found.state.kind
                if answer.activity == nil, answer.state.isActive, isBack { return answer }
            }
            if let arrived = await running(reference, notOn: link) {
                throw ApusError(
                    .abortRefused, "abort the move of \(found.identity)",
                    "the abort came too late: it is \(arrived.state) on \(arrived.host)",
                    hint:
                        "Move it back if it should not be there: apus migrate \(found.identity) --to "
                        + "\(link.host.name)."
                )
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
        throw ApusError(
            .stateNotKnown, "abort the move of \(found.identity)",
            "\(link.host.name) took the abort but does not have \(found.identity) back after 30 s",
            hint: "Look at both hosts: virsh -c \(link.host.uri) domstate --reason \(found.identity).")
    }

    /// The guest on another host where it truly runs.
    private func running(_ reference: DomainReference, notOn source: HostLink) async -> Guest? {
        for link in finder.links where link !== source {
            if let guest = try? await link.guest(reference), guest.state.kind == .running,
                guest.activity == nil
            {
                return guest
            }
        }
        return nil
    }
}
