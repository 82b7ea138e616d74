import FleetModel
import GRDB
import Testing

@testable import Journal

@Suite("Moves in the journal")
struct MoveTests {
    private let place: Place
    private let journal: Journal

    init() throws {
        place = try Place()
        journal = try place.open()
    }

    private static let actual = {
        var actual = bare
        actual.relayed = .mebibytes(48)
        return actual
    }()

    private static let bare = PastMove(
        strategy: .preCopy,
        total: .nanoseconds(2_420_000_001), downtime: .milliseconds(16), wire: .mebibytes(95), rounds: 3,
        before: .milliseconds(400), transfer: .milliseconds(143), after: .seconds(1),
        dirtyRate: ByteRate(bytesPerSecond: 12), link: ByteRate(bytesPerSecond: 125_000_000))

    /// The columns that a move's end fills.
    private static let nulls = Array(repeating: "NULL", count: 11).joined(separator: ", ")

    @Test("a move comes back as it went in, also to another process")
    func roundTrip() throws {
        let move = MoveRecord.sample("a1", plan: "{\"reason\": \"it's ü\"}")
        try journal.begin(move)
        #expect(try journal.moves(guest: nil, limit: 10) == [move])
        #expect(try Journal.openReadOnly(directory: place.path)?.moves(guest: nil, limit: 10) == [move])
        #expect(try Journal.open(directory: place.path).moves(guest: nil, limit: 10) == [move])
    }

    @Test("the moves of a pair are those in its direction, newest first")
    func pair() throws {
        for (number, way) in [("h1", "h2"), ("h2", "h1"), ("h1", "h2"), ("h1", "h3")].enumerated() {
            try journal.begin(
                MoveRecord(
                    id: "m\(number)", guest: GuestIdentity(name: "web01", uuid: "u"), source: way.0,
                    destination: way.1, began: Double(number), plan: "{}", forecast: nil))
        }
        #expect(try journal.moves(from: "h1", to: "h2", limit: 10).map(\.id) == ["m2", "m0"])
        #expect(try journal.moves(from: "h1", to: "h2", limit: 1).map(\.id) == ["m2"])
        // Files alone.
        try journal.finish(
            id: "m2", outcome: .moved, code: nil,
            actual: PastMove(strategy: nil, total: .seconds(1), wire: .mebibytes(1), rounds: 0))
        #expect(try journal.moves(from: "h1", to: "h2", limit: 1).map(\.id) == ["m0"])
    }

    @Test(
        "so does its end",
        arguments: [
            (MoveRecord.Outcome.moved, nil, actual), (.failed, "timed-out", nil),
            (
                .aborted, "migration-aborted",
                PastMove(
                    strategy: .preCopy, total: .seconds(1), downtime: nil, wire: nil, rounds: 0, transfer: nil
                )
            ),
            (.notKnown, "state-not-known", nil),
            // A cold move.
            (
                .moved, nil,
                PastMove(strategy: nil, total: .seconds(9), wire: .mebibytes(2), rounds: 0)
            ),
        ] as [(MoveRecord.Outcome, String?, PastMove?)])
    func end(outcome: MoveRecord.Outcome, code: String?, actual: PastMove?) throws {
        try journal.begin(.sample("a1"))
        try journal.begin(.sample("a2", began: 1))
        try journal.finish(id: "a1", outcome: outcome, code: code, actual: actual)
        var expected = MoveRecord.sample("a1")
        expected.outcome = outcome
        expected.code = code
        expected.actual = actual
        #expect(try journal.moves(guest: nil, limit: 10) == [expected, .sample("a2", began: 1)])
    }

    @Test("a move without a forecast has none")
    func noForecast() throws {
        try journal.begin(.sample("a1", forecast: nil))
        #expect(try journal.moves(guest: nil, limit: 1).first?.forecast == nil)
    }

    @Test("moves are listed newest first, by name, by UUID, up to a limit")
    func listing() throws {
        for (id, guest, began) in [("a", "web", 1.0), ("b", "db", 2.0), ("c", "web", 3.0), ("d", "web", 3.0)]
        {
            try journal.begin(.sample(id, guest: guest, began: began))
        }
        #expect(try journal.moves(guest: nil, limit: 10).map(\.id) == ["d", "c", "b", "a"])
        #expect(try journal.moves(guest: nil, limit: 2).map(\.id) == ["d", "c"])
        #expect(try journal.moves(guest: "web", limit: 10).map(\.id) == ["d", "c", "a"])
        #expect(try journal.moves(guest: "uuid-of-db", limit: 10).map(\.id) == ["b"])
        #expect(try journal.moves(guest: "' OR 1 --", limit: 10).isEmpty)
    }

