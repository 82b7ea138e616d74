import FleetModel
import Policy

/// How a move shares its link with others.
///
/// Each engine looks at the journal and adjusts its own move alone: nobody has to be told of a move that begins or
/// ends, and a process that is killed is not counted from the next look on.
extension LiveMigration {
    /// Looks once a second who else is under way.
    nonisolated func watchOthers() async {
        while !Task.isCancelled {
            if let moves = try? await movesUnderWay() { send(moves) }
            try? await ports.clock.sleep(for: .seconds(1))
        }
    }

    private func movesUnderWay() throws(ApusError) -> [MoveUnderWay] { try book.movesUnderWay() }

    /// Refuses a move that is one too many for a host. Of two that were checked at the same time, the journal knows
    /// which began first.
    ///
    /// - Throws: `ApusError` with `slot-taken`.
    func claimPlace() throws(ApusError) {
        let before = try movesUnderWay().prefix { $0.reservation.move != id }.map(\.reservation)
        let arriving = before.filter { $0.destination == plan.destination.name }
        let leaving = before.filter { $0.source == plan.source.name }
        if arriving.count >= plan.destination.maxIncoming, !isLifted(.incomingLimit) {
            throw slotTaken(on: plan.destination.name, by: arriving, "max-incoming")
        }
        if leaving.count >= plan.source.maxOutgoing, !isLifted(.outgoingLimit) {
            throw slotTaken(on: plan.source.name, by: leaving, "max-outgoing")
        }
        try claimMemory(besides: arriving)
    }

    /// What was free when the plan was made may have been promised to others since.
    private func claimMemory(besides arriving: [Reservation]) throws(ApusError) {
        guard let room = plan.room, !isLifted(.memoryShort) else { return }
        let newcomers = arriving.filter { !room.counted.contains($0.move) }
        let promised = newcomers.reduce(0.0) { $0 + Double($1.memory.bytes) }
        guard promised > Double(room.left.bytes) else { return }
        let names = newcomers.map { "\($0.memory) to \($0.guest.name) (process \($0.owner.pid))" }
        throw ApusError(
            .slotTaken, operation,
            "\(plan.destination.name) has no memory left for it: it would have had \(room.left) left, and has promised "
                + "\(names.joined(separator: ", ")) meanwhile",
            hint: "apus check \(plan.guest) --to \(plan.destination.name) says what it has free now.")
    }

    private func slotTaken(on host: String, by others: [Reservation], _ limit: String) -> ApusError {
        ApusError(
            .slotTaken, operation, "\(host) takes part in as many moves as it may: \(names(others))",
            hint: "Wait for one of them with --wait, or raise \(limit) of \(host) in the inventory.")
    }

    private func isLifted(_ code: Finding.Code) -> Bool {
        plan.request.ignored.contains { $0.code == code }
    }

    private var operation: String {
        "move \(plan.guest) from \(plan.source.name) to \(plan.destination.name)"
    }

    private func names(_ others: [Reservation]) -> String {
        others.map { "\($0.guest.name) (process \($0.owner.pid))" }.joined(separator: ", ")
    }

    /// Holds the move to its share, where that has changed.
    func share(_ moves: [MoveUnderWay]) async {
        guard timeline.phase <= .preCopy || isPostCopy, abort == nil,
            let change = sharing.change(moves)
        else { return }
        do throws(ApusError) {
            let found = try await ports.bandwidth()
            if !sharing.isNoted {
                try book.note(
                    .bandwidth(guest: plan.guest.uuid, bandwidthBefore ?? found), on: plan.source,
                    number: plan.preparations.count + 1)
            }
            guard let decision = sharing.decision(for: change, found: found) else { return }
            tell(.decision(decision))
            try await ports.setBandwidth(decision.bandwidth)
        } catch {
            sharing.forget()
            tell(.remark("its share of the link could not be set: \(error.detail)"))
        }
    }
}

extension Decision {
    fileprivate var bandwidth: ByteRate? {
        guard case .setBandwidth(let limit) = step else { return nil }
        return limit
    }
}

/// What one move is held to for the sake of others.
struct Sharing: Sendable {
    private let id: String
    private let flow: FairShare.Flow
    /// What its user allows: `--bandwidth`, or what somebody set meanwhile.
    private var limit: ByteRate?
    /// What it was last held to; `nil` until somebody shares its link.
    private var held: Held?
    /// Whether the journal knows what has to be put back.
    private(set) var isNoted = false

    private struct Held: Equatable {
        let rate: ByteRate?
    }

    /// A share that differs from what the move is held to.
    struct Change {
        fileprivate let moves: [MoveUnderWay]
        fileprivate let others: [MoveUnderWay]
    }

    init(_ plan: MovePlan, id: String) {
        self.id = id
        limit = plan.request.bandwidth
        flow = FairShare.Flow(
            source: plan.source.name, destination: plan.destination.name, limit: plan.request.bandwidth)
    }

    /// Whether the share has changed.
    ///
    /// - Parameter moves: all that are under way, this one among them.
    /// - Returns: the change; `nil` where the move is held to its share already, or was alone all along.
    func change(_ moves: [MoveUnderWay]) -> Change? {
        let change = Change(moves: moves, others: moves.filter { $0.reservation.move != id })
        let share = share(change)
        guard let held else { return share == limit ? nil : change }
        return share == held.rate ? nil : change
    }

    /// What follows from a change.
    ///
    /// - Parameters:
    ///   - change: what `change(_:)` gave.
    ///   - found: what the move is held to now: another rate than it was last given is its user's wish.
    /// - Returns: the decision; `nil` where nothing is left to change.
    mutating func decision(for change: Change, found: ByteRate?) -> Decision? {
        isNoted = true
        if let held, held.rate != found { limit = found }
        let share = share(change)
        held = Held(rate: share)
        guard share != found else { return nil }
        let peers = change.others.filter {
            $0.reservation.source == flow.source || $0.reservation.destination == flow.destination
        }.map(\.reservation.guest.name).sorted()
        let link = change.rates[flow.source] ?? change.rates[flow.destination]
        let reason =
            peers.isEmpty
            ? "no other move shares its link any more"
            : "it shares the link\(link.map { " of \($0)" } ?? "") with \(peers.joined(separator: ", "))"
        return Decision(.setBandwidth(share), because: reason)
    }

    /// It is not known what the move is held to.
    mutating func forget() { held = nil }

    private func share(_ change: Change) -> ByteRate? {
        let own = FairShare.Flow(source: flow.source, destination: flow.destination, limit: limit)
        return FairShare(linkRates: change.rates).bandwidth(for: own, beside: change.others.map(\.flow))
    }
}

extension Sharing.Change {
    /// What each host's link carries: at least what the fastest of its pairs did.
    fileprivate var rates: [String: ByteRate] {
        moves.reduce(into: [:]) { rates, move in
            guard let link = move.link else { return }
            for host in [move.reservation.source, move.reservation.destination] {
                rates[host] = max(rates[host] ?? link, link)
            }
        }
    }
}

extension MoveUnderWay {
    fileprivate var flow: FairShare.Flow {
        FairShare.Flow(
            source: reservation.source, destination: reservation.destination, limit: bandwidth)
    }
}
