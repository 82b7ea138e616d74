import FleetModel
import Journal
import LibvirtFleet
import Migration

/// Carries out the plan of one move: live, or as files.
struct MoveExecution: Sendable {
    let plan: MovePlan
    let session: MoveSession
    let journal: Journal
    let began: ContinuousClock.Instant
    let progress: @Sendable (MoveProgress) -> Void
    /// Is given what ends the move early, before it begins.
    let abortable: @Sendable (@escaping @Sendable () -> Void) -> Void

    func run() async throws(ApusError) -> MoveResult {
        let record = MoveRecord(beginning: plan)
        guard let cold = plan.cold else {
            let migration = LiveMigration(
                plan: plan, record: record, owner: Journal.currentProcess(), ports: session.ports(for: plan),
                log: journal, began: began, progress: progress)
            abortable { migration.requestAbort(.signal) }
            return try await migration.run()
        }
        let earlier = try journal.unfinished().filter { $0.isLeft(by: plan.guest) }
        let move = ColdMove(
            plan: plan, cold: cold, record: record, owner: Journal.currentProcess(), session: session,
            log: journal, earlier: earlier.flatMap(\.undo), began: began,
            // A journal that cannot be read for a moment changes nothing.
            wanted: { [journal] in (try? journal.wantedLimit(of: record.id)) ?? nil }, progress: progress)
        abortable { move.requestAbort(.signal) }
        return try await move.run()
    }
}
