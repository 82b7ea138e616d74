package import FleetModel
internal import GRDB

/// What one process asks of another that carries out a move.
extension Journal {
    /// Asks for another bandwidth.
    ///
    /// - Parameters:
    ///   - limit: from now on.
    ///   - move: the id of a move under way.
    /// - Returns: `false` where it has ended meanwhile.
    /// - Throws: the journal's codes.
    package func want(_ limit: BandwidthLimit, of move: String) throws(ApusError) -> Bool {
        try write("ask for another bandwidth") { database in
            try database.execute(
                sql: "UPDATE reservation SET wanted_bytes_per_second = ? WHERE move = ?",
                arguments: [Int64(clamping: limit.rate?.bytesPerSecond ?? 0), move])
            return database.changesCount > 0
        }
    }

    /// The bandwidth that somebody wants of a move; `nil` where nobody does.
    ///
    /// - Throws: the journal's codes.
    package func wantedLimit(of move: String) throws(ApusError) -> BandwidthLimit? {
        try read("read the journal") { database in
            guard
                let row = try Row.fetchOne(
                    database, sql: "SELECT wanted_bytes_per_second FROM reservation WHERE move = ?",
                    arguments: [move])
            else { return nil }
            let wanted: UInt64? = try row.optional("wanted_bytes_per_second")
            return wanted.map {
                $0 == 0 ? .unlimited : .atMost(ByteRate(bytesPerSecond: $0))
            }
        }
    }
}
