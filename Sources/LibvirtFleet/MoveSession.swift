package import FleetModel
import Libvirt

/// The two hosts of one move, connected: reads the facts and then carries the plan out.
package struct MoveSession: Sendable {
    package let guest: Guest
    let source: HostLink
    let destination: HostLink
    /// The source's second connection: the migrate call holds it to the end.
    let worker: HostLink

    package var destinationName: String { destination.host.name }

    /// What was found when the hosts were asked for the guest.
    package enum Opening: Sendable {
        case ready(MoveSession)
        /// The guest is active on the destination, and on no other host.
        case alreadyThere(Guest)
    }

    /// Finds the guest and connects both hosts.
    ///
    /// - Parameters:
    ///   - guest: name or UUID; libvirt's id too, when `source` is given.
    ///   - source: the host to take it from; `nil` asks every host of the inventory.
    ///   - destination: the host to take it to.
    ///   - inventory: the hosts that are asked when `source` is not given.
    ///   - connector: opens the connections.
    /// - Returns: the connected hosts, or the guest when it is on the destination already.
    /// - Throws: `ApusError` with `unknown-guest`, `guest-ambiguous`, `host-unreachable`,
    ///   `permission-denied`.
    package static func open(
        guest: String, from source: Host?, to destination: Host, inventory: Inventory,
        connector: HostConnector = HostConnector()
    ) async throws(ApusError) -> Opening {
        let destinationLink = HostLink(host: destination, connector: connector)
        let others = source.map { [$0] } ?? inventory.hosts.filter { $0 != destination }
        let links = others.map { HostLink(host: $0, connector: connector) }
        async let destinationOpened = Result(awaiting: { () async throws(ApusError) in
            try await destinationLink.open()
        })
        // The destination is asked too: a guest that is there already needs no move.
        let located: (guest: Guest, link: HostLink)
        do {
            located = try await GuestLocator(
                guest: guest, links: source == nil ? links + [destinationLink] : links
            ).locate()
        } catch {
            guard source != nil, error.code == .unknownGuest,
                let there = try? await GuestLocator(guest: guest, links: [destinationLink]).locate().guest,
                there.state.isActive
            else { throw error }
            return try alreadyThere(there)
        }
        _ = try await destinationOpened.get()
        if located.link === destinationLink { return try alreadyThere(located.guest) }
        if !located.guest.state.isActive,
            let there = try await destinationLink.guest(.uuid(located.guest.identity.uuid)),
            there.state.isActive
        {
            return try alreadyThere(there)
        }
        return .ready(
            MoveSession(
                guest: located.guest, source: located.link, destination: destinationLink,
                worker: HostLink(host: located.link.host, connector: connector)))
    }

    /// Finds the guest and connects its host to itself, for moving its disks there.
    ///
    /// - Returns: a session whose destination is the source.
    /// - Throws: `ApusError` with `unknown-guest`, `guest-ambiguous`, `host-unreachable`,
    ///   `permission-denied`.
    package static func openHome(
        guest: String, on host: Host?, inventory: Inventory, connector: HostConnector = HostConnector()
    ) async throws(ApusError) -> MoveSession {
        let links = (host.map { [$0] } ?? inventory.hosts).map { HostLink(host: $0, connector: connector) }
        let located = try await GuestLocator(guest: guest, links: links).locate()
        let home = located.link.host
        return MoveSession(
            guest: located.guest, source: located.link,
            destination: HostLink(host: home, connector: connector),
            worker: HostLink(host: home, connector: connector))
    }

    /// Finds the guest and connects every other host of the inventory that it might go to.
    ///
    /// - Returns: the guest with its policy, and for each host its session, or why it could not be reached.
    /// - Throws: `ApusError` with `unknown-guest`, `guest-ambiguous`, `host-unreachable`,
    ///   `permission-denied`, `policy-invalid`.
    package static func openAll(
        guest: String, from source: Host?, inventory: Inventory, connector: HostConnector = HostConnector()
    ) async throws(ApusError) -> (
        guest: Guest, policy: GuestPolicy, sessions: [(host: Host, session: Result<MoveSession, ApusError>)]
    ) {
        let links = (source.map { [$0] } ?? inventory.hosts).map { HostLink(host: $0, connector: connector) }
        let located = try await GuestLocator(guest: guest, links: links).locate()
        let others = inventory.hosts.filter { $0 != located.link.host }
        let sessions = await withTaskGroup(of: (Int, Result<MoveSession, ApusError>).self) { group in
            for (number, host) in others.enumerated() {
                let destination = HostLink(host: host, connector: connector)
                let session = MoveSession(
                    guest: located.guest, source: located.link, destination: destination,
                    worker: HostLink(host: located.link.host, connector: connector))
                group.addTask {
                    let opened = await Result(awaiting: { () async throws(ApusError) in
                        try await destination.open()
                    })
                    return (number, opened.map { _ in session })
                }
            }
            var sessions: [(Int, Result<MoveSession, ApusError>)] = []
            for await session in group { sessions.append(session) }
            return sessions.sorted { $0.0 < $1.0 }.map { (host: others[$0.0], session: $0.1) }
        }
        return (located.guest, try await located.link.policy(of: located.guest), sessions)
    }

    /// A guest that is on the destination, unless it only stands there in the middle of a move.
    private static func alreadyThere(_ guest: Guest) throws(ApusError) -> Opening {
        let isArriving = guest.state.kind == .paused && guest.state.reason != "user"
        guard guest.activity != nil || isArriving else { return .alreadyThere(guest) }
        throw ApusError(
            .guestAmbiguous, "move \(guest.identity)",
            "\(guest.identity) is \(guest.state) on \(guest.host): it arrives there now, or a move was "
                + "left half-done",
            hint:
                "apus status shows a move under way. If there is none, ask every host that may have had "
                + "it before "
                + "resuming it: virsh domstate --reason \(guest.identity).")
    }

    /// What the guest says of its moves.
    ///
    /// - Throws: `ApusError` with `policy-invalid`, and what the source answers.
    package func policy() async throws(ApusError) -> GuestPolicy { try await source.policy(of: guest) }

    /// The ports that carry `plan` out between these two hosts.
    package func ports(for plan: MovePlan) -> LibvirtMove {
        LibvirtMove(plan: plan, source: source, destination: destination, worker: worker)
    }
}

extension Result where Success: Sendable, Failure == ApusError {
    init(awaiting work: @Sendable () async throws(ApusError) -> Success) async {
        do throws(ApusError) {
            self = .success(try await work())
        } catch {
            self = .failure(error)
        }
    }
}
