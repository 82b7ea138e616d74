import FleetModel
import GRDB
import Migration
import Testing

@testable import Journal

@Suite("The story of a move")
struct StoryTests {
    private let place: Place
    private let journal: Journal

    init() throws {
        place = try Place()
        journal = try place.open()
    }

    private static let sample = JobSample(
        elapsed: .milliseconds(1200), memoryTotal: .mebibytes(384), memoryRemaining: .mebibytes(96),
        wire: .mebibytes(300), throughput: ByteRate(bytesPerSecond: 117_000_000),
        dirtyRate: ByteRate(bytesPerSecond: 9_000_000), round: 2, downtime: .milliseconds(83),
        throttlePercent: 20,
        diskTotal: .mebibytes(2048), diskRemaining: .zero)

    private static let events: [MoveEntry.Event] =
        Phase.allCases.map { .phase($0) }
        + [
            .decision(Decision(.setDowntimeLimit(.milliseconds(250)), because: "the link gives 900 Mbit/s")),
            .decision(
                Decision(.setBandwidth(ByteRate(bytesPerSecond: 61_000_001)), because: "two share the link")),
            .decision(Decision(.setBandwidth(nil), because: "it is alone again")),
            .decision(Decision(.startPostCopy, because: "three rounds in a row left no less")),
            .decision(Decision(.suspend, because: "it's asked for")),
            .decision(Decision(.abort, because: "")),
            .decision(Decision(.wait, because: "ü\nx")),
            .sample(sample), .sample(JobSample()), .remark("'; DROP TABLE entry --"),
        ]

    @Test("comes back as it was noted, batch after batch, and no other move's")
    func roundTrip() throws {
        let (first, second) = (MoveRecord.sample("a1"), MoveRecord.sample("a2"))
        for move in [first, second] { try journal.begin(move) }
        let entries = Self.events.enumerated().map { MoveEntry(at: .milliseconds($0 * 7 - 3), $1) }
        for start in stride(from: 0, to: entries.count, by: 4) {
            try journal.note(Array(entries[start..<min(start + 4, entries.count)]), of: "a1")
            try journal.note([MoveEntry(at: .seconds(start), .remark("another"))], of: "a2")
        }
        try journal.note([], of: "a1")
        #expect(try journal.entries(of: "a1") == entries)
        #expect(try Journal.openReadOnly(directory: place.path)?.entries(of: "a1") == entries)
        #expect(try journal.entries(of: "a2").count == 4)
        #expect(try journal.entries(of: "zz").isEmpty)
    }

    @Test("is kept in the order of noting, whatever the clocks said: a repair has another one")
    func order() throws {
        try journal.begin(.sample("a1"))
        try journal.note([MoveEntry(at: .seconds(9), .remark("first"))], of: "a1")
        try journal.note([MoveEntry(at: .seconds(1), .remark("second"))], of: "a1")
        #expect(try journal.entries(of: "a1").map(\.event) == [.remark("first"), .remark("second")])
    }

    @Test("what does not fit in SQLite's numbers is cut to the nearest that does")
    func extremes() throws {
        try journal.begin(.sample("a1"))
        let huge = JobSample(
            elapsed: .seconds(Int64.max), memoryTotal: ByteCount(.max),
            throughput: ByteRate(bytesPerSecond: .max),
            round: .max, throttlePercent: .min)
        try journal.note([MoveEntry(at: .seconds(Int64.min), .sample(huge))], of: "a1")
        let entry = try #require(try journal.entries(of: "a1").first)
        #expect(entry.at == .nanoseconds(Int64.min))
        guard case .sample(let read) = entry.event else { throw UnreadableValue(column: "kind") }
        #expect(read.elapsed == .nanoseconds(Int64.max))
        #expect(read.memoryTotal == ByteCount(UInt64(Int64.max)))
        #expect(read.round == .max && read.throttlePercent == .min)
    }

