import FleetModel
import Testing

@testable import Journal

@Suite("Several processes and one journal", .timeLimit(.minutes(1)))
struct SharingTests {
    private let place: Place

    init() throws { place = try Place() }

    @Test("all who open it for the first time at once find it made")
    func firstOpening() async throws {
        let path = place.path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    let journal = try Journal.open(directory: path)
                    for move in 0..<5 { try journal.begin(.sample("\(writer)-\(move)")) }
                }
            }
            try await group.waitForAll()
        }
        #expect(try place.open().moves(guest: nil, limit: 100).count == 40)
    }

    @Test(
        "a process that writes is waited for, but not for ever; those that read are not held up", .sqliteShell
    )
    func waiting() async throws {
        let journal = try place.open()
        try journal.begin(.sample("before"))
        let other = try SQLiteShell(place.file)
        try other.run("BEGIN IMMEDIATE; UPDATE move SET code = 'x'")

        let impatient = try place.open(patience: .milliseconds(50))
        let error = #expect(throws: ApusError.self) { try impatient.begin(.sample("refused")) }
        #expect(error?.code == .journalBusy)
        #expect(error?.operation == "note the move of web01 in the journal")
        #expect(try impatient.moves(guest: nil, limit: 10) == [.sample("before")])

        let waiting = Task { @concurrent in try journal.begin(.sample("after", began: 2e9)) }
        try other.run("COMMIT")
        try await waiting.value
        #expect(try journal.moves(guest: nil, limit: 10).map(\.code) == [nil, "x"])
    }

    @Test("a process that makes the journal is waited for, but not for ever")
    func making() throws {
        let lock = try StateDirectory(place.path).lock(patience: .zero)
        let error = #expect(throws: ApusError.self) { try place.open(patience: .milliseconds(50)) }
        #expect(error?.code == .journalBusy)
        #expect(try Journal.openReadOnly(directory: place.path) == nil)
        lock.syncDirectory()
    }

    @Test("a writer killed in the middle of its transaction leaves what was there before it", .sqliteShell)
    func killed() throws {
        let before = try place.open()
        try before.begin(.sample("before"))
        let writer = try SQLiteShell(place.file)
        // With five pages of cache most of this is in the log already, without a commit.
        try writer.run(
            """
            PRAGMA cache_size = 5; BEGIN IMMEDIATE;
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
            INSERT INTO move (id, guest_name, guest_uuid, source, destination, began, plan, outcome)
                SELECT 'lost-' || i, 'g', 'u', 'a', 'b', i, hex(zeroblob(500)), 'open' FROM n
            """)
        writer.kill()
        let after = try place.open(patience: .zero)
        #expect(try after.moves(guest: nil, limit: 1000) == [.sample("before")])
        try after.begin(.sample("after", began: 2e9))
        #expect(try before.moves(guest: nil, limit: 1000).map(\.id) == ["after", "before"])
        #expect(try SQLiteShell(place.file).run("PRAGMA integrity_check") == "ok\n")
    }

    @Test("what a write returned from is in the files already")
    func committed() throws {
        let journal = try place.open()
        try journal.begin(.sample("a1"))
        let crashed = try Place()
        try place.copy(["", "-wal"], to: crashed)
        withExtendedLifetime(journal) {}
        #expect(try crashed.open().moves(guest: nil, limit: 10) == [.sample("a1")])
    }
}
