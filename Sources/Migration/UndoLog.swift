package import FleetModel

/// Where a run notes what it is about to create on a host, so that a later run can take it away if this one
/// cannot. Implemented by Journal.
///
/// The order is: note, create, remove, clear. What stands here after a crash may exist and may not.
package protocol UndoLog: Sendable {
    /// Notes it for good: once this returns, no crash of the process or of the machine loses the note.
    func note(_ record: UndoRecord) throws(ApusError)
    /// Forgets it; what is not there any more is no error.
    func clear(_ id: String) throws(ApusError)
    /// What checks that are gone left behind on that host, newest first, which is the order to
    /// remove it in. What belongs to a live process, or to a move, is its own.
    func left(on host: String) throws(ApusError) -> [UndoRecord]
}