    @Test("of a move that nobody began is refused, by its id")
    func unknown() throws {
        let error = #expect(throws: ApusError.self) {
            try journal.note([MoveEntry(at: .zero, .remark("x"))], of: "zz")
        }
        #expect(error?.code == .journalDamaged)
        #expect(error?.detail.hasSuffix("it has no move zz") == true)
    }

    @Test(
        "cannot be changed by any statement while its move is there",
        arguments: [
            "UPDATE entry SET text = 'better'", "UPDATE entry SET at_ns = 0", "DELETE FROM entry",
            "DELETE FROM entry WHERE number = 2",
            "INSERT OR REPLACE INTO entry (move, number, at_ns, kind, text) VALUES ('a1', 1, 0, 'remark', 'better')",
            "INSERT INTO entry SELECT * FROM entry WHERE true ON CONFLICT DO UPDATE SET text = 'better'",
        ])
    func sealed(statement: String) throws {
        try journal.begin(.sample("a1"))
        let entries = [MoveEntry(at: .zero, .remark("one")), MoveEntry(at: .seconds(1), .remark("two"))]
        try journal.note(entries, of: "a1")
        let raw = try DatabaseQueue(path: place.file)
        for recursive in ["OFF", "ON"] {
            try raw.writeWithoutTransaction {
                try $0.execute(sql: "PRAGMA recursive_triggers = \(recursive)")
            }
            let error = #expect(throws: DatabaseError.self) {
                try raw.write { try $0.execute(sql: statement) }
            }
            #expect(error?.message?.contains("only added to") == true)
        }
        #expect(try journal.entries(of: "a1") == entries)
    }

    @Test(
        "a value that apus did not write is an error, not a crash",
        arguments: [
            "'a1', 1, 0, 'song', NULL, NULL", "'a1', 1, 0, 'phase', 'flight', NULL",
            "'a1', 1, 0, 'phase', NULL, NULL",
            "'a1', 1, 'x', 'remark', NULL, NULL", "'a1', 1, 0, 'decision', NULL, 'fly'",
            "'a1', 1, 0, 'decision', NULL, 'set-downtime-limit'", "'a1', 1, 0, 'remark', NULL, NULL",
        ])
    func strangeValue(values: String) throws {
        try journal.begin(.sample("a1"))
        try DatabaseQueue(path: place.file).write { database in
            try database.execute(
                sql: "INSERT INTO entry (move, number, at_ns, kind, phase, step) VALUES (\(values))")
        }
        let error = #expect(throws: ApusError.self) { try journal.entries(of: "a1") }
        #expect(error?.code == .journalDamaged)
    }

    @Test("goes with its move when that is pruned; no other story does")
    func pruning() throws {
        for (id, began) in [("a", 1.0), ("b", 2.0), ("c", 3.0)] {
            try journal.begin(.sample(id, began: began))
            try journal.note([MoveEntry(at: .zero, .remark(id))], of: id)
            if id != "b" { try journal.finish(id: id, outcome: .moved, code: nil, actual: nil) }
        }
        #expect(try journal.prune(olderThan: 2.5) == 1)
        #expect(try journal.moves(guest: nil, limit: 9).map(\.id) == ["c", "b"])
        #expect(try journal.entries(of: "a").isEmpty)
        #expect(try journal.entries(of: "b").count == 1)
        #expect(try journal.entries(of: "c").count == 1)
    }

    @Test(
        "a full disk is named, nothing of the batch is left, and the story goes on once there is room", .root)
    func full() throws {
        let place = try Place(mebibytes: 1)
        let journal = try place.open()
        try journal.begin(.sample("a1"))
        let filler = try place.fill()
        let batch = (0..<200).map {
            MoveEntry(at: .seconds($0), .remark(String(repeating: "x", count: 4000)))
        }
        let error = #expect(throws: ApusError.self) { try journal.note(batch, of: "a1") }
        #expect(error?.code == .journalUnwritable)
        #expect(error?.detail == "\(place.file): no space left on the device")
        #expect(try journal.entries(of: "a1").isEmpty)
        try Place.empty(filler)
        try journal.note(Array(batch.prefix(2)), of: "a1")
        #expect(try journal.entries(of: "a1") == Array(batch.prefix(2)))
    }
}
