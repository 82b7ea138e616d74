package import FleetModel
import Logging

/// One move's page in the journal, while this process writes it.
///
/// What has to be on the disk before the next step throws when it cannot be; the rest is told as a warning, once:
/// a guest that is under way matters more than its story.
package struct MoveBook: Sendable {
    package let id: String
    package let owner: ProcessMark
    private let log: any MoveLog
    private var waiting: [MoveEntry] = []
    private var lastWrite: Duration = .zero
    private var hasFailed = false

    package init(id: String, owner: ProcessMark, log: any MoveLog) {
        self.id = id
        self.owner = owner
        self.log = log
    }

    package func begin(_ record: MoveRecord, _ reservation: Reservation) throws(ApusError) {
        try log.begin(record, reservation)
    }

    package func adopt() throws(ApusError) { try log.adopt(id, by: owner) }

    /// What is to be put back when the move fails, before it is changed.
    ///
    /// - Parameters:
    ///   - trace: what is about to be changed.
    ///   - host: where.
    ///   - number: its place among the move's changes.
    /// - Throws: the journal's codes; then it must not be changed.
    package func note(_ trace: UndoRecord.Trace, on host: Host, number: Int) throws(ApusError) {
        try log.note(
            UndoRecord(
                id: "\(id)-\(number)", run: id, purpose: .move, host: host.name, uri: host.uri, trace: trace,
                owner: owner))
    }

    /// Notes a phase that must not be entered without the journal's knowing.
    ///
    /// - Throws: the journal's codes; then it must not be entered.
    package mutating func commit(to phase: Phase, at elapsed: Duration) throws(ApusError) {
        lastWrite = elapsed
        try log.note(waiting + [MoveEntry(at: elapsed, .phase(phase))], of: id)
        waiting = []
    }

    /// Notes at once that a phase was seen from outside, after the move's own events were over.
    func note(_ phase: Phase) { note(.phase(phase), at: lastWrite) }

    /// Notes at once what is not told by the move's own process.
    package func note(_ event: MoveEntry.Event, at elapsed: Duration) {
        do throws(ApusError) {
            try log.note([MoveEntry(at: elapsed, event)], of: id)
        } catch {
            Logger.current.warning(
                "the journal could not be written",
                metadata: ["move": "\(id)", "reason": "\(error.detail)"])
        }
    }

    /// The last phase that the journal knows of.
    package func reached() throws(ApusError) -> Phase? { try log.reached(id) }

    func movesUnderWay() throws(ApusError) -> [MoveUnderWay] { try log.movesUnderWay() }

    package func undoable() throws(ApusError) -> [UndoRecord] { try log.undoable(by: id) }

    package func forget(_ record: UndoRecord) throws(ApusError) { try log.clear(record.id) }

    /// Adds to the story. Samples wait for company: a second of them is one write.
    package mutating func tell(_ event: MoveEntry.Event, at elapsed: Duration) {
        waiting.append(MoveEntry(at: elapsed, event))
        if case .sample = event, elapsed - lastWrite < .seconds(1) { return }
        write(at: elapsed)
    }

    private mutating func write(at elapsed: Duration) {
        lastWrite = elapsed
        guard !waiting.isEmpty else { return }
        do throws(ApusError) {
            try log.note(waiting, of: id)
        } catch {
            warn(error)
        }
        waiting = []
    }

    /// The guest is where it is, whatever the journal's disk says.
    package mutating func finish(
        _ outcome: MoveRecord.Outcome, code: ApusError.Code?, actual: PastMove?, at elapsed: Duration
    ) {
        write(at: elapsed)
        do throws(ApusError) {
            try log.finish(id: id, outcome: outcome, code: code?.rawValue, actual: actual)
        } catch {
            hasFailed = false
            warn(error)
        }
    }

    private mutating func warn(_ error: ApusError) {
        guard !hasFailed else { return }
        hasFailed = true
        Logger.current.warning(
            "the journal could not be written",
            metadata: ["move": "\(id)", "reason": "\(error.detail)"])
    }
}
