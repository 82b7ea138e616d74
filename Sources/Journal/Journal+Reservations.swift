package import FleetModel
import FoundationEssentials
internal import GRDB

extension Journal {
    /// A move that has not come to an end.
    package struct Unfinished: Sendable {
        package let move: MoveRecord
        /// `nil` for a move of an apus that knew no reservations, and for one that ended and left something on a host.
        package let reservation: Reservation?
        /// What it changed on a host and has not put back, newest first.
        package let undo: [UndoRecord]
        /// Whether a live process is at work on it. Any other is `apus repair`'s.
        package let isHeld: Bool

        /// Whether it is a move of that guest that nobody is at work on: one whose process is gone, or one that has ended
        /// and left something on a host.
        package func isLeft(by guest: GuestIdentity) -> Bool {
            move.guest.uuid == guest.uuid && (reservation == nil || !isHeld)
        }
    }

    /// What is reserved on a host for guests that are on their way there, or may be: newest first.
    package func reservations(on destination: String) throws(ApusError) -> [Reservation] {
        try read("read the journal") { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM reservation WHERE destination = ? ORDER BY since DESC, move",
                arguments: [destination]
            ).map { try Hold(row: $0).reservation }
        }
    }

    /// The moves of live processes from one host to another, in the order in which they were begun.
    package func movesUnderWay() throws(ApusError) -> [MoveUnderWay] {
        try read("read the journal") { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT reservation.*, plan, (
                        SELECT rate_bytes_per_second FROM link
                        WHERE link.source = reservation.source AND link.destination = reservation.destination
                        ORDER BY measured DESC, link.number DESC LIMIT 1) AS link_rate
                    FROM reservation JOIN move ON move.id = reservation.move
                    WHERE reservation.source <> reservation.destination ORDER BY move.number
                    """
            ).compactMap { row in
                let hold = try Hold(row: row)
                guard hold.isHeld else { return nil }
                let rate: UInt64? = try row.optional("link_rate")
                let plan: String = try row.value("plan")
                return MoveUnderWay(
                    reservation: hold.reservation, bandwidth: PlanExcerpt(plan)?.request.bandwidth,
                    link: rate.map(ByteRate.init(bytesPerSecond:)))
            }
        }
    }

    /// The moves that have not come to an end, newest first: those under way, those whose process is gone, those that
    /// ended without it being known where the guest is, and those that left something on a host.
    package func unfinished() throws(ApusError) -> [Unfinished] {
        try read("read the journal") { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM move WHERE id IN (
                        SELECT id FROM move WHERE outcome IN ('open', 'not-known')
                        UNION SELECT run FROM undo WHERE purpose = 'move')
                    ORDER BY began DESC, number DESC
                    """
            ).map { row in
                let move = try MoveRecord(row: row)
                let hold = try Hold.of(move: move.id, in: database)
                let undo = try UndoRecord.fetch(move: move.id, from: database)
                return Unfinished(
                    move: move, reservation: hold?.reservation, undo: undo,
                    isHeld: hold.map(\.isHeld) ?? undo.contains(where: \.owner.isAlive))
            }
        }
    }

    /// Waits until no move holds the guest; with a limit of zero, sees that none does.
    ///
    /// It is asked for five times a second: SQLite tells nobody of another process's change. Who begins a move next is
    /// not settled by this; `begin` may still throw `guest-busy`.
    ///
    /// - Parameters:
    ///   - guest: its UUID, or its name.
    ///   - limit: how long; `nil` is until it is free.
    ///   - clock: what the limit is measured by.
    /// - Returns: whether it had to be waited for.
    /// - Throws: `guest-busy` when the limit is over, the task is cancelled, or waiting is of no use because the holder
    ///   is gone; the journal's codes.
    @discardableResult
    package func waitUntilFree<C: Clock>(
        guest: String, limit: Duration?, on clock: C = ContinuousClock()
    ) async throws(ApusError) -> Bool where C.Duration == Duration {
        let deadline = limit.map { clock.now.advanced(by: $0) }
        var hasWaited = false
        while let hold = try read("read the journal", { try Hold.of(guest: guest, orNamed: guest, in: $0) }) {
            let isOver = deadline.map { clock.now >= $0 } ?? false
            guard hold.isHeld, !isOver, !Task.isCancelled else {
                throw hold.refusal("move \(hold.reservation.guest)")
            }
            hasWaited = true
            let next = clock.now.advanced(by: .milliseconds(200))
            try? await clock.sleep(until: deadline.map { min($0, next) } ?? next, tolerance: nil)
        }
        return hasWaited
    }
}