    @Test(
        "a move is found by the beginning of its id",
        arguments: [
            ("ab", ["abd%", "abc"]), ("a", ["a"]), ("abd", ["abd%"]), ("x", []), ("%", []),
            ("", ["abd%", "abc", "a"]),
        ])
    func prefix(prefix: String, expected: [String]) throws {
        try journal.begin(.sample("a", began: 1))
        try journal.begin(.sample("abc", began: 2))
        try journal.begin(.sample("abd%", began: 3))
        #expect(try journal.moves(idPrefix: prefix).map(\.id) == expected)
    }

    @Test("the end of a move that nobody began is refused, by its id")
    func unknown() throws {
        let error = #expect(throws: ApusError.self) {
            try journal.finish(id: "zz", outcome: .moved, code: nil, actual: nil)
        }
        #expect(error?.code == .journalDamaged)
        #expect(error?.detail.hasSuffix("apus.sqlite: it has no move zz") == true)
    }

    @Test("a value that apus did not write is an error, not a crash")
    func strangeValue() throws {
        try journal.begin(.sample("a1"))
        try DatabaseQueue(path: place.file).write { database in
            try database.execute(sql: "UPDATE move SET outcome = 'flown'")
        }
        let error = #expect(throws: ApusError.self) { try journal.moves(guest: nil, limit: 1) }
        #expect(error?.code == .journalDamaged)
    }

    @Test(
        "what is sealed cannot be changed by any statement",
        arguments: [
            "UPDATE move SET forecast = 'better'", "UPDATE move SET forecast = NULL",
            "UPDATE move SET plan = 'other'", "UPDATE move SET id = 'b1'", "UPDATE move SET began = 0",
            "UPDATE move SET outcome = 'moved', forecast = 'better'", "UPDATE move SET number = 7",
            "INSERT OR REPLACE INTO move SELECT number, id, guest_name, guest_uuid, source, destination, began, "
                + "plan, 'better', outcome, code, \(Self.nulls) FROM move",
            "INSERT OR REPLACE INTO move SELECT number, 'b1', guest_name, guest_uuid, source, destination, began, "
                + "plan, 'better', outcome, code, \(Self.nulls) FROM move",
            "INSERT INTO move SELECT * FROM move WHERE true "
                + "ON CONFLICT (id) DO UPDATE SET forecast = 'better'",
        ])
    func sealed(statement: String) throws {
        try journal.begin(.sample("a1"))
        let raw = try DatabaseQueue(path: place.file)
        // Without this SQLite would not ask the triggers when it replaces a row.
        for recursive in ["OFF", "ON"] {
            try raw.writeWithoutTransaction {
                try $0.execute(sql: "PRAGMA recursive_triggers = \(recursive)")
            }
            let error = #expect(throws: DatabaseError.self) {
                try raw.write { try $0.execute(sql: statement) }
            }
            #expect(error?.message?.contains("sealed") == true)
        }
        #expect(try journal.moves(guest: nil, limit: 10) == [.sample("a1")])
    }

    @Test("a forecast cannot be stored a second time")
    func again() throws {
        try journal.begin(.sample("a1"))
        let error = #expect(throws: ApusError.self) { try journal.begin(.sample("a1", forecast: "better")) }
        #expect(error?.code == .journalUnwritable)
        #expect(error?.detail.contains("sealed") == true)
        #expect(try journal.moves(guest: nil, limit: 10) == [.sample("a1")])
    }

    @Test("pruning forgets what has ended and is older; never a move under way, never an undo record")
    func pruning() throws {
        for (id, began, ends) in [("a", 1.0, true), ("b", 2.0, false), ("c", 3.0, true)] {
            try journal.begin(.sample(id, began: began))
            if ends { try journal.finish(id: id, outcome: .moved, code: nil, actual: nil) }
        }
        let undo = UndoRecord(
            id: "u", run: "r", host: "alpha", uri: "x", trace: .file("/f"),
            owner: ProcessMark(pid: 1, started: 0, boot: "another"))
        try journal.note(undo)
        for measured in [1.0, 5.0] {
            let rate = ByteRate(bytesPerSecond: 1)
            try journal.note(
                link: LinkRecord(
                    source: "a", destination: "b", rate: rate, method: .probe, measured: measured))
            try journal.note(dirty: DirtyRecord(guest: "g\(measured)", profile: "{}", measured: measured))
        }
        #expect(try journal.prune(olderThan: 2.5) == 1)
        #expect(try journal.moves(guest: nil, limit: 10).map(\.id) == ["c", "b"])
        #expect(try journal.left(on: "alpha") == [undo])
        #expect(try journal.links(source: "a", destination: "b", limit: 9).map(\.measured) == [5])
        #expect(try journal.dirty(guest: "g1.0") == nil)
        #expect(try journal.dirty(guest: "g5.0") != nil)
    }
}
