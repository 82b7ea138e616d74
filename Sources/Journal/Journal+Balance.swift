package import FleetModel
internal import GRDB

/// What the balancer remembers from round to round. Every call throws the journal's codes.
extension Journal {
    /// How many rounds are kept: a week of one every five minutes.
    static let roundsKept = 2016

    /// Stores a round; the oldest make room.
    package func note(_ round: BalanceRound) throws(ApusError) { try note(round, keeping: Self.roundsKept) }

    func note(_ round: BalanceRound, keeping kept: Int) throws(ApusError) {
        try write("note a round of balancing in the journal") { database in
            try database.execute(
                sql: "INSERT INTO balance_round (at, imbalance, decision, moves) VALUES (?, ?, ?, ?)",
                arguments: [round.at, round.imbalance, round.decision.rawValue, round.moves])
            try database.execute(
                sql: """
                    DELETE FROM balance_round WHERE number <= (SELECT max(number) FROM balance_round) - ?
                    """,
                arguments: [kept])
        }
    }

    /// Rounds, the newest first.
    package func balanceRounds(limit: Int) throws(ApusError) -> [BalanceRound] {
        try read("read the journal") { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM balance_round ORDER BY number DESC LIMIT ?", arguments: [limit]
            ).map { row in
                let decision: String = try row.value("decision")
                return BalanceRound(
                    at: try row.value("at"), imbalance: try row.value("imbalance"),
                    decision: BalanceRound.Decision(rawValue: decision) ?? .even,
                    moves: try row.value("moves"))
            }
        }
    }

    /// Takes new readings in, and forgets guests that were not seen for a week.
    ///
    /// - Parameters:
    ///   - readings: processors' worth of work, by UUID.
    ///   - now: seconds since 1970.
    /// - Returns: the loads over some time, by UUID.
    /// - Throws: the journal's codes.
    package func note(loads readings: [String: Double], at now: Double) throws(ApusError) -> [String: Double]
    {
        try write("note loads in the journal") { database in
            var known: [String: GuestLoad] = [:]
            for row in try Row.fetchAll(database, sql: "SELECT * FROM guest_load") {
                known[try row.value("guest_uuid")] = GuestLoad(
                    load: try row.value("load"), at: try row.value("at"))
            }
            var loads: [String: Double] = [:]
            for (guest, reading) in readings {
                let load = known[guest]?.followed(by: reading, at: now) ?? GuestLoad(load: reading, at: now)
                loads[guest] = load.load
                try database.execute(
                    sql: """
                        INSERT INTO guest_load (guest_uuid, load, at) VALUES (?, ?, ?)
                        ON CONFLICT (guest_uuid) DO UPDATE SET load = excluded.load, at = excluded.at
                        """,
                    arguments: [guest, load.load, load.at])
            }
            try database.execute(
                sql: "DELETE FROM guest_load WHERE at < ?", arguments: [now - 7 * 86400])
            return loads
        }
    }
}
