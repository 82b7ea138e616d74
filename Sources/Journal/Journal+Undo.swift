package import FleetModel
internal import GRDB
import Migration

extension Journal: UndoLog {
    package func note(_ record: UndoRecord) throws(ApusError) {
        let (kind, pool, name, limit) = record.trace.columns
        try write("note what is about to be changed on \(record.host)") { database in
            try database.execute(
                sql: """
                    INSERT OR REPLACE INTO undo (
                        id, run, purpose, host, uri, trace, pool, name, limit_ns, owner_pid, owner_started,
                        owner_boot)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    record.id, record.run, record.purpose.rawValue, record.host, record.uri, kind, pool, name,
                    limit?.nanoseconds, record.owner.pid, Int64(clamping: record.owner.started),
                    record.owner.boot,
                ])
        }
    }

    package func clear(_ id: String) throws(ApusError) {
        try write("note what has been put back") { database in
            try database.execute(sql: "DELETE FROM undo WHERE id = ?", arguments: [id])
        }
    }

    package func left(on host: String) throws(ApusError) -> [UndoRecord] {
        let records = try read("read the journal") { database in
            try Row.fetchAll(
                database,
                sql: "SELECT * FROM undo WHERE host = ? AND purpose = 'probe' ORDER BY number DESC",
                arguments: [host]
            ).map(UndoRecord.init(row:))
        }
        return records.filter { !$0.owner.isAlive }
    }
}

extension UndoRecord {
    init(row: Row) throws {
        let purpose: String = try row.value("purpose")
        guard let purpose = Purpose(rawValue: purpose) else { throw UnreadableValue(column: "purpose") }
        self.init(
            id: try row.value("id"), run: try row.value("run"), purpose: purpose, host: try row.value("host"),
            uri: try row.value("uri"), trace: try Trace(row: row), owner: try ProcessMark(row: row))
    }

    /// What a move may have to put back, newest first.
    static func fetch(move: String, from database: Database) throws -> [UndoRecord] {
        try Row.fetchAll(
            database,
            sql: "SELECT * FROM undo WHERE run = ? AND purpose = 'move' ORDER BY number DESC",
            arguments: [move]
        ).map(UndoRecord.init(row:))
    }
}

extension ProcessMark {
    /// From the columns that every table with an owner has.
    init(row: Row) throws {
        self.init(
            pid: try row.value("owner_pid"), started: try row.value("owner_started"),
            boot: try row.value("owner_boot"))
    }
}

extension UndoRecord.Trace {
    fileprivate var columns: (kind: String, pool: String?, name: String, limit: Duration?) {
        switch self {
        case .volume(let pool, let path): ("volume", pool, path, nil)
        case .transientPool(let name): ("transient-pool", nil, name, nil)
        case .file(let path): ("file", nil, path, nil)
        case .downtimeLimit(let guest, let limit): ("downtime-limit", nil, guest, limit)
        // The table has no column of a rate's own: the pool's holds it, in bytes a second.
        case .bandwidth(let guest, let rate): ("bandwidth", rate.map { "\($0.bytesPerSecond)" }, guest, nil)
        }
    }

    fileprivate init(row: Row) throws {
        let kind: String = try row.value("trace")
        let name: String = try row.value("name")
        switch kind {
        case "volume": self = .volume(pool: try row.value("pool"), path: name)
        case "transient-pool": self = .transientPool(name: name)
        case "file": self = .file(name)
        case "downtime-limit":
            self = .downtimeLimit(guest: name, .nanoseconds(try row.value("limit_ns") as Int64))
        case "bandwidth":
            let rate = try (row.optional("pool") as String?).map { text in
                guard let rate = UInt64(text) else { throw UnreadableValue(column: "pool") }
                return ByteRate(bytesPerSecond: rate)
            }
            self = .bandwidth(guest: name, rate)
        default: throw UnreadableValue(column: "trace")
        }
    }
}
