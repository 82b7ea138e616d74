import FleetModel
import Migration
import Synchronization

/// A journal that lasts as long as a test.
final class PageInMemory: MoveLog {
    private struct State {
        var undo: [UndoRecord] = []
        var everNoted: [UndoRecord] = []
        var entries: [MoveEntry] = []
        var outcome: MoveRecord.Outcome?
        var isHeld = false
        var refusesNotes = false
        /// Who is under way, look by look; the last one stays.
        var looks: [[MoveUnderWay]] = [[]]
    }

    private let state = Mutex(State())

    var entries: [MoveEntry] { state.withLock(\.entries) }
    var outcome: MoveRecord.Outcome? { state.withLock(\.outcome) }
    var isHeld: Bool { state.withLock(\.isHeld) }
    var undo: [UndoRecord] { state.withLock(\.undo) }

    /// Also what was forgotten since.
    var everNoted: [UndoRecord] { state.withLock(\.everNoted) }
    func letOthersMove(_ looks: [[MoveUnderWay]]) { state.withLock { $0.looks = looks } }

    func movesUnderWay() throws(ApusError) -> [MoveUnderWay] {
        state.withLock { $0.looks.count > 1 ? $0.looks.removeFirst() : $0.looks.first ?? [] }
    }

    func refuseNotes() { state.withLock { $0.refusesNotes = true } }

    func begin(_ move: MoveRecord, _ reservation: Reservation) throws(ApusError) {
        let wasHeld = state.withLock { state in
            defer { state.isHeld = true }
            return state.isHeld
        }
        guard !wasHeld else { throw ApusError(.guestBusy, "move web01", "somebody else moves it", hint: nil) }
    }

    func note(_ entries: [MoveEntry], of move: String) throws(ApusError) {
        let refuses = state.withLock { state in
            if !state.refusesNotes { state.entries += entries }
            return state.refusesNotes
        }
        if refuses { throw Self.full }
    }

    func reached(_ move: String) throws(ApusError) -> Phase? {
        MoveEntry.reached(entries)
    }

    func adopt(_ move: String, by owner: ProcessMark) throws(ApusError) {}

    func undoable(by move: String) throws(ApusError) -> [UndoRecord] { state.withLock { $0.undo.reversed() } }

    func finish(
        id: String, outcome: MoveRecord.Outcome, code: String?, actual: PastMove?
    ) throws(ApusError) {
        state.withLock { state in
            state.outcome = outcome
            state.isHeld = outcome == .notKnown
        }
    }

    func note(_ record: UndoRecord) throws(ApusError) {
        let refuses = state.withLock { state in
            if !state.refusesNotes {
                state.undo.append(record)
                state.everNoted.append(record)
            }
            return state.refusesNotes
        }
        if refuses { throw Self.full }
    }

    func clear(_ id: String) throws(ApusError) { state.withLock { $0.undo.removeAll { $0.id == id } } }

    func left(on host: String) throws(ApusError) -> [UndoRecord] { [] }

    private static let full = ApusError(
        .journalUnwritable, "write the journal", "the disk is full", hint: nil)
}
