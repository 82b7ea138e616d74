import FleetModel
import GRDB
import Migration
import Synchronization
import Testing

@testable import Journal

@Suite("Who holds a guest", .timeLimit(.minutes(1)))
struct ReservationTests {
    private let place: Place
    private let journal: Journal

    init() throws {
        place = try Place()
        journal = try place.open()
    }

    /// Begins a move of web01, held by that process.
    @discardableResult
    private func begin(
        _ id: String, guest: String = "web01", owner: ProcessMark = Journal.currentProcess()
    ) throws(ApusError) -> MoveRecord {
        let move = MoveRecord.sample(id, guest: guest)
        try journal.begin(move, .sample(move, owner: owner))
        return move
    }

    private func refusal(_ id: String, guest: String = "web01") -> ApusError? {
        #expect(throws: ApusError.self) { try begin(id, guest: guest) }
    }

    private func undo(_ id: String, of move: String, owner: ProcessMark = .gone) -> UndoRecord {
        UndoRecord(
            id: id, run: move, purpose: .move, host: "beta", uri: "x",
            trace: .volume(pool: "p", path: "/\(id)"),
            owner: owner)
    }

    // MARK: Beginning and ending

    @Test("whoever comes second is told who was first, since when, and what to do; nothing is stored")
    func busy() throws {
        let child = try Child()
        defer { child.reap() }
        defer { child.kill() }
        try begin("a1b2c3d4e5f60718", owner: try #require(ProcessMark.of(child.pid)))
        let error = refusal("b1")
        #expect(error?.code == .guestBusy)
        #expect(error?.operation == "note the move of web01 in the journal")
        #expect(
            error?.detail == "web01 is being moved from alpha to beta by process \(child.pid) "
                + "since 2023-11-14 22:13:20 UTC (a1b2c3d4)")
        #expect(error?.hint == "Wait for it with --wait, or watch it with apus status --watch.")
        #expect(try journal.moves(guest: nil, limit: 9).map(\.id) == ["a1b2c3d4e5f60718"])
        try begin("b2", guest: "db")
    }

