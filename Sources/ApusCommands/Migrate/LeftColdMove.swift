import FleetModel
import FoundationEssentials
import Journal
import LibvirtFleet

/// A cold move whose process is gone. It is no obstacle to the next one, which goes on with what has arrived.
struct LeftColdMove: Sendable {
    let move: MoveRecord
    let plan: MovePlan
    let cold: ColdPlan

    /// Those of a guest, by its name or UUID.
    ///
    /// - Throws: the journal's codes.
    static func of(_ guest: String, _ journal: Journal) throws(ApusError) -> [LeftColdMove] {
        var found: [LeftColdMove] = []
        for left in try journal.unfinished() where left.move.isUnfinished && !left.isHeld {
            guard left.move.guest.name == guest || left.move.guest.uuid == guest,
                let plan = try? Document.decode(
                    MovePlan.self, Data(left.move.plan.utf8), path: journal.path, what: "the plan of a move"),
                let cold = plan.cold
            else { continue }
            found.append(LeftColdMove(move: left.move, plan: plan, cold: cold))
        }
        return found
    }

    /// Brings them to an end, and keeps the files that have arrived.
    ///
    /// - Throws: what the repair throws.
    static func takeOver(_ guest: String, _ journal: Journal) async throws(ApusError) {
        for left in try of(guest, journal) {
            _ = try await ColdRepair(
                id: left.move.id, plan: left.plan, cold: left.cold, owner: Journal.currentProcess(),
                log: journal
            ).run(keepsFiles: true, say: { Console.note("apus: \($0)") })
        }
    }
}
