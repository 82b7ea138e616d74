import FleetModel
import LibvirtFleet

/// What a policy says, part by part, for people.
struct PolicyTable {
    let own: GuestPolicy
    let effective: GuestPolicy

    var text: String {
        var table = Table([("PART", .left), ("VALUE", .left), ("FROM", .left)])
        for key in GuestPolicy.Key.allCases {
            let values = effective.words(key)
            guard !values.isEmpty else { continue }
            let from =
                own.words(key).isEmpty ? "inventory" : own.words(key) == values ? "guest" : "guest, inventory"
            table.add([key.rawValue, values.joined(separator: ", "), from])
        }
        return effective.isEmpty ? "No policy: it may move at any time to any host." : table.text()
    }
}

/// Says what a change of a policy was.
struct PolicyChangeReporter {
    let common: CommonOptions
    let dryRun: Bool

    func report(_ change: PolicyEditor.Change) {
        if common.json {
            Envelope(
                command: "policy", changed: change.hasChanged && !dryRun,
                result: PolicyChangeReport(change), error: nil
            ).print()
        } else {
            Console.print(text(change))
        }
    }

    private func text(_ change: PolicyEditor.Change) -> String {
        let name = change.guest.identity.name
        guard change.hasChanged else { return "The policy of \(name) says that already; nothing to do." }
        let lines = GuestPolicy.Key.allCases.compactMap { key -> String? in
            let (before, after) = (change.before.words(key), change.after.words(key))
            guard before != after else { return nil }
            func said(_ words: [String]) -> String { words.isEmpty ? "open" : words.joined(separator: ", ") }
            return "  \(key.rawValue): \(said(before)) → \(said(after))"
        }
        let head = "The policy of \(name) \(dryRun ? "would be changed (--dry-run)" : "was changed"):"
        return ([head] + lines).joined(separator: "\n")
    }
}

struct PolicyReport: Encodable {
    let guest: String
    let host: String
    /// What the guest itself carries.
    let policy: PolicyParts
    /// With what the inventory adds.
    let effective: PolicyParts
    let mistakes: [String]

    init(_ guest: Guest, _ own: GuestPolicy, _ effective: GuestPolicy, _ mistakes: [String]) {
        self.guest = guest.identity.name
        host = guest.host
        policy = PolicyParts(own)
        self.effective = PolicyParts(effective)
        self.mistakes = mistakes
    }
}

private struct PolicyChangeReport: Encodable {
    let guest: String
    let host: String
    let before: PolicyParts
    let after: PolicyParts

    init(_ change: PolicyEditor.Change) {
        guest = change.guest.identity.name
        host = change.guest.host
        before = PolicyParts(change.before)
        after = PolicyParts(change.after)
    }
}

/// A policy in JSON: what it leaves open is not there.
struct PolicyParts: Encodable {
    let profile: String?
    let downtimeLimitSeconds: Double?
    let priority: Int?
    let neverMove: Bool?
    let allow: [String]?
    let prefer: [String]?
    let affinity: [String]?
    let antiAffinity: [String]?
    let window: [String]?

    init(_ policy: GuestPolicy) {
        profile = policy.profile
        downtimeLimitSeconds = policy.downtime?.seconds
        priority = policy.priority
        neverMove = policy.neverMoves
        allow = policy.allowedHosts?.sorted()
        prefer = policy.preferredHosts
        affinity = policy.affinity?.sorted()
        antiAffinity = policy.antiAffinity?.sorted()
        window = policy.windows?.map(\.description)
    }
}
