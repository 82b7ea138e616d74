import FleetModel
import Foundation
import GRDB
import Glibc
import Testing

@testable import Journal

@Suite("A journal where it cannot work", .timeLimit(.minutes(1)))
struct BadPlaceTests {
    @Test("a full disk is named; what was stored stays, and work goes on once there is room", .root)
    func full() throws {
        let place = try Place(mebibytes: 1)
        let journal = try place.open()
        try journal.begin(.sample("before"))
        let filler = try place.fill()
        let error = #expect(throws: ApusError.self) {
            for number in 0..<64 {
                try journal.begin(.sample("\(number)", plan: String(repeating: "x", count: 40_000)))
            }
        }
        #expect(error?.code == .journalUnwritable)
        #expect(error?.detail == "\(place.file): no space left on the device")
        #expect(error?.hint?.contains("--state-dir") == true)
        #expect(try journal.moves(guest: nil, limit: 100).contains(.sample("before")))
        try Place.empty(filler)
        try journal.begin(.sample("after"))
    }

    @Test("so it is when there is no room for a first journal", .root)
    func fullFromTheStart() throws {
        let place = try Place(mebibytes: 1)
        _ = try place.fill()
        let error = #expect(throws: ApusError.self) { try place.open() }
        #expect(error?.code == .journalUnwritable)
        #expect(error?.detail.lowercased().hasSuffix("no space left on the device") == true)
    }

    @Test("a read-only file system is named, and what lies there is readable", .root)
    func readOnly() throws {
        let place = try Place(mebibytes: 2)
        try place.open().begin(.sample("a1"))
        try place.makeReadOnly()
        let error = #expect(throws: ApusError.self) { try place.open() }
        #expect(error?.code == .journalUnwritable)
        #expect(error?.detail == "\(place.file): Read-only file system")
        #expect(
            try Journal.openReadOnly(directory: place.path)?.moves(guest: nil, limit: 1) == [.sample("a1")])
    }

    @Test("there too, after a crash, changes that are only in the log are read", .root)
    func readOnlyWithLog() throws {
        let place = try Self.afterCrash(files: ["", "-wal", "-shm"])
        #expect(
            try Journal.openReadOnly(directory: place.path)?.moves(guest: nil, limit: 1) == [.sample("a1")])
    }

    @Test("or it is said that they cannot be; old contents are never shown for new", .root)
    func readOnlyWithLogAlone() throws {
        let place = try Self.afterCrash(files: ["", "-wal"])
        let error = #expect(throws: ApusError.self) { try Journal.openReadOnly(directory: place.path) }
        #expect(error?.code == .journalUnwritable)
        #expect(error?.detail.contains("apus.sqlite-wal alone") == true)
    }

    /// A read-only file system with those files of a journal that was not closed.
    private static func afterCrash(files suffixes: [String]) throws -> Place {
        let (origin, place) = (try Place(), try Place(mebibytes: 2))
        let journal = try origin.open()
        try journal.begin(.sample("a1"))
        try origin.copy(suffixes, to: place)
        withExtendedLifetime(journal) {}
        try place.makeReadOnly()
        return place
    }

    @Test("a place where no directory can be made is named", .root)
    func noDirectory() throws {
        let place = try Place(mebibytes: 1)
        try place.makeReadOnly()
        let error = #expect(throws: ApusError.self) { try Journal.open(directory: "\(place.path)/a/b") }
        #expect(error?.code == .journalUnwritable)
        #expect(error?.detail.hasSuffix("Read-only file system") == true)
        #expect(try Journal.openReadOnly(directory: "\(place.path)/a/b") == nil)
    }

    @Test("a file where the directory should be is named")
    func fileForDirectory() throws {
        let place = try Place()
        try Data("x".utf8).write(to: URL(filePath: "\(place.path)/state"))
        let error = #expect(throws: ApusError.self) { try Journal.open(directory: "\(place.path)/state") }
        #expect(error?.code == .journalUnwritable)
    }

    @Test("a file that is no database is refused and left as it is")
    func noDatabase() throws {
        let place = try Place()
        let words = Data(String(repeating: "not a database\n", count: 1000).utf8)
        try words.write(to: URL(filePath: place.file))
        for open in [{ try place.open() }, { try Journal.openReadOnly(directory: place.path) }]
            as [() throws -> Any?]
        {
            let error = #expect(throws: ApusError.self) { try open() }
            #expect(error?.code == .journalDamaged)
            #expect(error?.detail.hasPrefix("\(place.file): ") == true)
            #expect(error?.hint?.contains("Move the file away") == true)
        }
        #expect(try Data(contentsOf: URL(filePath: place.file)) == words)
    }

    @Test("another program's database is refused and left as it is")
    func foreign() throws {
        let place = try Place()
        let raw = try DatabaseQueue(path: place.file)
        try raw.write { try $0.execute(sql: "CREATE TABLE bookmark (url TEXT)") }
        let error = #expect(throws: ApusError.self) { try place.open() }
        #expect(error?.code == .journalDamaged)
        let tables = try raw.read { try String.fetchAll($0, sql: "SELECT name FROM sqlite_master") }
        #expect(tables == ["bookmark"])
    }

    @Test("a database that lost its end is refused when what is missing is needed")
    func truncated() throws {
        let place = try Place()
        do {
            let journal = try place.open()
            for number in 0..<50 {
                try journal.begin(.sample("\(number)", plan: String(repeating: "x", count: 3000)))
            }
        }
        let size = try #require(
            try FileManager.default.attributesOfItem(atPath: place.file)[.size] as? Int)
        try #require(truncate(place.file, size / 2) == 0)
        let error = #expect(throws: ApusError.self) {
            try Journal.open(directory: place.path).moves(guest: nil, limit: 100)
        }
        #expect(error?.code == .journalDamaged)
    }

    @Test("a journal that a newer apus wrote is refused and left as it is")
    func newer() throws {
        let place = try Place()
        try place.open().begin(.sample("a1"))
        let newer = Schema(versions: Schema.versions + [("next", "ALTER TABLE move ADD COLUMN mood TEXT")])
        _ = try Journal.open(StateDirectory(place.path), schema: newer, patience: .zero)
        for open in [{ try place.open() }, { try Journal.openReadOnly(directory: place.path) }]
            as [() throws -> Any?]
        {
            let error = #expect(throws: ApusError.self) { try open() }
            #expect(error?.code == .journalNewer)
            #expect(error?.hint?.contains("Update apus") == true)
        }
    }

    @Test("an older journal is brought up to date and keeps what it had, whoever opens it first")
    func older() throws {
        let newer = Schema(versions: Schema.versions + [("next", "ALTER TABLE move ADD COLUMN mood TEXT")])
        for readsOnly in [false, true] {
            let place = try Place()
            try place.open().begin(.sample("a1"))
            let journal =
                readsOnly
                ? try Journal.openReadOnly(StateDirectory(place.path), schema: newer, patience: .zero)
                : try Journal.open(StateDirectory(place.path), schema: newer, patience: .zero)
            #expect(try journal?.moves(guest: nil, limit: 9) == [.sample("a1")])
            let columns = try DatabaseQueue(path: place.file).read { try $0.columns(in: "move").map(\.name) }
            #expect(columns.contains("mood"))
        }
    }

    @Test("an upgrade that fails leaves the older journal as it was")
    func failedUpgrade() throws {
        let place = try Place()
        try place.open().begin(.sample("a1"))
        let broken = Schema(
            versions: Schema.versions + [("next", "CREATE TABLE mood (a); CREATE TABLE move (b)")])
        #expect(throws: ApusError.self) {
            try Journal.open(StateDirectory(place.path), schema: broken, patience: .zero)
        }
        #expect(try place.open().moves(guest: nil, limit: 9) == [.sample("a1")])
    }
}
