import FleetModel
import Journal
import LibvirtFleet
import Migration
import Policy
import Synchronization

/// Carries out many checked moves on the real hosts, and lets one be stopped.
final class FleetMover: Sendable {
    struct Ended: Sendable {
        let move: FleetMove
        let result: MoveResult?
    }

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
        let (count, aborts) = stops.withLock { stops in
            stops.signals += 1
            return (stops.signals, Array(stops.aborts.values))
        }
        if count == 1 {
            board.say("no further move is begun; those under way are finished (once more ends them)")
        } else {
            for abort in aborts { abort() }
        }
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
                isBound ? nil : Self.elsewhere(fleet, guest, tried)
            },
            retried: { move, error, wait in
                self.board.say(
                    "\(self.name(move.guest)): \(error.detail) [\(error.code.rawValue)]; tried again in "
                        + "\(wait.text), to \(self.picture.fleet.hosts[move.destination].name)")
            })
        return await FleetRun(ports: ports, isStopped: { self.isStopped }).run(picture.fleet, moves)
    }

    private func name(_ guest: Int) -> String { picture.guests[guest].identity.name }

    /// Another host, with everything else staying where it is by now.
    private static func elsewhere(_ fleet: Fleet, _ guest: Int, _ tried: Set<Int>) -> Int? {
        var rest = fleet
        let home = fleet.guests[guest].host
        rest.guests[guest].possibleHosts =
            (fleet.guests[guest].possibleHosts ?? Set(fleet.hosts.indices)).subtracting(tried)
            .subtracting([home])
        for other in rest.guests.indices where other != guest { rest.guests[other].policy.neverMoves = true }
        let host = FleetPlanner(rest).outcome(.empty([home])).hosts[guest]
        return host == home ? nil : host
    }

    private func carryOut(_ move: FleetMove) async -> FleetRun.Ending {
        let guest = picture.guests[move.guest].identity
        let (source, destination) = (picture.hosts[move.source], picture.hosts[move.destination])
        let began = ContinuousClock.now
        board.began(guest.name, from: source.name, to: destination.name)
        do throws(ApusError) {
            let turn = MoveTurn(
                way: MoveWay(guest: guest.uuid, source: source, destination: destination, saved: nil),
                journal: journal, patience: Patience(limit: Self.patience, since: began), isSampled: false,
                isDryRun: false,
                request: { [options, inventory] policy throws(ApusError) in
                    try options.request(inventory, of: policy)
                })
            guard case .ready(let plan, let session) = try await turn.next(inventory) else {
                board.ended(guest.name, "already there")
                return .moved
            }
            let result = try await MoveExecution(
                plan: plan, session: session, journal: journal, began: began,
                progress: { [board] in board.show(guest.name, $0) },
                abortable: { [self] abort in
                    stops.withLock { $0.aborts[move.guest] = abort }
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
            let findings = error.findings.filter(\.blocks).map { "\($0.detail) [\($0.code.rawValue)]" }
            board.ended(
                guest.name,
                "failed: " + (findings.first ?? "\(error.detail) [\(error.code.rawValue)]"))
            return .failed(error)
        }
    }
}
