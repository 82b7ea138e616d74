package import FleetModel
internal import FoundationEssentials
internal import GRDB
import Migration

extension Journal: UndoLog {
    package func note(_ record: UndoRecord) throws(ApusError) {
        try write("note what is about to be changed on \(record.host)") { database in
            let (kind, pool, name, limit) = try record.trace.columns
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
    /// What has many parts is one document (JSON) in the place of a name.
    private struct Snapshots: Codable {
        let guest: String
        let snapshots: [CarriedSnapshot]
        let fate: SnapshotsFate
    }

    private struct Seal: Codable {
        let source: String
        let destination: String
    }

    private struct Bandwidth: Codable {
        let guest: String
        let rate: ByteRate?
    }

    private struct Device: Codable {
        let guest: String
        let device: CarriedDevice
    }

    fileprivate var columns: (kind: String, pool: String?, name: String, limit: Duration?) {
        get throws {
            switch self {
            case .volume(let pool, let path): ("volume", pool, path, nil)
            case .transientPool(let name): ("transient-pool", nil, name, nil)
            case .file(let path): ("file", nil, path, nil)
            case .arriving(let path, let replaces): ("arriving", replaces ? "replaces" : nil, path, nil)
            case .saved(let guest): ("saved", nil, guest, nil)
            case .relay(let relay): ("relay", nil, try Self.text(relay), nil)
            case .sealed(let source, let destination):
                ("sealed", nil, try Self.text(Seal(source: source, destination: destination)), nil)
            case .downtimeLimit(let guest, let limit): ("downtime-limit", nil, guest, limit)
            case .bandwidth(let guest, let rate):
                ("bandwidth", nil, try Self.text(Bandwidth(guest: guest, rate: rate)), nil)
            case .snapshots(let guest, let snapshots, let fate):
                (
                    "snapshots", nil,
                    try Self.text(Snapshots(guest: guest, snapshots: snapshots, fate: fate)), nil
                )
            case .device(let guest, let device):
                ("device", nil, try Self.text(Device(guest: guest, device: device)), nil)
            }
        }
    }

    fileprivate init(row: Row) throws {
        let kind: String = try row.value("trace")
        let name: String = try row.value("name")
        switch kind {
        case "volume": self = .volume(pool: try row.value("pool"), path: name)
        case "transient-pool": self = .transientPool(name: name)
        case "file": self = .file(name)
        case "relay": self = .relay(try Self.read(name))
        case "saved": self = .saved(guest: name)
        case "sealed":
            let read: Seal = try Self.read(name)
            self = .sealed(source: read.source, destination: read.destination)
        case "arriving": self = .arriving(name, replaces: (try row.optional("pool") as String?) != nil)
        case "downtime-limit":
            self = .downtimeLimit(guest: name, .nanoseconds(try row.value("limit_ns") as Int64))
        case "bandwidth":
            let read: Bandwidth = try Self.read(name)
            self = .bandwidth(guest: read.guest, read.rate)
        case "snapshots":
            let read: Snapshots = try Self.read(name)
            self = .snapshots(guest: read.guest, read.snapshots, read.fate)
        case "device":
            let read: Device = try Self.read(name)
            self = .device(guest: read.guest, read.device)
        default: throw UnreadableValue(column: "trace")
        }
    }

    private static func text(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }

    private static func read<Value: Decodable>(_ text: String) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw UnreadableValue(column: "name")
        }
    }
}
