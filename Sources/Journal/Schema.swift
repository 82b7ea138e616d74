internal import GRDB

/// What the journal's tables look like, and how an older file gets there.
///
/// A version that was released is never edited: a change is one more version at the end.
struct Schema: Sendable {
    static let current = Schema(versions: versions)
    static let versions = [
        (name: "1", sql: version1), (name: "2", sql: version2), (name: "3", sql: version3),
        (name: "4", sql: version4), (name: "5", sql: version5),
    ]

    /// What a file is.
    enum Reading: Sendable {
        /// Nothing is in it yet.
        case empty
        case ours(Age)
        /// A newer Apus added versions that this one does not know.
        case newer
        /// Another program's tables.
        case foreign
    }

    enum Age: Sendable {
        case current, older
    }

    private let migrator: DatabaseMigrator

    init(versions: [(name: String, sql: String)]) {
        var migrator = DatabaseMigrator()
        for (name, sql) in versions {
            migrator.registerMigration(name) { database in try database.execute(sql: sql) }
        }
        self.migrator = migrator
    }

    func reading(_ database: Database) throws -> Reading {
        // Asked first, because it begins the transaction's view: another process may be making the tables meanwhile.
        let tables = try Int.fetchOne(
            database, sql: "SELECT count(*) FROM sqlite_master WHERE name NOT LIKE '%grdb_migrations%'")
        if try migrator.hasBeenSuperseded(database) { return .newer }
        if try migrator.hasCompletedMigrations(database) { return .ours(.current) }
        guard try migrator.appliedIdentifiers(database).isEmpty else { return .ours(.older) }
        return tables == 0 ? .empty : .foreign
    }

    /// Brings the file up to date. One process at a time may do this.
    func apply(to queue: DatabaseQueue) throws {
        // WAL lets others read while one writes. The file keeps the mode.
        try queue.writeWithoutTransaction { database in try database.execute(sql: "PRAGMA journal_mode = WAL")
        }
        try migrator.migrate(queue)
    }

    /// Times are seconds since 1970; what else has a unit names it.
    private static let version1 = """
        CREATE TABLE move (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            guest_name TEXT NOT NULL,
            guest_uuid TEXT NOT NULL,
            source TEXT NOT NULL,
            destination TEXT NOT NULL,
            began REAL NOT NULL,
            plan TEXT NOT NULL,
            forecast TEXT,
            outcome TEXT NOT NULL,
            code TEXT,
            strategy TEXT,
            total_ns INTEGER,
            downtime_ns INTEGER,
            wire_bytes INTEGER,
            rounds INTEGER,
            before_ns INTEGER,
            transfer_ns INTEGER,
            after_ns INTEGER,
            dirty_rate_bytes_per_second INTEGER,
            link_rate_bytes_per_second INTEGER
        );
        CREATE INDEX move_began ON move (began);
        CREATE INDEX move_guest_name ON move (guest_name, began);
        CREATE INDEX move_guest_uuid ON move (guest_uuid, began);
        CREATE INDEX move_pair ON move (source, destination, began);

        -- What was said before a move is compared with what came after it: it cannot be reworded, nor can a
        -- second row take the place of the first (REPLACE deletes without asking).
        CREATE TRIGGER move_is_sealed
        BEFORE UPDATE OF number, id, guest_name, guest_uuid, source, destination, began, plan, forecast ON move
        BEGIN SELECT RAISE(ABORT, 'a move''s plan and forecast are sealed'); END;
        CREATE TRIGGER move_is_not_replaced
        BEFORE INSERT ON move WHEN EXISTS (SELECT 1 FROM move WHERE id = NEW.id OR number = NEW.number)
        BEGIN SELECT RAISE(ABORT, 'a move''s plan and forecast are sealed'); END;

        CREATE TABLE link (
            number INTEGER PRIMARY KEY,
            source TEXT NOT NULL,
            destination TEXT NOT NULL,
            rate_bytes_per_second INTEGER NOT NULL,
            method TEXT NOT NULL,
            measured REAL NOT NULL
        );
        CREATE INDEX link_pair ON link (source, destination, measured);

        CREATE TABLE dirty (
            guest_uuid TEXT PRIMARY KEY,
            profile TEXT NOT NULL,
            measured REAL NOT NULL
        );

        CREATE TABLE undo (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            run TEXT NOT NULL,
            host TEXT NOT NULL,
            uri TEXT NOT NULL,
            trace TEXT NOT NULL,
            pool TEXT,
            name TEXT NOT NULL,
            owner_pid INTEGER NOT NULL,
            owner_started INTEGER NOT NULL,
            owner_boot TEXT NOT NULL
        );
        """
}
