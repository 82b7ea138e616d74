import FleetModel
import Journal
import Logging
import Migration

/// A move of disks on one host, as the journal has it: it holds the guest until its end.
struct HomeBook: Sendable {
    let id: String
    let owner = Journal.currentProcess()
    private let journal: Journal
    private let began: ContinuousClock.Instant

    /// Notes that it begins.
    ///
    /// - Throws: `guest-busy` with who holds the guest, and since when; the journal's codes.
    init(_ plan: HomePlan, in journal: Journal, began: ContinuousClock.Instant) throws(ApusError) {
        let record = MoveRecord(beginning: plan)
        id = record.id
        self.journal = journal
        self.began = began
        try journal.begin(
            record,
            Reservation(
                move: id, guest: plan.guest, source: plan.host.name, destination: plan.host.name,
                memory: .zero, owner: owner, since: record.began))
    }

    func tell(_ remark: String) {
        attempt { () throws(ApusError) in
            try journal.note([MoveEntry(at: began.duration(to: .now), .remark(remark))], of: id)
        }
    }

    /// With something left on the host it is not over: `apus repair` ends it.
    func fail(_ error: ApusError) {
        tell(error.detail)
        attempt { () throws(ApusError) in
            guard try journal.undoable(by: id).isEmpty else { return }
            try end(error.code == .interrupted ? .aborted : .failed, error.code)
        }
    }

    func finish(_ outcome: MoveRecord.Outcome) {
        attempt { () throws(ApusError) in try end(outcome, nil) }
    }

    private func end(_ outcome: MoveRecord.Outcome, _ code: ApusError.Code?) throws(ApusError) {
        try journal.finish(id: id, outcome: outcome, code: code?.rawValue, actual: nil)
    }

    /// The disks are where they are, whatever the journal's disk says.
    private func attempt(_ work: () throws(ApusError) -> Void) {
        do throws(ApusError) {
            try work()
        } catch {
            Logger.current.warning(
                "the journal could not be written", metadata: ["move": "\(id)", "reason": "\(error.detail)"])
        }
    }
}
