import FleetModel

extension PreflightCase {
    /// What the guest's owner wants.
    static let policy = [
        PreflightCase("a destination that was drained", [.hostMarked: .blocker]) {
            $0.isDestinationMarked = true
        },
        PreflightCase("a guest that stays where it is", [.neverMove: .blocker]) {
            $0.policy = facts([.neverMove: ["yes"]])
        },
        PreflightCase("a host that the guest may not be on", [.hostNotAllowed: .blocker]) {
            $0.policy = facts([.allow: ["gamma"]])
        },
        PreflightCase("an hour in which the guest may not be moved", [.outsideWindow: .blocker]) {
            $0.policy = facts([.window: ["daily 22:00-06:00"]])
        },
        PreflightCase(
            "a wish that a rule forbids", [.hostNotAllowed: .blocker, .policyContradiction: .warning]
        ) {
            $0.policy = facts([.allow: ["gamma"], .prefer: ["beta"]])
        },
        PreflightCase(
            "hours for a guest that never moves", [.neverMove: .blocker, .policyContradiction: .warning]
        ) {
            $0.policy = facts([.neverMove: ["yes"], .window: ["daily 00:00-24:00"]])
        },
        PreflightCase("a group that is to be shunned and kept company", [.policyContradiction: .warning]) {
            $0.policy = facts([.affinity: ["db"], .antiAffinity: ["db", "web"]])
        },
        PreflightCase("company that it is to be without", [.antiAffinity: .blocker]) {
            $0.policy = facts([.antiAffinity: ["web"]])
            $0.policy?.unwelcome = .known([PolicyFacts.Neighbour(name: "web02", group: "web")])
        },
        PreflightCase("company that nobody could ask for", [.notKnown: .warning]) {
            $0.policy = facts([.antiAffinity: ["web"]])
            $0.policy?.unwelcome = .notKnown("timeout")
        },
        PreflightCase("nothing where the policy allows the move", [:]) {
            $0.policy = facts([.allow: ["beta"], .window: ["wed 12:00-12:01"], .neverMove: ["no"]])
        },
    ]

    /// On a Wednesday at noon.
    private static func facts(_ parts: [GuestPolicy.Key: [String]]) -> PolicyFacts {
        var policy = GuestPolicy()
        for (key, values) in parts { try? policy.set(key, to: values) }
        return PolicyFacts(policy: policy, now: WeekTime(.wed, hour: 12, minute: 0))
    }
}
