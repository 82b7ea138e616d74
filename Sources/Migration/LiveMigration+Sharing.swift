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
    func claimSlots() throws(ApusError) {
        let before = try movesUnderWay().prefix { $0.reservation.move != id }.map(\.reservation)
        let arriving = before.filter { $0.destination == plan.destination.name }
        let leaving = before.filter { $0.source == plan.source.name }
        func isLifted(_ code: Finding.Code) -> Bool { plan.request.ignored.contains { $0.code == code } }
        let isFull = arriving.count >= plan.destination.maxIncoming && !isLifted(.incomingLimit)
        let isBusy = leaving.count >= plan.source.maxOutgoing && !isLifted(.outgoingLimit)
        guard isFull || isBusy else { return }
        let (host, others) = isFull ? (plan.destination.name, arriving) : (plan.source.name, leaving)
        let names = others.map { "\($0.guest.name) (process \($0.owner.pid))" }.joined(separator: ", ")
        throw ApusError(
            .slotTaken, "move \(plan.guest) from \(plan.source.name) to \(plan.destination.name)",
            "\(host) takes part in as many moves as it may: \(names)",
            hint:
                "Wait for one of them with --wait, or raise \(isFull ? "max-incoming" : "max-outgoing") of \(host) in "
                + "the inventory.")
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
                    .bandwidth(guest: plan.guest.uuid, found), on: plan.source,
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
