package import FleetModel
internal import GRDB

/// Hosts that nothing is to be placed on, and the guests that were taken away from them.
///
/// Every call throws the journal's codes.
extension Journal {
    /// Marks a host. One that is marked already stays so; for maintenance even if it was for want of guests before.
    ///
    /// - Returns: whether it was not marked before.
    package func mark(_ host: String, _ reason: HostMark.Reason) throws(ApusError) -> Bool {
        try write("mark \(host) in the journal") { database in
            let known = try Row.fetchOne(
                database, sql: "SELECT 1 FROM mark WHERE host = ?", arguments: [host])
            try database.execute(
                sql: """
                    INSERT INTO mark (host, since, reason) VALUES (?, ?, ?)
                    ON CONFLICT (host) DO UPDATE SET reason = excluded.reason WHERE excluded.reason = ?
                    """,
                arguments: [host, WallTime.now, reason.rawValue, HostMark.Reason.drained.rawValue])
            return known == nil
        }
    }

    /// Takes the mark of a host away. The guests that were taken from it stay known.
    ///
    /// - Returns: whether there was one.
    package func unmark(_ host: String) throws(ApusError) -> Bool {
        try write("take the mark of \(host) out of the journal") { database in
            try database.execute(sql: "DELETE FROM mark WHERE host = ?", arguments: [host])
            return database.changesCount > 0
        }
    }

    /// All marks, by host.
    package func marks() throws(ApusError) -> [HostMark] {
        try read("read the journal") { database in
            try Row.fetchAll(database, sql: "SELECT * FROM mark ORDER BY host").map { row in
                let reason: String = try row.value("reason")
                return HostMark(
                    host: try row.value("host"), reason: HostMark.Reason(rawValue: reason) ?? .drained,
                    since: try row.value("since"))
            }
        }
    }

    /// Notes that a guest was taken away from a host.
    package func note(taken guest: GuestIdentity, from host: String) throws(ApusError) {
        try write("note a guest of \(host) in the journal") { database in
            try database.execute(
                sql: """
                    INSERT INTO taken (host, guest_uuid, guest_name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
                    """,
                arguments: [host, guest.uuid, guest.name])
        }
    }

    /// Forgets a guest that was taken away from a host: it is back.
    package func forget(taken guest: GuestIdentity, from host: String) throws(ApusError) {
        try write("forget a guest of \(host) in the journal") { database in
            try database.execute(
                sql: "DELETE FROM taken WHERE host = ? AND guest_uuid = ?", arguments: [host, guest.uuid])
        }
    }

    /// Guests that were taken away from a host and have not been brought back, in the order in which they went.
    package func taken(from host: String) throws(ApusError) -> [GuestIdentity] {
        try read("read the journal") { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM taken WHERE host = ? ORDER BY number", arguments: [host]
            )
            .map { GuestIdentity(name: try $0.value("guest_name"), uuid: try $0.value("guest_uuid")) }
        }
    }
}
