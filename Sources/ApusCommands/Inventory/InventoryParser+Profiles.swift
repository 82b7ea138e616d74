import FleetModel
import Policy
import Yams

/// What an inventory says about convergence.
struct ProfileSettings {
    var profiles: [String: ConvergencePolicy] = [:]
    /// By the guest's name or UUID.
    var guests: [String: String] = [:]
    var profile: String?
}

extension InventoryParser {
    private static let keys = ["on-stall", "max-rounds", "max-sent", "stall-rounds", "enough-left"]

    /// `profiles: {nightly: {on-stall: [suspend], max-rounds: none}}`; what is left out is as in `balanced`.
    func readProfiles(_ node: Node, into settings: inout ProfileSettings) throws(ApusError) {
        for (key, description) in try mapping(node, "profiles") {
            let name = try scalar(key, "a profile's name")
            guard ConvergenceProfile(rawValue: name) == nil else {
                throw invalid(key, "profile \(name) is built in; give yours another name")
            }
            var policy = ConvergenceProfile.balanced.policy
            for (key, value) in try mapping(description, "profile \(name)") {
                let word = try scalar(key, "a key of profile \(name)")
                guard Self.keys.contains(word) else { throw unknown(key, word, among: Self.keys) }
                let text = try listed(value, "\(word) of profile \(name)")
                do throws(ConvergenceWords.Mistake) {
                    try ConvergenceWords.set(word, to: text, in: &policy)
                } catch {
                    throw invalid(value, "\(word) of profile \(name): \(error.text)")
                }
            }
            settings.profiles[name] = policy
        }
    }

    /// `guests: {web01: {profile: nightly}}`
    func readGuests(_ node: Node, into settings: inout ProfileSettings) throws(ApusError) {
        for (key, description) in try mapping(node, "guests") {
            let name = try scalar(key, "a guest's name")
            for (key, value) in try mapping(description, "guest \(name)") {
                let word = try scalar(key, "a key of guest \(name)")
                guard word == "profile" else { throw unknown(key, word, among: ["profile"]) }
                settings.guests[name] = try scalar(value, "profile of guest \(name)")
            }
        }
    }

    func checkProfiles(_ settings: ProfileSettings) throws(ApusError) {
        let known = ConvergenceProfile.allCases.map(\.rawValue) + settings.profiles.keys.sorted()
        for name in settings.guests.values.sorted() + [settings.profile].compactMap(\.self)
        where !known.contains(name) {
            throw invalid(
                nil, "there is no profile '\(name)'",
                hint: Spelling.suggestion(for: name, in: known)
                    ?? "Profiles: \(known.joined(separator: ", ")).")
        }
    }

    /// A list, or a single value, as the command line would have it.
    private func listed(_ node: Node, _ what: String) throws(ApusError) -> String {
        guard case .sequence(let sequence) = node else { return try scalar(node, what) }
        var words: [String] = []
        for element in sequence { words.append(try scalar(element, "each word of \(what)")) }
        return words.joined(separator: ",")
    }
}
