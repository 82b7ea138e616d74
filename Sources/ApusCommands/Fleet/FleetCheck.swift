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

    /// - Parameters:
    ///   - hosts: those that are to be emptied, by place.
    ///   - picture: the fleet as it is.
    /// - Returns: moves that were checked one by one, and guests for which there is none.
    /// - Throws: the journal's codes, and `interrupted`.
    func answer(emptying hosts: Set<Int>, in picture: FleetPicture) async throws(ApusError) -> Answer {
        var picture = picture
        let everywhere = Set(picture.hosts.indices).subtracting(hosts)
        let leaving = picture.fleet.guests.indices.filter { hosts.contains(picture.fleet.guests[$0].host) }
        for guest in leaving {
            picture.fleet.guests[guest].possibleHosts =
                (picture.fleet.guests[guest].possibleHosts ?? everywhere).intersection(everywhere)
        }
        var refused: [Int: [(code: String, reason: String)]] = [:]
        var checked: Set<FleetMove> = []
        while true {
            let outcome = FleetPlanner(picture.fleet).outcome(.empty(hosts))
            let moves = outcome.moves(in: picture.fleet)
            let refusals = try await check(moves.filter { !checked.contains($0) }, picture)
            checked.formUnion(moves)
            guard !refusals.isEmpty else {
                return Answer(
                    picture: picture, moves: moves,
                    blocked: leaving.filter { picture.fleet.guests[$0].host == outcome.hosts[$0] }
                        .map { blocked($0, refused[$0] ?? [], picture) })
            }
            for (move, error) in refusals {
                picture.fleet.guests[move.guest].possibleHosts =
                    (picture.fleet.guests[move.guest].possibleHosts ?? everywhere).subtracting([
                        move.destination
                    ])
                refused[move.guest, default: []] += reasons(
                    error, on: picture.fleet.hosts[move.destination].name)
            }
        }
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
                if let next = rest.popFirst() { begin(next) }
            }
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
        let policy = picture.fleet.guests[move.guest].policy
        let inquiry = Inquiry(
            journal: journal, request: try options.request(inventory, of: policy), policy: policy)
        // Slots are the schedule's business.
        let verdict = try await inquiry.verdict(session, .nothing)
        let findings = verdict.findings.filter {
            $0.blocks && ![.incomingLimit, .outgoingLimit].contains($0.code)
        }
        guard findings.isEmpty else {
            throw ApusError(
                .blocked, "move \(guest.identity)", "\(guest.identity) cannot go there", hint: nil,
                findings: findings)
        }
    }

    /// A guest that its one destination refuses.
    func blocked(_ move: FleetMove, _ error: ApusError, _ picture: FleetPicture) -> Blocked {
        blocked(move.guest, reasons(error, on: picture.fleet.hosts[move.destination].name), picture)
    }

    private func reasons(_ error: ApusError, on host: String) -> [(code: String, reason: String)] {
        error.findings.isEmpty
            ? [(error.code.rawValue, "\(host): \(error.detail)")]
            : error.findings.map { ($0.code.rawValue, "\(host): \($0.detail)") }
    }

    private func blocked(
        _ guest: Int, _ refused: [(code: String, reason: String)], _ picture: FleetPicture
    ) -> Blocked {
        if let error = picture.unreadable[guest] {
            return Blocked(guest: guest, code: error.code.rawValue, reasons: [error.detail])
        }
        let name = picture.guests[guest].identity
        if picture.fleet.guests[guest].policy.neverMoves == true {
            return Blocked(
                guest: guest, code: Finding.Code.neverMove.rawValue,
                reasons: ["the policy of \(name) says that it stays where it is"])
        }
        let planned = Refusal.all(guest, in: picture.fleet)
            .filter { $0.reason != "was refused by a check" }.map { "\($0.host) \($0.reason)" }
        let reasons = refused.map(\.reason) + planned
        return Blocked(
            guest: guest, code: refused.first?.code ?? "no-destination",
            reasons: reasons.isEmpty ? ["there is no other host"] : reasons)
    }
}

extension ApusError {
    /// Whether it says nothing about any guest or host.
    var isAboutThisMachine: Bool {
        switch code {
        case .journalBusy, .journalDamaged, .journalNewer, .journalUnwritable, .usage, .interrupted: true
        default: false
        }
    }
}
