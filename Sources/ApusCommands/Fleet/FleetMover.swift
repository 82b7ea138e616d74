import FleetModel
import Journal
import LibvirtFleet
import Migration
import Policy
import Synchronization

/// Carries out many checked moves on the real hosts, and lets one be stopped.
final class FleetMover: Sendable {
    private let picture: FleetPicture
    private let inventory: Inventory
    private let journal: Journal
    private let options: MoveOptions
    private let board: FleetBoard
    /// Whether a guest goes to its destination or nowhere.
    private let isBound: Bool
    private let stops = Mutex(Stops())

    /// So long a move waits for slots that somebody else takes.
    private static let patience = Duration.seconds(600)

    private struct Stops {
        var signals = 0
        /// What ends the wait of each move that has not begun.
        var waits: [Int: @Sendable () -> Void] = [:]
        /// What ends each move under way early, by guest.
        var aborts: [Int: @Sendable () -> Void] = [:]
        var results: [Int: MoveResult] = [:]
    }

    init(
        _ picture: FleetPicture, _ inventory: Inventory, _ journal: Journal, _ options: MoveOptions,
        _ board: FleetBoard, isBound: Bool = false
    ) {
        self.picture = picture
        self.inventory = inventory
        self.journal = journal
        self.options = options
        self.board = board
        self.isBound = isBound
    }

    var isStopped: Bool { stops.withLock { $0.signals > 0 } }

    /// A signal: the first one begins nothing more, the second ends what is under way.
    func interrupt() {
        let (count, calls) = stops.withLock { stops in
            stops.signals += 1
            return (stops.signals, Array((stops.signals == 1 ? stops.waits : stops.aborts).values))
        }
        if count == 1 {
            board.say("no further move is begun; those under way are finished (once more ends them)")
        }
        for call in calls { call() }
    }

    /// Figures of a guest's last move that arrived.
    func result(of guest: Int) -> MoveResult? { stops.withLock { $0.results[guest] } }

    func run(_ moves: [FleetMove], arrived: @escaping @Sendable (FleetMove) -> Void) async -> FleetRun.Outcome
    {
        let ports = FleetRun.Ports(
            move: { move in
                let ending = await self.carryOut(move)
                if case .moved = ending { arrived(move) }
                return ending
            },
            elsewhere: { [isBound] fleet, guest, tried in
                isBound ? nil : FleetPlanner(fleet).elsewhere(guest, besides: tried)
            },
            retried: { move, error, wait in
                self.board.say(
                    "\(self.name(move.guest)): \(error.detail) [\(error.code.rawValue)]; tried again in "
                        + "\(wait.text), to \(self.picture.fleet.hosts[move.destination].name)")
            })
        return await FleetRun(ports: ports, isStopped: { self.isStopped }).run(picture.fleet, moves)
    }

    private func name(_ guest: Int) -> String { picture.guests[guest].identity.name }

    private func carryOut(_ move: FleetMove) async -> FleetRun.Ending {
        let guest = picture.guests[move.guest].identity
        let (source, destination) = (picture.hosts[move.source], picture.hosts[move.destination])
        let began = ContinuousClock.now
        board.began(guest.name, from: source.name, to: destination.name)
        do throws(ApusError) {
            guard let (plan, session) = try await planned(move, began) else {
                board.ended(guest.name, "is not to be moved any more: it is elsewhere, or does not run")
                return .gone
            }
            guard !isStopped else { throw interrupted(guest) }
            let result = try await MoveExecution(
                plan: plan, session: session, journal: journal, began: began,
                progress: { [board] in board.show(guest.name, $0) },
                abortable: { [self] abort in
                    let isLate = stops.withLock { stops in
                        stops.aborts[move.guest] = abort
                        return stops.signals > 1
                    }
                    if isLate { abort() }
                }
            ).run()
            stops.withLock { stops in
                stops.aborts[move.guest] = nil
                stops.results[move.guest] = result
            }
            let downtime = result.downtime.map { ", downtime \($0.duration.text)" } ?? ""
            board.ended(guest.name, "\(source.name) → \(destination.name) in \(result.total.text)\(downtime)")
            return .moved
        } catch {
            stops.withLock { $0.aborts[move.guest] = nil }
            guard error.code != .unknownGuest else {
                board.ended(guest.name, "is not there any more")
                return .gone
            }
            let findings = error.findings.filter(\.blocks).map { "\($0.detail) [\($0.code.rawValue)]" }
            board.ended(
                guest.name, "failed: " + (findings.first ?? "\(error.detail) [\(error.code.rawValue)]"))
            return .failed(error)
        }
    }

    /// Waits for the move's turn, and plans it; a signal ends that.
    ///
    /// - Returns: `nil` for a guest that is not to be moved any more.
    private func planned(
        _ move: FleetMove, _ began: ContinuousClock.Instant
    ) async throws(ApusError) -> (MovePlan, MoveSession)? {
        let guest = picture.guests[move.guest]
        let turn = MoveTurn(
            way: MoveWay(
                guest: guest.identity.uuid, source: picture.hosts[move.source],
                destination: picture.hosts[move.destination], saved: nil),
            journal: journal, patience: Patience(limit: Self.patience, since: began), isSampled: false,
            isDryRun: false,
            request: { [options, inventory] policy throws(ApusError) in
                try options.request(inventory, of: policy)
            })
        let task = Task { [inventory, journal] () async -> Result<MoveTurn.Next, ApusError> in
            do throws(ApusError) {
                try await LeftColdMove.takeOver(guest.identity.uuid, journal)
                return .success(try await turn.next(inventory))
            } catch { return .failure(error) }
        }
        let isLate = stops.withLock { stops in
            stops.waits[move.guest] = { task.cancel() }
            return stops.signals > 0
        }
        if isLate { task.cancel() }
        let next = await task.value
        stops.withLock { $0.waits[move.guest] = nil }
        // What a wait that was cut short says is not why.
        if isStopped { throw interrupted(guest.identity) }
        guard case .ready(let plan, let session) = try next.get() else { return nil }
        // One that was shut off meanwhile would go as files, with its disks: nobody asked for that.
        if guest.state.isActive, !session.guest.state.isActive { return nil }
        return (plan, session)
    }

    private func interrupted(_ guest: GuestIdentity) -> ApusError {
        ApusError(.interrupted, "move \(guest)", "interrupted before \(guest) was moved", hint: nil)
    }
}