    @Test("moves of live processes are listed as they were begun, with their limits and the links' speeds")
    func underWay() throws {
        try begin("a1", guest: "web01", owner: .gone)
        let limited = MoveRecord.sample(
            "a2", guest: "web02", plan: #"{"request":{"bandwidth":8388608},"x":1}"#)
        try journal.begin(limited, .sample(limited, owner: Journal.currentProcess()))
        try begin("a3", guest: "web03")
        for (rate, measured) in [(100, 2.0), (300, 3), (200, 1)] {
            try journal.note(
                link: LinkRecord(
                    source: "alpha", destination: "beta", rate: ByteRate(bytesPerSecond: UInt64(rate)),
                    method: .probe, measured: measured))
        }
        let moves = try journal.movesUnderWay()
        #expect(moves.map(\.reservation.move) == ["a2", "a3"])
        #expect(moves.map(\.bandwidth) == [ByteRate(bytesPerSecond: 8_388_608), nil])
        #expect(moves.map(\.link) == [ByteRate(bytesPerSecond: 300), ByteRate(bytesPerSecond: 300)])
    }

    @Test("room is waited for until a move ends, and not beyond the limit")
    func room() async throws {
        let (alpha, beta) = (
            Host(name: "alpha", uri: "x", maxOutgoing: 1), Host(name: "beta", uri: "y", maxIncoming: 1)
        )
        try begin("a1")
        let began = ContinuousClock.now
        try await journal.waitForRoom(from: alpha, to: beta, limit: .milliseconds(300))
        #expect(began.duration(to: .now) >= .milliseconds(300))
        async let waited: Void = journal.waitForRoom(from: alpha, to: beta, limit: .seconds(30))
        try journal.finish(id: "a1", outcome: .moved, code: nil, actual: nil)
        try await waited
        #expect(began.duration(to: .now) < .seconds(20))
    }

    @Test("a guest whose mover was killed is left to apus repair")
    func killed() throws {
        let child = try Child()
        try begin("a1", owner: try #require(ProcessMark.of(child.pid)))
        child.kill()
        let error = refusal("b1")
        child.reap()
        #expect(error?.code == .guestBusy)
        #expect(error?.detail.hasSuffix("(a1) was left unfinished: process \(child.pid) is gone") == true)
        #expect(error?.hint == "apus repair web01 finishes or undoes it; then try again.")
    }

    @Test("a guest that ended nobody knows where is left to apus repair, though its mover lives")
    func notKnown() throws {
        try begin("a1")
        try journal.finish(id: "a1", outcome: .notKnown, code: "state-not-known", actual: nil)
        let error = refusal("b1")
        #expect(error?.code == .guestBusy)
        #expect(error?.detail.hasSuffix("(a1) ended without it being known where web01 is") == true)
        #expect(error?.hint?.hasPrefix("apus repair web01 ") == true)
        try journal.adopt("a1", by: Journal.currentProcess())
        try journal.finish(id: "a1", outcome: .failed, code: nil, actual: nil)
        try begin("b1")
    }

    @Test(
        "every end that is known gives the guest back",
        arguments: [MoveRecord.Outcome.moved, .failed, .aborted])
    func ends(outcome: MoveRecord.Outcome) throws {
        try begin("a1")
        try journal.finish(id: "a1", outcome: outcome, code: nil, actual: nil)
        #expect(try journal.reservations(on: "beta").isEmpty)
        #expect(try journal.unfinished().isEmpty)
        try begin("b1")
    }

    @Test("the same guest under another name is the same guest, another guest of that name is not")
    func identity() throws {
        try begin("a1")
        let renamed = MoveRecord.sample("b1", guest: "renamed")
        #expect(throws: ApusError.self) {
            try journal.begin(renamed, .sample(renamed, guest: "uuid-of-web01"))
        }
        let other = MoveRecord.sample("b2")
        try journal.begin(other, .sample(other, guest: "another UUID"))
    }

    @Test("what is reserved on a host is told as long as it is, with all that was said")
    func reservations() throws {
        let (first, second) = (MoveRecord.sample("a1"), MoveRecord.sample("a2", guest: "db", began: 2e9))
        let elsewhere = MoveRecord(
            id: "a3", guest: GuestIdentity(name: "x", uuid: "x"), source: "beta", destination: "alpha",
            began: 1,
            plan: "{}", forecast: nil)
        try journal.begin(first, .sample(first, owner: .gone))
        for move in [second, elsewhere] { try journal.begin(move, .sample(move)) }
        #expect(try journal.reservations(on: "beta") == [.sample(second), .sample(first, owner: .gone)])
        try journal.finish(id: "a2", outcome: .notKnown, code: nil, actual: nil)
        try journal.finish(id: "a1", outcome: .moved, code: nil, actual: nil)
        #expect(try journal.reservations(on: "beta") == [.sample(second)])
        #expect(try journal.reservations(on: "gamma").isEmpty)
    }

    @Test("a move that holds its guest cannot be forgotten, by any statement")
    func kept() throws {
        try begin("a1")
        try journal.finish(id: "a1", outcome: .notKnown, code: nil, actual: nil)
        #expect(try journal.prune(olderThan: 3e9) == 0)
        let error = #expect(throws: DatabaseError.self) {
            try DatabaseQueue(path: place.file).write { try $0.execute(sql: "DELETE FROM move") }
        }
        #expect(error?.message?.contains("cannot be forgotten") == true)
    }

    // MARK: Taking over

    @Test("a move is taken over from a process that is gone, once")
    func adoption() throws {
        let child = try Child()
        defer { child.reap() }
        defer { child.kill() }
        try begin("a1", owner: .gone)
        try journal.note(undo("u1", of: "a1"))
        try journal.adopt("a1", by: Journal.currentProcess())
        try journal.adopt("a1", by: Journal.currentProcess())
        #expect(try journal.reservations(on: "beta").map(\.owner) == [Journal.currentProcess()])
        #expect(try journal.undoable(by: "a1").map(\.owner) == [Journal.currentProcess()])
        let late = try #require(ProcessMark.of(child.pid))
        let error = #expect(throws: ApusError.self) { try journal.adopt("a1", by: late) }
        #expect(error?.code == .guestBusy)
        #expect(error?.operation == "take move a1 over")
        #expect(error?.detail.contains("by process \(Journal.currentProcess().pid) ") == true)
    }

