import FleetModel
import FoundationEssentials

/// What is worth telling of a plan that was carried out: as much of it as this version can read.
///
/// The journal keeps plans of every version that ever moved something.
struct SealedPlan: Decodable {
    let choices: [MovePlan.Choice]
    let rejected: [MovePlan.RejectedStrategy]

    /// Every plan says this of itself in words, whatever its other fields are: a strategy for a guest's memory, `cold` or
    /// `warm`.
    var strategyName: String? { choices.first { $0.subject == "strategy" }?.choice }

    var strategy: MoveStrategy? { strategyName.flatMap(MoveStrategy.init(rawValue:)) }

    private enum CodingKeys: String, CodingKey { case choices, rejected }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
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
