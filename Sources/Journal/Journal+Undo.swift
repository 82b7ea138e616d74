package import FleetModel
internal import GRDB
import Migration

extension Journal: UndoLog {
    package func note(_ record: UndoRecord) throws(ApusError) {
        let (kind, pool, name) = record.trace.columns
        try write("note what is about to be created on \(record.host)") { database in
            try database.execute(
                sql: """
                    INSERT OR REPLACE INTO undo (
                        id, run, host, uri, trace, pool, name, owner_pid, owner_started, owner_boot)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    record.id, record.run, record.host, record.uri, kind, pool, name, record.owner.pid,
                    Int64(clamping: record.owner.started), record.owner.boot,
                ])
        }
    }

    package func clear(_ id: String) throws(ApusError) {
        try write("note what has been removed again") { database in
            try database.execute(sql: "DELETE FROM undo WHERE id = ?", arguments: [id])
        }
    }

    package func left(on host: String) throws(ApusError) -> [UndoRecord] {
        let records = try read("read the journal") { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM undo WHERE host = ? ORDER BY number DESC", arguments: [host]
            ).map(UndoRecord.init(row:))
        }
        return records.filter { !$0.owner.isAlive }
    }
}

extension UndoRecord {
    fileprivate init(row: Row) throws {
        self.init(
            id: try row.value("id"), run: try row.value("run"), host: try row.value("host"),
            uri: try row.value("uri"), trace: try Trace(row: row),
            owner: ProcessMark(
                pid: try row.value("owner_pid"), started: try row.value("owner_started"),
                boot: try row.value("owner_boot")))
    }
}

extension UndoRecord.Trace {
    fileprivate var columns: (kind: String, pool: String?, name: String) {
        switch self {
        case .volume(let pool, let path): ("volume", pool, path)
        case .transientPool(let name): ("transient-pool", nil, name)
        case .file(let path): ("file", nil, path)
        }
    }

    fileprivate init(row: Row) throws {
        let kind: String = try row.value("trace")
        let name: String = try row.value("name")
        switch kind {
        case "volume": self = .volume(pool: try row.value("pool"), path: name)
        case "transient-pool": self = .transientPool(name: name)
        case "file": self = .file(name)
        default: throw UnreadableValue(column: "trace")
        }
    }
}