    @Test("also one that ended nobody knows where, from a process that lives; and then not from that")
    func adoptionOfNotKnown() throws {
        let child = try Child()
        defer { child.reap() }
        defer { child.kill() }
        let owner = try #require(ProcessMark.of(child.pid))
        try begin("a1", owner: owner)
        #expect(throws: ApusError.self) { try journal.adopt("a1", by: Journal.currentProcess()) }
        try journal.finish(id: "a1", outcome: .notKnown, code: nil, actual: nil)
        try journal.adopt("a1", by: Journal.currentProcess())
        #expect(throws: ApusError.self) { try journal.adopt("a1", by: owner) }
        #expect(try journal.unfinished().map(\.isHeld) == [true])
    }

    @Test("a move that has ended is not taken over, unless it left something on a host")
    func adoptionOfEnded() throws {
        try begin("a1", owner: .gone)
        try journal.note(undo("u1", of: "a1"))
        try journal.finish(id: "a1", outcome: .failed, code: "x", actual: nil)
        try journal.adopt("a1", by: Journal.currentProcess())
        try journal.clear("u1")
        try journal.finish(id: "a1", outcome: .failed, code: "x", actual: nil)
        let error = #expect(throws: ApusError.self) { try journal.adopt("a1", by: Journal.currentProcess()) }
        #expect(error?.code == .guestBusy)
        #expect(error?.detail == "the move of web01 from alpha to beta (a1) has ended (failed)")
        #expect(throws: ApusError.self) { try journal.adopt("zz", by: Journal.currentProcess()) }
    }

    @Test("what an ended move left on a host waits while another move holds the guest")
    func leftBehind() throws {
        try begin("a1", owner: .gone)
        try journal.note(undo("u1", of: "a1"))
        try journal.finish(id: "a1", outcome: .failed, code: "x", actual: nil)
        try begin("a2")
        let error = #expect(throws: ApusError.self) { try journal.adopt("a1", by: Journal.currentProcess()) }
        #expect(error?.detail.contains("web01 is being moved from alpha to beta") == true)
        try journal.finish(id: "a2", outcome: .moved, code: nil, actual: nil)
        try journal.adopt("a1", by: Journal.currentProcess())
        #expect(refusal("a3")?.code == .guestBusy)
    }

    // MARK: What was left

