import FleetModel
import Journal
import LibvirtFleet
import Policy

/// Chooses destinations for guests that have to move, together, and checks each of them before anything moves.
struct FleetCheck: Sendable {
    /// What came of it.
    struct Answer: Sendable {
        /// With the hosts that checks ruled out.
        let picture: FleetPicture
        let moves: [FleetMove]
        let blocked: [Blocked]
    }

    /// A guest that cannot go, and every reason that was found.
    struct Blocked: Sendable {
        let guest: Int
        /// Stable, for programs.
        let code: String
        let reasons: [String]
    }

    let inventory: Inventory
    let journal: Journal
    let options: MoveOptions

    /// So many guests are checked at a time.
    private static let width = 4
    /// So often a plan is made anew after checks said no.
    private static let turns = 6

    /// Chooses and checks destinations for all guests of some hosts.
    ///
    /// - Parameters:
    ///   - hosts: those that are to be emptied, by place.
    ///   - picture: the fleet as it is.
    /// - Returns: moves that were checked one by one, and guests for which there is none.
    /// - Throws: the journal's codes, and `interrupted`.
    func answer(emptying hosts: Set<Int>, in picture: FleetPicture) async throws(ApusError) -> Answer {
        var picture = picture
        lift(&picture)
        let everywhere = Set(picture.hosts.indices).subtracting(hosts)
        var leaving = picture.fleet.guests.indices.filter { hosts.contains(picture.fleet.guests[$0].host) }
        for guest in leaving { picture.restrict(guest, to: everywhere) }
        var refused: [Int: [(code: String, reason: String)]] = [:]
        var checked: Set<FleetMove> = []
        while true {
            let outcome = FleetPlanner(picture.fleet).outcome(.empty(hosts))
            let moves = outcome.moves(in: picture.fleet)
            let refusals = try await check(moves.filter { !checked.contains($0) }, picture)
            checked.formUnion(moves)
            guard !refusals.isEmpty else {
                var after = picture
                for guest in after.fleet.guests.indices {
                    after.fleet.guests[guest].host = outcome.hosts[guest]
                }
                let staying = leaving.filter { hosts.contains(outcome.hosts[$0]) }
                let stuck = FleetSchedule.sequence(moves, in: picture.fleet).stuck
                return Answer(
                    picture: picture,
                    moves: moves.filter { move in !stuck.contains { $0.guest == move.guest } },
                    blocked: staying.map { blocked($0, refused[$0] ?? [], after) }
                        + stuck.filter { hosts.contains(picture.fleet.guests[$0.guest].host) }
                        .map { blocked($0, after) })
            }
            for (move, error) in refusals {
                if error.code == .unknownGuest {
                    // It has gone since: nothing of it is to be moved.
                    leaving.removeAll { $0 == move.guest }
                    picture.fleet.guests[move.guest].policy.neverMoves = true
                } else if error.isAbout(picture.guests[move.guest], on: picture.hosts[move.source]) {
                    // Every other host would hear the same.
                    picture.restrict(move.guest, to: [])
                    refused[move.guest] = reasons(error, on: nil)
                } else {
                    picture.restrict(move.guest, to: everywhere.subtracting([move.destination]))
                    refused[move.guest, default: []] += reasons(
                        error, on: picture.fleet.hosts[move.destination].name)
                }
            }
        }
    }

    /// What the user lifts by `--ignore` is no rule for the planner either.
    private func lift(_ picture: inout FleetPicture) {
        for guest in picture.fleet.guests.indices where picture.unreadable[guest] == nil {
            let name = picture.guests[guest].identity.name
            for ignored in options.ignore where ignored.subject == nil || ignored.subject == name {
                if ignored.code == .neverMove { picture.fleet.guests[guest].policy.neverMoves = nil }
                if ignored.code == .hostNotAllowed { picture.fleet.guests[guest].policy.allowedHosts = nil }
            }
        }
    }

