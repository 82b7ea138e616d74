package import FleetModel
internal import GRDB
import Migration

extension Journal: MoveLog {
    /// Stores a move before it starts, and reserves its guest; plan and forecast cannot be changed any more.
    package func begin(_ move: MoveRecord, _ reservation: Reservation) throws(ApusError) {
        let operation = "note the move of \(move.guest) in the journal"
        try write(operation) { database in
            try move.insert(into: database)
            if let holder = try Hold.of(guest: reservation.guest.uuid, in: database) {
                throw holder.refusal(operation)
            }
            try reservation.insert(into: database)
        }
    }

    package func note(_ entries: [MoveEntry], of move: String) throws(ApusError) {
        try write("note the course of move \(move) in the journal") { database in
            let isKnown = try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT 1 FROM move WHERE id = ?)", arguments: [move])
            guard isKnown == true else { throw UnknownMove(id: move) }
            try MoveEntry.append(entries, to: move, in: database)
        }
    }

    /// Takes an unfinished move over from a process that is gone, or that ended it without knowing where its guest is.
    ///
    /// - Throws: `guest-busy` when that process lives and is at work on it; when another move holds the guest; and when
    ///   the move has ended meanwhile with nothing left to put back.
    package func adopt(_ move: String, by owner: ProcessMark) throws(ApusError) {
        let operation = "take move \(move) over"
        try write(operation) { database in
            guard let record = try MoveRecord.fetch(move, from: database) else { throw UnknownMove(id: move) }
            if let hold = try Hold.of(move: move, in: database) {
                guard !hold.isHeld || hold.reservation.owner == owner else { throw hold.refusal(operation) }
                try hold.pass(to: owner, in: database)
            } else {
                try Self.reserveAnew(record, for: owner, operation, in: database)
            }
            try database.execute(
                sql: """
                    UPDATE undo SET owner_pid = ?, owner_started = ?, owner_boot = ?
                    WHERE run = ? AND purpose = 'move'
                    """,
                arguments: [owner.pid, Int64(clamping: owner.started), owner.boot, move])
        }
    }

    package func undoable(by move: String) throws(ApusError) -> [UndoRecord] {
        try read("read the journal") { database in try UndoRecord.fetch(move: move, from: database) }
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
            try actual?.store(as: id, in: database)
            try Hold.release(id, isSettled: outcome != .notKnown, in: database)
        }
    }

    /// For a move that holds nothing: an apus that knew no reservations began it, or it has ended and left something on
    /// a host.
    private static func reserveAnew(
        _ move: MoveRecord, for owner: ProcessMark, _ operation: String, in database: Database
    ) throws {
        if let holder = try Hold.of(guest: move.guest.uuid, in: database) { throw holder.refusal(operation) }
        let undo = try UndoRecord.fetch(move: move.id, from: database)
        let isBusy = undo.contains { $0.owner != owner && $0.owner.isAlive }
        guard !isBusy, move.isUnfinished || !undo.isEmpty else {
            throw ApusError(
                .guestBusy, operation,
                "the move of \(move.guest) from \(move.source) to \(move.destination) (\(move.id.prefix(8))) has ended "
                    + "(\(move.outcome.rawValue))\(isBusy ? ", and its process is tidying up" : "")",
                hint: "Nothing is left to do but to see how: apus show \(move.id.prefix(8))")
        }
        try Reservation(
            move: move.id, guest: move.guest, source: move.source, destination: move.destination,
            memory: .zero,
            owner: owner, since: move.began
        ).insert(into: database)
    }
}

extension MoveRecord {
    /// Whether it never said how it ended, or could not.
    package var isUnfinished: Bool { outcome == .open || outcome == .notKnown }

    fileprivate static func fetch(_ id: String, from database: Database) throws -> MoveRecord? {
        try Row.fetchOne(database, sql: "SELECT * FROM move WHERE id = ?", arguments: [id])
            .map(MoveRecord.init(row:))
    }

    fileprivate func insert(into database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO move (
                    id, guest_name, guest_uuid, source, destination, began, plan, forecast, outcome, code)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                id, guest.name, guest.uuid, source, destination, began, plan, forecast, outcome.rawValue,
                code,
            ])
        try actual?.store(as: id, in: database)
    }
}

extension PastMove {
    fileprivate func store(as id: String, in database: Database) throws {
        try database.execute(
            sql: """
                UPDATE move SET strategy = ?, total_ns = ?, downtime_ns = ?, wire_bytes = ?, relayed_bytes = ?, rounds = ?,
                    before_ns = ?, transfer_ns = ?, after_ns = ?, dirty_rate_bytes_per_second = ?,
                    link_rate_bytes_per_second = ?
                WHERE id = ?
                """,
            arguments: [
                strategy?.rawValue, total.nanoseconds, downtime?.nanoseconds,
                wire.map { Int64(clamping: $0.bytes) }, relayed.map { Int64(clamping: $0.bytes) }, rounds,
                before?.nanoseconds, transfer?.nanoseconds,
                after?.nanoseconds, dirtyRate.map { Int64(clamping: $0.bytesPerSecond) },
                link.map { Int64(clamping: $0.bytesPerSecond) }, id,
            ])
    }
}