    @Test(
        "unfinished are moves under way, left, ended who knows how, and those that left something; newest first"
    )
    func unfinished() throws {
        let me = Journal.currentProcess()
        let rows:
            [(id: String, owner: ProcessMark, outcome: MoveRecord.Outcome, undo: ProcessMark?, isHeld: Bool?)] =
                [
                    ("under way", me, .open, nil, true), ("left", .gone, .open, .gone, false),
                    ("not known", me, .notKnown, nil, false), ("moved", .gone, .moved, nil, nil),
                    ("failed", .gone, .failed, nil, nil), ("not put back", .gone, .failed, .gone, false),
                    ("tidying up", me, .aborted, me, true),
                ]
        for (number, row) in rows.enumerated() {
            let move = MoveRecord.sample(row.id, guest: "guest \(number)", began: Double(number))
            try journal.begin(move, .sample(move, owner: row.owner))
            if let owner = row.undo { try journal.note(undo("of \(row.id)", of: row.id, owner: owner)) }
            guard row.outcome != .open else { continue }
            try journal.finish(id: row.id, outcome: row.outcome, code: nil, actual: nil)
        }
        let expected = rows.filter { $0.isHeld != nil }.reversed()
        let found = try journal.unfinished()
        #expect(found.map(\.move.id) == expected.map(\.id))
        #expect(found.map(\.isHeld) == expected.map(\.isHeld))
        #expect(found.map(\.undo.count) == expected.map { $0.undo == nil ? 0 : 1 })
        #expect(
            found.map { $0.reservation != nil }
                == expected.map { $0.outcome == .open || $0.outcome == .notKnown })
        #expect(try journal.prune(olderThan: 3e9) == 2)
        #expect(try journal.unfinished().count == found.count)
    }

    // MARK: Waiting

    @Test("waiting looks five times a second, and ends when the guest is free")
    func waiting() async throws {
        let move = try begin("a1")
        let journal = journal
        let clock = CountingClock { looks in
            guard looks == 3 else { return }
            try? journal.finish(id: "a1", outcome: .moved, code: nil, actual: nil)
        }
        #expect(try await journal.waitUntilFree(guest: move.guest.uuid, limit: nil, on: clock))
        #expect(clock.now.time == .milliseconds(600))
        #expect(try await !journal.waitUntilFree(guest: "web01", limit: .zero, on: clock))
        #expect(clock.now.time == .milliseconds(600))
    }

    @Test(
        "it ends at its limit, when it is cancelled, and when the holder is gone, each time with who holds the guest"
    )
    func waitingInVain() async throws {
        let move = try begin("a1")
        let journal = journal
        let clock = CountingClock { _ in }
        let limited = await #expect(throws: ApusError.self) {
            try await journal.waitUntilFree(guest: "web01", limit: .milliseconds(450), on: clock)
        }
        #expect(clock.now.time == .milliseconds(450))
        #expect(limited?.code == .guestBusy)
        #expect(limited?.operation == "move web01")
        let waiter = Task { @concurrent in try await journal.waitUntilFree(guest: move.guest.name, limit: nil)
        }
        waiter.cancel()
        await #expect(throws: ApusError.self) { try await waiter.value }
        try journal.finish(id: "a1", outcome: .notKnown, code: nil, actual: nil)
        let useless = await #expect(throws: ApusError.self) {
            try await journal.waitUntilFree(guest: move.guest.name, limit: nil)
        }
        #expect(useless?.hint?.hasPrefix("apus repair web01") == true)
    }

    // MARK: Places where nothing can be written

    @Test("on a full disk a move is refused and holds nothing", .root)
    func full() throws {
        let place = try Place(mebibytes: 1)
        let journal = try place.open()
        let filler = try place.fill()
        let move = MoveRecord.sample("a1", plan: String(repeating: "x", count: 400_000))
        let error = #expect(throws: ApusError.self) { try journal.begin(move, .sample(move)) }
        #expect(error?.code == .journalUnwritable)
        try Place.empty(filler)
        #expect(try journal.reservations(on: "beta").isEmpty)
        let small = MoveRecord.sample("a2")
        try journal.begin(small, .sample(small))
    }

    @Test("on a read-only file system what is held is told, and cannot be taken over", .root)
    func readOnly() throws {
        let place = try Place(mebibytes: 2)
        let move = MoveRecord.sample("a1")
        try place.open().begin(move, .sample(move, owner: .gone))
        try place.makeReadOnly()
        let journal = try #require(try Journal.openReadOnly(directory: place.path))
        #expect(try journal.unfinished().map(\.isHeld) == [false])
        #expect(try journal.reservations(on: "beta").count == 1)
        let error = #expect(throws: ApusError.self) { try journal.adopt("a1", by: Journal.currentProcess()) }
        #expect(error?.code == .journalUnwritable)
    }
}

/// A clock that goes on only where somebody sleeps, and tells how often that was.
private final class CountingClock: Clock {
    struct Instant: InstantProtocol {
        let time: Duration

        func advanced(by duration: Duration) -> Instant { Instant(time: time + duration) }
        func duration(to other: Instant) -> Duration { other.time - time }
        static func < (left: Self, right: Self) -> Bool { left.time < right.time }
    }

    private let state = Mutex((now: Instant(time: .zero), sleeps: 0))
    private let whenSlept: @Sendable (Int) -> Void

    init(whenSlept: @escaping @Sendable (Int) -> Void) { self.whenSlept = whenSlept }

    var now: Instant { state.withLock { $0.now } }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let sleeps = state.withLock { state in
            state = (deadline, state.sleeps + 1)
            return state.sleeps
        }
        whenSlept(sleeps)
    }
}
