import FleetModel
import GRDB
import Migration
import Testing

@testable import Journal

@Suite("A journal of version 1")
struct UpgradeTests {
    private let place: Place

    init() throws {
        place = try Place()
        let old = Schema(versions: Array(Schema.versions.prefix(1)))
        _ = try Journal.open(StateDirectory(place.path), schema: old, patience: .zero)
        try DatabaseQueue(path: place.file).write { database in
            for outcome in ["open", "moved", "not-known"] {
                try database.execute(
                    sql: """
                        INSERT INTO move (id, guest_name, guest_uuid, source, destination, began, plan, outcome)
                        VALUES (?, 'web01', 'uuid-of-web01', 'alpha', 'beta', 1, '{}', ?)
                        """,
                    arguments: [outcome, outcome])
            }
            try database.execute(
                sql: """
                    INSERT INTO undo (
                        id, run, host, uri, trace, pool, name, owner_pid, owner_started, owner_boot)
                    VALUES ('u1', 'r', 'alpha', 'x', 'volume', 'p', '/probe', 1, 1, 'an earlier boot')
                    """)
        }
    }

    @Test("keeps its undo records, which are all of checks")
    func undo() throws {
        let probe = UndoRecord(
            id: "u1", run: "r", purpose: .probe, host: "alpha", uri: "x",
            trace: .volume(pool: "p", path: "/probe"),
            owner: .gone)
        let journal = try place.open()
        #expect(try journal.left(on: "alpha") == [probe])
        #expect(try journal.undoable(by: "r").isEmpty)
        try journal.clear("u1")
        #expect(try journal.left(on: "alpha").isEmpty)
    }

    @Test("keeps its moves, without a story; those that never ended are unfinished, and hold nobody up")
    func moves() throws {
        let journal = try #require(try Journal.openReadOnly(directory: place.path))
        #expect(try journal.moves(guest: "web01", limit: 9).count == 3)
        #expect(try journal.entries(of: "moved").isEmpty)
        let unfinished = try journal.unfinished()
        #expect(Set(unfinished.map(\.move.id)) == ["open", "not-known"])
        #expect(unfinished.allSatisfy { !$0.isHeld && $0.reservation == nil })
        let writing = try place.open()
        let move = MoveRecord.sample("a1")
        try writing.begin(move, .sample(move))
    }

    @Test("lets an unfinished move be taken over, one at a time, and ended")
    func adoption() throws {
        let journal = try place.open()
        let me = Journal.currentProcess()
        try journal.adopt("open", by: me)
        #expect(try journal.reservations(on: "beta").map(\.owner) == [me])
        // It is the same guest.
        let error = #expect(throws: ApusError.self) { try journal.adopt("not-known", by: me) }
        #expect(error?.code == .guestBusy)
        try journal.finish(id: "open", outcome: .failed, code: nil, actual: nil)
        try journal.adopt("not-known", by: me)
        try journal.finish(id: "not-known", outcome: .moved, code: nil, actual: nil)
        #expect(try journal.unfinished().isEmpty)
    }
}
