import FleetModel
import Policy
import Yams

/// What an inventory says about guests.
struct PolicySettings {
    var profiles: [String: ConvergencePolicy] = [:]
    /// Of every guest.
    var policy = GuestPolicy()
    /// By the guest's name or UUID.
    var guests: [String: GuestPolicy] = [:]
    /// What groups make of their guests, by name or UUID.
    var members: [String: GuestPolicy] = [:]

    var guestPolicies: [String: GuestPolicy] {
        guests.merging(members) { own, group in own.filled(from: group) }
    }

    var all: [(guest: String?, policy: GuestPolicy)] {
        [(nil, policy)] + guests.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

extension InventoryParser {
    /// `policy: {priority: 0, window: [daily 22:00-06:00]}`: the same keys as a guest's own metadata.
    func readPolicy(_ node: Node, _ what: String, into policy: inout GuestPolicy) throws(ApusError) {
        for (key, value) in try mapping(node, what) {
            let word = try scalar(key, "a key of \(what)")
            guard let part = GuestPolicy.Key(rawValue: word) else {
                throw unknown(key, word, among: GuestPolicy.Key.allCases.map(\.rawValue))
            }
            let values = try values(value, "\(word) of \(what)")
            do throws(GuestPolicy.Mistake) { try policy.set(part, to: values) } catch {
                throw invalid(value, "\(what): \(error.text)")
            }
        }
    }

    /// `guests: {web01: {profile: nightly, priority: 10}}`
    func readGuests(_ node: Node, into settings: inout PolicySettings) throws(ApusError) {
        for (key, description) in try mapping(node, "guests") {
            let name = try scalar(key, "a guest's name")
            try readPolicy(description, "guest \(name)", into: &settings.guests[name, default: GuestPolicy()])
        }
    }

    /// `groups: {db: {apart: [db01, db02]}, shop: {together: [web01, cache01]}}`
    func readGroups(_ node: Node, into settings: inout PolicySettings) throws(ApusError) {
        for (key, description) in try mapping(node, "groups") {
            let name = try scalar(key, "a group's name")
            for (key, value) in try mapping(description, "group \(name)") {
                let word = try scalar(key, "a key of group \(name)")
                guard ["apart", "together"].contains(word) else {
                    throw unknown(key, word, among: ["apart", "together"])
                }
                for guest in try values(value, "\(word) of group \(name)") {
                    var member = GuestPolicy()
                    if word == "apart" { member.antiAffinity = [name] } else { member.affinity = [name] }
                    settings.members[guest] = member.filled(from: settings.members[guest] ?? GuestPolicy())
                }
            }
        }
    }

    /// A list, or a single value.
    func values(_ node: Node, _ what: String) throws(ApusError) -> [String] {
        guard case .sequence(let sequence) = node else { return [try scalar(node, what)] }
        var values: [String] = []
        for element in sequence { values.append(try scalar(element, "each value of \(what)")) }
        return values
    }
}

extension Inventory {
    /// Names in a policy that nothing bears: hosts, profiles. A typo would silently mean something else.
    func mistakes(in policy: GuestPolicy) -> [String] {
        var mistakes: [String] = []
        func look(for name: String, in known: [String], _ what: String) {
            guard !known.contains(name) else { return }
            mistakes.append(
                "there is no \(what) '\(name)'"
                    + (Spelling.suggestion(for: name, in: known).map { ". \($0)" } ?? ""))
        }
        for host in (policy.allowedHosts ?? []).sorted() { look(for: host, in: hosts.map(\.name), "host") }
        for host in policy.preferredHosts ?? [] { look(for: host, in: hosts.map(\.name), "host") }
        if let profile = policy.profile {
            look(
                for: profile, in: ConvergenceProfile.allCases.map(\.rawValue) + profiles.keys.sorted(),
                "profile")
        }
        return mistakes
    }
}
