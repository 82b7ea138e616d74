package import FleetModel
internal import GRDB

extension Journal {
    /// Stores a move before it starts; its plan and forecast cannot be changed any more.
    package func begin(_ move: MoveRecord) throws(ApusError) {
        try write("note the move of \(move.guest) in the journal") { database in
            try database.execute(
                sql: """
                    INSERT INTO move (
                        id, guest_name, guest_uuid, source, destination, began, plan, forecast, outcome, code)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    move.id, move.guest.name, move.guest.uuid, move.source, move.destination, move.began,
                    move.plan, move.forecast, move.outcome.rawValue, move.code,
                ])
            if let actual = move.actual { try Self.store(actual, of: move.id, in: database) }
        }
    }

    /// Stores how a move ended; said again, the later word counts (a repair may learn more).
    ///
    /// When this fails the move has ended all the same: that is a warning beside its result, not its result.
    package func finish(
        id: String, outcome: MoveRecord.Outcome, code: String?, actual: PastMove?
    ) throws(ApusError) {
        try write("note the end of move \(id) in the journal") { database in
            try database.execute(
                sql: "UPDATE move SET outcome = ?, code = ? WHERE id = ?",
                arguments: [outcome.rawValue, code, id])
            guard database.changesCount == 1 else { throw UnknownMove(id: id) }
            if let actual { try Self.store(actual, of: id, in: database) }
        }
    }

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

    /// The latest moves from one host to another, newest first.
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

    private static func store(_ actual: PastMove, of id: String, in database: Database) throws {
        try database.execute(
            sql: """
                UPDATE move SET strategy = ?, total_ns = ?, downtime_ns = ?, wire_bytes = ?, rounds = ?,
                    before_ns = ?, transfer_ns = ?, after_ns = ?, dirty_rate_bytes_per_second = ?,
                    link_rate_bytes_per_second = ?
                WHERE id = ?
                """,
            arguments: [
                actual.strategy.rawValue, actual.total.nanoseconds, actual.downtime?.nanoseconds,
                actual.wire.map { Int64(clamping: $0.bytes) }, actual.rounds, actual.before?.nanoseconds,
                actual.transfer?.nanoseconds, actual.after?.nanoseconds,
                actual.dirtyRate.map { Int64(clamping: $0.bytesPerSecond) },
                actual.link.map { Int64(clamping: $0.bytesPerSecond) }, id,
            ])
    }
}

/// A move that nobody began here.
struct UnknownMove: Error {
    let id: String
}

extension MoveRecord {
    fileprivate init(row: Row) throws {
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
        let name: String = try row.value("strategy")
        guard let strategy = MoveStrategy(rawValue: name) else { throw UnreadableValue(column: "strategy") }
        let wire: UInt64? = try row.optional("wire_bytes")
        self.init(
            strategy: strategy, total: .nanoseconds(total), downtime: try duration("downtime_ns"),
            wire: wire.map(ByteCount.init), rounds: try row.value("rounds"),
            before: try duration("before_ns"), transfer: try duration("transfer_ns"),
            after: try duration("after_ns"), dirtyRate: try rate("dirty_rate_bytes_per_second"),
            link: try rate("link_rate_bytes_per_second"))
    }
}

extension Duration {
    /// In whole nanoseconds; at the ends of the range, the nearest that fits.
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, beyond) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard overflow || beyond else { return sum }
        return seconds < 0 ? .min : .max
    }
}
