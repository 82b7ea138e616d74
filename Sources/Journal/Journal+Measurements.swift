package import FleetModel
internal import GRDB

extension Journal {
    /// How many link speeds are kept for a pair of hosts.
    static let linksKept = 64

    /// Stores how fast a host sent to another; the oldest of the pair make room.
    package func note(link: LinkRecord) throws(ApusError) {
        try write("note a link's speed in the journal") { database in
            try database.execute(
                sql: """
                    INSERT INTO link (source, destination, rate_bytes_per_second, method, measured)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [
                    link.source, link.destination, Int64(clamping: link.rate.bytesPerSecond),
                    link.method.rawValue, link.measured,
                ])
            try database.execute(
                sql: """
                    DELETE FROM link WHERE number IN (
                        SELECT number FROM link WHERE source = ? AND destination = ?
                        ORDER BY measured DESC, number DESC LIMIT -1 OFFSET ?)
                    """,
                arguments: [link.source, link.destination, Self.linksKept])
        }
    }

    /// How fast one host sent to another, newest first. The other direction is another link.
    package func links(
        source: String, destination: String, limit: Int
    ) throws(ApusError) -> [LinkRecord] {
        try read("read the journal") { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM link WHERE source = ? AND destination = ?
                    ORDER BY measured DESC, number DESC LIMIT ?
                    """,
                arguments: [source, destination, limit]
            ).map(LinkRecord.init(row:))
        }
    }

    /// Stores what a sample of a guest found, unless a later one is there.
    package func note(dirty: DirtyRecord) throws(ApusError) {
        try write("note a dirty-rate sample in the journal") { database in
            try database.execute(
                sql: """
                    INSERT INTO dirty (guest_uuid, profile, measured) VALUES (?, ?, ?)
                    ON CONFLICT (guest_uuid) DO UPDATE SET profile = excluded.profile, measured = excluded.measured
                    WHERE excluded.measured >= measured
                    """,
                arguments: [dirty.guest, dirty.profile, dirty.measured])
        }
    }

    /// The latest sample of the guest with this UUID.
    package func dirty(guest uuid: String) throws(ApusError) -> DirtyRecord? {
        try read("read the journal") { database in
            try Row.fetchOne(database, sql: "SELECT * FROM dirty WHERE guest_uuid = ?", arguments: [uuid])
                .map { row in
                    DirtyRecord(
                        guest: try row.value("guest_uuid"), profile: try row.value("profile"),
                        measured: try row.value("measured"))
                }
        }
    }

    /// Forgets what is older than a time, in seconds since 1970: moves that have ended, and measurements.
    ///
    /// Nothing else forgets a move, and with it its story. Moves that have not ended, or that changed something on a
    /// host that was not put back, and undo records stay, whatever their age.
    ///
    /// - Returns: how many moves were forgotten.
    @discardableResult
    package func prune(olderThan time: Double) throws(ApusError) -> Int {
        try write("prune the journal") { database in
            try database.execute(sql: "DELETE FROM link WHERE measured < ?", arguments: [time])
            try database.execute(sql: "DELETE FROM dirty WHERE measured < ?", arguments: [time])
            try database.execute(
                sql: """
                    DELETE FROM move WHERE began < ? AND outcome NOT IN ('open', 'not-known')
                        AND id NOT IN (SELECT move FROM reservation)
                        AND id NOT IN (SELECT run FROM undo WHERE purpose = 'move')
                    """,
                arguments: [time])
            return database.changesCount
        }
    }
}

extension LinkRecord {
    fileprivate init(row: Row) throws {
        let method: String = try row.value("method")
        guard let method = Method(rawValue: method) else { throw UnreadableValue(column: "method") }
        self.init(
            source: try row.value("source"), destination: try row.value("destination"),
            rate: ByteRate(bytesPerSecond: try row.value("rate_bytes_per_second")), method: method,
            measured: try row.value("measured"))
    }
}
