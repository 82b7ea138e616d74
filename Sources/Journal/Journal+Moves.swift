package import FleetModel
internal import GRDB

extension Journal {
    /// The latest moves, newest first.
    ///
    /// - Parameters:
    ///   - guest: a guest's name or UUID; `nil` for all guests.
    ///   - limit: how many at the most.
    /// - Returns: what is there; none is no error.
    /// - Throws: `ApusError`, as every call of the journal.
    package func moves(guest: String?, limit: Int) throws(ApusError) -> [MoveRecord] {
        try read("read the journal") { database in
            let condition = guest == nil ? "" : "WHERE guest_name = :guest OR guest_uuid = :guest"
            var arguments: StatementArguments = ["limit": limit]
            if let guest { arguments += ["guest": guest] }
            return try Row.fetchAll(
                database,
                sql: "SELECT * FROM move \(condition) ORDER BY began DESC, number DESC LIMIT :limit",
                arguments: arguments
            ).map(MoveRecord.init(row:))
        }
    }

    /// The latest moves from one host to another, newest first, without those that moved files alone.
    ///
    /// - Throws: `ApusError`, as every call of the journal.
    package func moves(from source: String, to destination: String, limit: Int) throws(ApusError)
        -> [MoveRecord]
    {
        try read("read the journal") { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM move WHERE source = ? AND destination = ?
                        AND (strategy IS NOT NULL OR total_ns IS NULL)
                    ORDER BY began DESC, number DESC LIMIT ?
                    """,
                arguments: [source, destination, limit]
            ).map(MoveRecord.init(row:))
        }
    }

    /// The moves whose id begins with these characters, newest first; the one with exactly this id alone.
    package func moves(idPrefix prefix: String) throws(ApusError) -> [MoveRecord] {
        let found = try read("read the journal") { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM move WHERE id >= :prefix AND id < :prefix || char(0x10FFFF)
                    ORDER BY began DESC, number DESC
                    """,
                arguments: ["prefix": prefix]
            ).map(MoveRecord.init(row:))
        }
        return found.first { $0.id == prefix }.map { [$0] } ?? found
    }
}

/// A move that nobody began here.
struct UnknownMove: Error {
    let id: String
}

extension MoveRecord {
    init(row: Row) throws {
        let outcome: String = try row.value("outcome")
        guard let outcome = Outcome(rawValue: outcome) else { throw UnreadableValue(column: "outcome") }
        self.init(
            id: try row.value("id"),
            guest: GuestIdentity(name: try row.value("guest_name"), uuid: try row.value("guest_uuid")),
            source: try row.value("source"), destination: try row.value("destination"),
            began: try row.value("began"), plan: try row.value("plan"),
            forecast: try row.optional("forecast"), outcome: outcome, code: try row.optional("code"),
            actual: try PastMove(row: row))
    }
}

extension PastMove {
    fileprivate init?(row: Row) throws {
        guard let total: Int64 = try row.optional("total_ns") else { return nil }
        func duration(_ column: String) throws -> Duration? {
            let nanoseconds: Int64? = try row.optional(column)
            return nanoseconds.map { .nanoseconds($0) }
        }
        func rate(_ column: String) throws -> ByteRate? {
            let bytes: UInt64? = try row.optional(column)
            return bytes.map(ByteRate.init(bytesPerSecond:))
        }
        let name: String? = try row.optional("strategy")
        let strategy = name.flatMap(MoveStrategy.init(rawValue:))
        guard name == nil || strategy != nil else { throw UnreadableValue(column: "strategy") }
        let wire: UInt64? = try row.optional("wire_bytes")
        let relayed: UInt64? = try row.optional("relayed_bytes")
        self.init(
            strategy: strategy, total: .nanoseconds(total), downtime: try duration("downtime_ns"),
            wire: wire.map(ByteCount.init), rounds: try row.value("rounds"),
            before: try duration("before_ns"), transfer: try duration("transfer_ns"),
            after: try duration("after_ns"), dirtyRate: try rate("dirty_rate_bytes_per_second"),
            link: try rate("link_rate_bytes_per_second"))
        self.relayed = relayed.map(ByteCount.init)
    }
}
