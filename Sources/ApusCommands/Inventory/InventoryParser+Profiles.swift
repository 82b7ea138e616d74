import FleetModel
import Policy
import Yams

extension InventoryParser {
    private static let keys = ["on-stall", "max-rounds", "max-sent", "stall-rounds", "enough-left"]

    /// `profiles: {nightly: {on-stall: [suspend], max-rounds: none}}`; what is left out is as in `balanced`.
    func readProfiles(_ node: Node, into settings: inout PolicySettings) throws(ApusError) {
        for (key, description) in try mapping(node, "profiles") {
            let name = try scalar(key, "a profile's name")
            guard ConvergenceProfile(rawValue: name) == nil else {
                throw invalid(key, "profile \(name) is built in; give yours another name")
            }
            var policy = ConvergenceProfile.balanced.policy
            for (key, value) in try mapping(description, "profile \(name)") {
                let word = try scalar(key, "a key of profile \(name)")
                guard Self.keys.contains(word) else { throw unknown(key, word, among: Self.keys) }
                // As the command line would have it.
                let text = try values(value, "\(word) of profile \(name)").joined(separator: ",")
                do throws(ConvergenceWords.Mistake) {
                    try ConvergenceWords.set(word, to: text, in: &policy)
                } catch {
                    throw invalid(value, "\(word) of profile \(name): \(error.text)")
                }
            }
            settings.profiles[name] = policy
        }
    }
}
