import FleetModel
import FoundationEssentials

/// What is worth telling of a plan that was carried out: as much of it as this version can read.
///
/// The journal keeps plans of every version that ever moved something.
struct SealedPlan: Decodable {
    let strategy: MoveStrategy?
    let choices: [MovePlan.Choice]
    let rejected: [MovePlan.RejectedStrategy]

    private enum CodingKeys: String, CodingKey { case method, choices, rejected }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        strategy = (try? container.decode(TransferMethod.self, forKey: .method))?.strategy
        choices = (try? container.decode([MovePlan.Choice].self, forKey: .choices)) ?? []
        rejected = (try? container.decode([MovePlan.RejectedStrategy].self, forKey: .rejected)) ?? []
    }

    init?(_ move: MoveRecord) {
        guard
            let plan = try? Document.decode(
                SealedPlan.self, Data(move.plan.utf8), path: "the journal", what: "a plan")
        else { return nil }
        self = plan
    }
}
