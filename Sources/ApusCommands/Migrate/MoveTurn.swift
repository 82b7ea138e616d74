import FleetModel
import Journal
import LibvirtFleet
import Policy

/// From where to where a guest is to go.
struct MoveWay: Sendable {
    /// Its name or UUID.
    let guest: String
    /// `nil` asks every host of the inventory.
    let source: Host?
    let destination: Host
    /// What is to be carried out, where somebody made a plan before.
    let saved: MovePlan?
}

/// How long a move waits for others: `--wait`.
struct Patience: Sendable {
    let limit: Duration?
    let since: ContinuousClock.Instant

    /// What is left of it; `nil` where there is none, or none any more.
    var left: Duration? {
        limit.map { $0 - since.duration(to: .now) }.flatMap { $0 > .zero ? $0 : nil }
    }
}

/// A move's turn: waits, as far as its user is willing, until no other move is in the way, and plans it then.
struct MoveTurn: Sendable {
    let way: MoveWay
    let journal: Journal
    let patience: Patience
    /// Whether the guest's writes and the link are measured first.
    let isSampled: Bool
    /// Whether nothing will be moved: then a guest that another move holds may be looked at all the same.
    let isDryRun: Bool
    /// What the user wants, once the guest's policy is known.
    let request: @Sendable (_ policy: GuestPolicy) throws(ApusError) -> MoveRequest

    enum Next: Sendable {
        /// The guest is on the destination, perhaps since a moment ago.
        case alreadyThere(Guest)
        case ready(MovePlan, MoveSession)
    }

    /// Looks where the guest is, and plans its move.
    ///
    /// Whose turn it is, is not settled by this: only the move's own beginning does that.
    ///
    /// - Throws: `ApusError` with `blocked` and all findings, `guest-busy`, and what `MoveSession.open` throws.
    func next(_ inventory: Inventory) async throws(ApusError) -> Next {
        while true {
            if let left = patience.left {
                // In the middle of another move it is nowhere, or twice.
                try await journal.waitUntilFree(guest: way.guest, limit: left)
            }
            let last = try lastMove()
            do throws(ApusError) {
                if let next = try await look(inventory) { return next }
            } catch {
                // Another that waited was quicker, and what was seen is of the middle of its move.
                guard patience.left != nil, try lastMove() != last, !Task.isCancelled else { throw error }
            }
        }
    }

    private func lastMove() throws(ApusError) -> String? {
        try journal.moves(guest: way.guest, limit: 1).first?.id
    }

    /// - Returns: `nil` when another move held the guest and has ended: then the hosts are to be asked anew.
    private func look(_ inventory: Inventory) async throws(ApusError) -> Next? {
        switch try await MoveSession.open(
            guest: way.guest, from: way.source, to: way.destination, inventory: inventory)
        {
        case .alreadyThere(let guest):
            return .alreadyThere(guest)
        case .ready(let session):
            let guest = session.guest
            // Its holder knows more of it than the hosts do.
            if !isDryRun,
                try await journal.waitUntilFree(
                    guest: guest.identity.uuid, limit: patience.left ?? .zero)
            {
                return nil
            }
            return .ready(try await plan(session, inventory), session)
        }
    }

    /// Plans as soon as both hosts may take part in one more move.
    private func plan(_ session: MoveSession, _ inventory: Inventory) async throws(ApusError) -> MovePlan {
        let source = try inventory.host(named: session.guest.host)
        let policy = inventory.policy(of: session.guest.identity, own: try await session.policy())
        let wanted = if let saved = way.saved { saved.request } else { try request(policy) }
        let inquiry = Inquiry(journal: journal, request: wanted, policy: policy, inventory: inventory)
        while true {
            if let left = patience.left {
                try await journal.waitForRoom(from: source, to: way.destination, limit: left)
            }
            do throws(ApusError) {
                guard let saved = way.saved else {
                    return try await inquiry.plan(session, isSampled ? .all : .nothing)
                }
                let facts = try await inquiry.facts(of: session)
                return try saved.renewed(on: facts, findings: inquiry.findings(facts))
            } catch {
                // Somebody was quicker, or a move that is not in the journal has the place: it is looked at anew.
                guard error.isForLackOfRoom, patience.left != nil, !Task.isCancelled else { throw error }
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
    }
}

extension ApusError {
    /// Whether nothing is in the way but that a host takes part in as many moves as it may.
    fileprivate var isForLackOfRoom: Bool {
        let blockers = findings.filter(\.blocks)
        return !blockers.isEmpty
            && blockers.allSatisfy { [.incomingLimit, .outgoingLimit].contains($0.code) }
    }
}