extension Journal {
    /// Waits until both hosts may take part in one more move, or the time is over.
    ///
    /// Only this controller's own moves are waited for. Who takes the place is not settled by this.
    ///
    /// - Parameters:
    ///   - source: the host that the guest leaves.
    ///   - destination: the host that it goes to.
    ///   - limit: how long.
    /// - Throws: the journal's codes.
    package func waitForRoom(from source: Host, to destination: Host, limit: Duration) async throws(ApusError)
    {
        let deadline = ContinuousClock.now.advanced(by: limit)
        while true {
            let moves = try movesUnderWay().map(\.reservation)
            let leaving = moves.count { $0.source == source.name }
            let arriving = moves.count { $0.destination == destination.name }
            if leaving < source.maxOutgoing, arriving < destination.maxIncoming { return }
            guard ContinuousClock.now < deadline, !Task.isCancelled else { return }
            try? await Task.sleep(for: .milliseconds(200))
        }
    }
}

/// Of a sealed plan, what other moves have to know.
private struct PlanExcerpt: Decodable {
    struct Request: Decodable {
        let bandwidth: ByteRate?
    }
    let request: Request

    init?(_ plan: String) {
        guard let excerpt = try? JSONDecoder().decode(PlanExcerpt.self, from: Data(plan.utf8)) else {
            return nil
        }
        self = excerpt
    }
}

/// Who holds a guest: a row of the table.
struct Hold {
    let reservation: Reservation
    /// Whether its process ended the move without knowing where the guest is: it may live, but it lets others try.
    private let isGivenUp: Bool

    var isHeld: Bool { !isGivenUp && reservation.owner.isAlive }

    init(row: Row) throws {
        reservation = Reservation(
            move: try row.value("move"),
            guest: GuestIdentity(name: try row.value("guest_name"), uuid: try row.value("guest_uuid")),
            source: try row.value("source"), destination: try row.value("destination"),
            memory: ByteCount(try row.value("memory_bytes")), owner: try ProcessMark(row: row),
            since: try row.value("since"))
        isGivenUp = try row.value("given_up")
    }

    /// Who holds a guest: by its UUID, or by its name where no guest has that UUID.
    static func of(guest uuid: String, orNamed name: String? = nil, in database: Database) throws -> Hold? {
        try Row.fetchOne(
            database,
            sql: """
                SELECT * FROM reservation WHERE guest_uuid = :uuid OR guest_name = :name
                ORDER BY guest_uuid = :uuid DESC, since LIMIT 1
                """,
            arguments: ["uuid": uuid, "name": name]
        ).map(Hold.init(row:))
    }

    static func of(move: String, in database: Database) throws -> Hold? {
        try Row.fetchOne(database, sql: "SELECT * FROM reservation WHERE move = ?", arguments: [move])
            .map(Hold.init(row:))
    }

    /// Gives the guest back, or keeps it for whoever finds out where it is.
    static func release(_ move: String, isSettled: Bool, in database: Database) throws {
        try database.execute(
            sql: isSettled
                ? "DELETE FROM reservation WHERE move = ?"
                : "UPDATE reservation SET given_up = 1 WHERE move = ?",
            arguments: [move])
    }

    func pass(to owner: ProcessMark, in database: Database) throws {
        try database.execute(
            sql: """
                UPDATE reservation SET owner_pid = ?, owner_started = ?, owner_boot = ?, given_up = 0
                WHERE move = ?
                """,
            arguments: [owner.pid, Int64(clamping: owner.started), owner.boot, reservation.move])
    }

    /// Tells whoever comes second who was first, and what to do.
    func refusal(_ operation: String) -> ApusError {
        let (guest, pid, route) = (reservation.guest, reservation.owner.pid, reservation.route)
        let (id, since) = (reservation.move.prefix(8), WallTime.text(reservation.since))
        if isHeld {
            return ApusError(
                .guestBusy, operation,
                "\(route.progress(of: guest)) by process \(pid) since \(since) (\(id))",
                hint: route.isHome
                    ? "Wait for it with --wait; INT to process \(pid) ends it and leaves the disks where they were."
                    : "Wait for it with --wait, or watch it with apus status --watch.")
        }
        let what = "the \(route.name(of: guest)) since \(since) (\(id))"
        let detail =
            isGivenUp
            ? "\(what) ended without it being known where \(guest) is"
            : "\(what) was left unfinished: process \(pid) is gone"
        return ApusError(
            .guestBusy, operation, detail, hint: "apus repair \(guest) finishes or undoes it; then try again."
        )
    }
}

extension Reservation {
    func insert(into database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO reservation (
                    guest_uuid, guest_name, move, source, destination, memory_bytes, owner_pid, owner_started,
                    owner_boot, since)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                guest.uuid, guest.name, move, source, destination, Int64(clamping: memory.bytes), owner.pid,
                Int64(clamping: owner.started), owner.boot, since,
            ])
    }
}