    /// Plans and checks in turn, until the checks agree with the plan.
    ///
    /// - Parameters:
    ///   - picture: the fleet as it is; what checks rule out is ruled out in it.
    ///   - plan: moves for a picture.
    /// - Returns: the last plan's moves, but for those that a check still refuses after so many turns.
    /// - Throws: the journal's codes, and `interrupted`.
    func agreed(
        _ picture: inout FleetPicture, plan: (FleetPicture) -> [FleetMove]
    ) async throws(ApusError) -> [FleetMove] {
        var moves: [FleetMove] = []
        var checked: Set<FleetMove> = []
        for _ in 0..<Self.turns {
            moves = plan(picture)
            let refusals = try await check(moves.filter { !checked.contains($0) }, picture)
            checked.formUnion(moves)
            guard !refusals.isEmpty else { return moves }
            for (move, error) in refusals {
                let guest = picture.fleet.guests[move.guest]
                let all = guest.possibleHosts ?? Set(picture.hosts.indices)
                let stays = error.isAbout(picture.guests[move.guest], on: picture.hosts[move.source])
                picture.restrict(move.guest, to: stays ? [guest.host] : all.subtracting([move.destination]))
                moves.removeAll { $0 == move }
            }
        }
        return moves
    }

    /// What stands against each of these moves; those that nothing stands against are not in it.
    func check(
        _ moves: [FleetMove], _ picture: FleetPicture
    ) async throws(ApusError) -> [(FleetMove, ApusError)] {
        var refusals: [(FleetMove, ApusError)] = []
        var rest = moves[...]
        await withTaskGroup(of: (FleetMove, ApusError?).self) { group in
            func begin(_ move: FleetMove) {
                group.addTask {
                    do throws(ApusError) {
                        try await check(move, picture)
                        return (move, nil)
                    } catch { return (move, error) }
                }
            }
            for _ in 0..<Self.width { if let move = rest.popFirst() { begin(move) } }
            for await (move, error) in group {
                if let error { refusals.append((move, error)) }
                if !Task.isCancelled, let next = rest.popFirst() { begin(next) }
            }
        }
        if Task.isCancelled {
            throw ApusError(.interrupted, "check", "interrupted; nothing was attempted", hint: nil)
        }
        // Not a word about the host: it would be the same for each.
        if let fatal = refusals.first(where: { $0.1.isAboutThisMachine }) { throw fatal.1 }
        return refusals.sorted { $0.0.guest < $1.0.guest }
    }

    private func check(_ move: FleetMove, _ picture: FleetPicture) async throws(ApusError) {
        let guest = picture.guests[move.guest]
        let opening = try await MoveSession.open(
            guest: guest.identity.uuid, from: picture.hosts[move.source],
            to: picture.hosts[move.destination], inventory: inventory)
        guard case .ready(let session) = opening else { return }
        let left = try LeftColdMove.of(guest.identity.uuid, journal)
        if left.isEmpty { _ = try await journal.waitUntilFree(guest: guest.identity.uuid, limit: .zero) }
        let policy = picture.fleet.guests[move.guest].policy
        var request = try options.request(inventory, of: policy)
        // Several at a time would measure each other's link; each move looks at its own when its turn comes.
        if request.relaying == .auto { request.relaying = .never }
        let inquiry = Inquiry(journal: journal, request: request, policy: policy, inventory: inventory)
        let verdict = try await inquiry.verdict(session, .nothing)
        // Slots, and who is there when, are the schedule's business.
        let findings = verdict.findings.filter {
            $0.blocks && ![.incomingLimit, .outgoingLimit, .antiAffinity].contains($0.code)
        }
        guard findings.isEmpty else {
            throw ApusError(
                .blocked, "move \(guest.identity)", "\(guest.identity) cannot go there", hint: nil,
                findings: findings)
        }
    }
}

extension FleetPicture {
    /// Of the hosts that a guest may be on, only these are left.
    mutating func restrict(_ guest: Int, to hosts: Set<Int>) {
        fleet.guests[guest].possibleHosts = fleet.guests[guest].possibleHosts?.intersection(hosts) ?? hosts
    }
}

extension ApusError {
    /// Whether it says nothing about any guest or host.
    fileprivate var isAboutThisMachine: Bool {
        switch code {
        case .journalBusy, .journalDamaged, .journalNewer, .journalUnwritable, .interrupted: true
        default: false
        }
    }

    /// Whether it would be the same with any other destination.
    fileprivate func isAbout(_ guest: Guest, on source: Host) -> Bool {
        switch code {
        case .guestBusy, .guestAmbiguous, .guestUnreadable, .policyInvalid, .usage: true
        case .blocked: findings.contains { $0.blocks && $0.host == source.name }
        default: false
        }
    }
}
