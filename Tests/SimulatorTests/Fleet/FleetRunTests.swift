import FleetModel
import Migration
import Synchronization
import Testing

/// A clock on which waiting takes no time.
private struct HastyClock: Clock {
    var now: ContinuousClock.Instant { .now }
    var minimumResolution: Duration { .nanoseconds(1) }
    func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {}
}

@Suite("Many moves")
struct FleetRunTests {
    /// What the moves met with, and how many were under way at a time.
    private final class Log: Sendable {
        struct Entry: Equatable {
            let guest: Int
            let destination: Int
        }
        private struct State {
            var entries: [Entry] = []
            var underWay = 0
            var most = 0
        }
        private let state = Mutex(State())

        var entries: [Entry] { state.withLock { $0.entries } }
        var most: Int { state.withLock { $0.most } }

        func begin(_ move: FleetMove) {
            state.withLock { state in
                state.entries.append(Entry(guest: move.guest, destination: move.destination))
                state.underWay += 1
                state.most = max(state.most, state.underWay)
            }
        }

        func end() { state.withLock { $0.underWay -= 1 } }
    }

    private static let fleet = Fleet(
        hosts: (0..<3).map { FleetHost(name: "host\($0)", memory: ByteCount(64 << 30), processors: 8) },
        guests: (0..<6).map {
            FleetGuest(
                GuestIdentity(name: "guest\($0)", uuid: "\($0)"), on: 0, memory: ByteCount(4 << 30))
        })

    private static let moves = (0..<6).map { FleetMove(guest: $0, from: 0, to: 1) }

    private static func error(_ code: ApusError.Code) -> ApusError {
        ApusError(code, "move", "it failed", hint: nil)
    }

    private func run(
        _ log: Log, elsewhere: Int? = 2, stopped: @escaping @Sendable () -> Bool = { false },
        _ fate: @escaping @Sendable (FleetMove) -> FleetRun.Ending
    ) async -> FleetRun.Outcome {
        let ports = FleetRun.Ports(
            move: { move in
                log.begin(move)
                await Task.yield()
                log.end()
                return fate(move)
            },
            elsewhere: { _, _, tried in elsewhere.flatMap { tried.contains($0) ? nil : $0 } },
            retried: { _, _, _ in })
        return await FleetRun(ports: ports, isStopped: stopped).run(
            Self.fleet, Self.moves, clock: HastyClock())
    }

    @Test("as many at a time as the slots allow, all of them at the end")
    func slots() async {
        let log = Log()
        let outcome = await run(log) { _ in .moved }
        #expect(outcome.moved.count == 6)
        #expect(log.most <= 2)
        #expect(outcome.fleet.guests.allSatisfy { $0.host == 1 })
    }

    @Test("one that fails goes elsewhere")
    func elsewhere() async {
        let log = Log()
        let outcome = await run(log) { move in
            move.guest == 3 && move.destination == 1 ? .failed(Self.error(.blocked)) : .moved
        }
        #expect(outcome.failed.isEmpty)
        #expect(outcome.moved.count == 6)
        #expect(outcome.fleet.guests[3].host == 2)
    }

    @Test("what may pass is tried three times in all, what cannot only once")
    func attempts() async {
        let passing = Log()
        let lost = await run(passing, elsewhere: nil) { move in
            move.guest == 3 ? .failed(Self.error(.connectionLost)) : .moved
        }
        #expect(passing.entries.count { $0.guest == 3 } == FleetRun.attempts)
        #expect(lost.failed.map(\.move.guest) == [3])
        #expect(lost.moved.count == 5)
        let blocked = Log()
        _ = await run(blocked, elsewhere: nil) { move in
            move.guest == 3 ? .failed(Self.error(.blocked)) : .moved
        }
        #expect(blocked.entries.count { $0.guest == 3 } == 1)
    }

    @Test("where it is not sure how many copies there are, nothing is tried again")
    func needsPerson() async {
        let log = Log()
        let outcome = await run(log) { move in
            move.guest == 3 ? .failed(Self.error(.stateNotKnown)) : .moved
        }
        #expect(log.entries.count { $0.guest == 3 } == 1)
        #expect(outcome.failed.map(\.error.code) == [.stateNotKnown])
    }

    @Test("once it is stopped nothing more is begun, and what was under way counts")
    func stopped() async {
        let log = Log()
        let outcome = await run(log, stopped: { log.entries.count >= 3 }) { _ in .moved }
        #expect(log.entries.count >= 3 && log.entries.count <= 4)
        #expect(outcome.moved.count == log.entries.count)
        #expect(outcome.notBegun.count == 6 - log.entries.count)
    }
}
