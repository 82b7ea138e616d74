package import FleetModel

/// Where a move is written down, so that another process can finish or undo it. Implemented by Journal for the disk and
/// by Simulator for memory.
///
/// Once a call returns, no crash of the process or of the machine loses what it said.
package protocol MoveLog: UndoLog {
    /// Notes a move and reserves its guest in one step.
    ///
    /// - Throws: `guest-busy` with who holds the guest, and since when; the journal's codes.
    func begin(_ move: MoveRecord, _ reservation: Reservation) throws(ApusError)
    /// Adds to the move's story.
    func note(_ entries: [MoveEntry], of move: String) throws(ApusError)
    /// Takes an unfinished move over from a process that is gone.
    ///
    /// - Throws: `guest-busy` when that process lives.
    func adopt(_ move: String, by owner: ProcessMark) throws(ApusError)
    /// The moves of live processes, in the order in which they began; among them the caller's own.
    func movesUnderWay() throws(ApusError) -> [MoveUnderWay]
    /// The last phase that the move is known to have entered.
    func reached(_ move: String) throws(ApusError) -> Phase?
    /// What the move changed and may have to put back, newest first.
    func undoable(by move: String) throws(ApusError) -> [UndoRecord]
    /// Notes the end. The reservation is given back unless the outcome is `notKnown`: nobody touches such a guest
    /// but `apus repair`.
    func finish(
        id: String, outcome: MoveRecord.Outcome, code: String?, actual: PastMove?
    ) throws(ApusError)
}
