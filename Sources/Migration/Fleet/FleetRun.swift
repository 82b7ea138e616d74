package import FleetModel
import Policy

/// Carries out many moves: as many at a time as the hosts take, each in its turn, one that fails again elsewhere.
package struct FleetRun: Sendable {
    /// How a move ended.
    package enum Ending: Sendable {
        case moved
        /// Nothing of it is to be moved any more: somebody else did, or it runs no longer.
        case gone
        case failed(ApusError)
    }

    /// What is wanted of the caller, who knows the real hosts.
    package struct Ports: Sendable {
        /// Carries one move out, to its end.
        let move: @Sendable (FleetMove) async -> Ending
        /// Where a guest might go instead, with the others where they will be by then; `nil` for nowhere.
        let elsewhere: @Sendable (_ fleet: Fleet, _ guest: Int, _ tried: Set<Int>) async -> Int?
        /// Is told of a failure that is tried again, and when.
        let retried: @Sendable (FleetMove, ApusError, Duration) -> Void

        package init(
            move: @escaping @Sendable (FleetMove) async -> Ending,
            elsewhere: @escaping @Sendable (_ fleet: Fleet, _ guest: Int, _ tried: Set<Int>) async -> Int?,
            retried: @escaping @Sendable (FleetMove, ApusError, Duration) -> Void
        ) {
            self.move = move
            self.elsewhere = elsewhere
            self.retried = retried
        }
    }

    package struct Outcome: Sendable {
        /// As it is at the end.
        package var fleet: Fleet
        package var moved: [FleetMove] = []
        /// The last failure of each guest that was given up.
        package var failed: [(move: FleetMove, error: ApusError)] = []
        /// Moves that never began: there was no room, or the run was stopped.
        package var notBegun: [FleetMove] = []
    }

    /// So often a guest is tried, the first time included.
    package static let attempts = 3
    /// The wait before the second try; doubled before each further one.
    package static let firstWait = Duration.seconds(5)

    private enum Event: Sendable {
        case ended(FleetMove, Ending)
        case due(FleetMove)
    }

    private let ports: Ports
    /// Whether nothing more is to be begun.
    private let isStopped: @Sendable () -> Bool

    package init(ports: Ports, isStopped: @escaping @Sendable () -> Bool) {
        self.ports = ports
        self.isStopped = isStopped
    }

    package func run<C: Clock>(
        _ fleet: Fleet, _ moves: [FleetMove], clock: C = ContinuousClock()
    ) async -> Outcome where C.Duration == Duration {
        var state = State(outcome: Outcome(fleet: fleet), schedule: FleetSchedule(fleet, moves))
        return await withTaskGroup(of: Event.self) { group in
            while true {
                while !isStopped(), let move = state.schedule.next() {
                    group.addTask { .ended(move, await ports.move(move)) }
                }
                guard let event = await group.next() else { break }
                switch event {
                case .ended(let move, .moved): state.arrived(move)
                case .ended(let move, .gone): state.schedule.ended(move.guest, hasMoved: false)
                case .ended(let move, .failed(let error)):
                    guard let (again, wait) = await retry(of: move, after: error, &state) else {
                        state.outcome.failed.append((move, error))
                        continue
                    }
                    ports.retried(again, error, wait)
                    group.addTask {
                        try? await clock.sleep(for: wait)
                        return .due(again)
                    }
                case .due(let move):
                    if isStopped() { state.outcome.notBegun.append(move) } else { state.schedule.add(move) }
                }
            }
            state.outcome.notBegun += state.schedule.waiting
            return state.outcome
        }
    }

    private struct State {
        var outcome: Outcome
        var schedule: FleetSchedule
        /// Hosts on which each guest was tried.
        var tried: [Int: [Int]] = [:]

        mutating func arrived(_ move: FleetMove) {
            schedule.ended(move.guest, hasMoved: true)
            outcome.fleet.guests[move.guest].host = move.destination
            outcome.moved.append(move)
        }
    }

    /// The next try of a move that failed, and how long to wait for it.
    private func retry(
        of move: FleetMove, after error: ApusError, _ state: inout State
    ) async -> (FleetMove, Duration)? {
        state.schedule.ended(move.guest, hasMoved: false)
        state.tried[move.guest, default: []].append(move.destination)
        let tried = state.tried[move.guest] ?? []
        // Where it is not sure how many copies there are, nothing is tried again.
        guard tried.count < Self.attempts, error.isWorthAnotherTry, !isStopped() else { return nil }
        let other = await ports.elsewhere(state.schedule.expected, move.guest, Set(tried))
        guard let host = other ?? (error.mayPass ? move.destination : nil) else { return nil }
        return (
            FleetMove(guest: move.guest, from: move.source, to: host),
            Self.firstWait * (1 << (tried.count - 1))
        )
    }
}

extension ApusError {
    /// Whether the guest is unharmed where it was.
    fileprivate var isWorthAnotherTry: Bool {
        switch code {
        case .stateNotKnown, .postCopyBroken, .repairIncomplete, .interrupted, .migrationAborted,
            .unknownGuest,
            .guestAmbiguous, .policyInvalid, .usage, .sameHost, .unknownHost, .inventoryInvalid,
            .inventoryUnreadable, .journalDamaged, .journalNewer, .journalUnwritable:
            false
        default: true
        }
    }

    /// Whether the same move may succeed a little later.
    fileprivate var mayPass: Bool {
        switch code {
        case .connectionLost, .didNotConverge, .guestBusy, .hostUnreachable, .journalBusy, .libvirtFailed,
            .migrationFailed, .remoteShellFailed, .slotTaken, .timedOut, .transferFailed:
            true
        default: false
        }
    }
}
