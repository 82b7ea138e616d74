package import FleetModel

/// What the guest's owner wants of its moves.
extension Preflight {
    static func policy(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        let guest = facts.guestName
        var findings: [Finding] = []
        if facts.isDestinationMarked == true {
            findings.append(
                Finding(
                    .hostMarked, .blocker, host: facts.destinationName, subject: facts.destinationName,
                    detail: "\(facts.destinationName) was drained: nothing is to be placed on it",
                    hint: "Choose another host, or take the mark away: apus undrain \(facts.destinationName)")
            )
        }
        guard let (policy, now) = facts.policy.map({ ($0.policy, $0.now) }) else { return findings }
        if policy.neverMoves == true {
            findings.append(
                Finding(
                    .neverMove, .blocker, host: facts.sourceName, subject: guest,
                    detail: "the policy of \(guest) says that it stays on \(facts.sourceName)",
                    hint: "Ask its owner. apus policy set \(guest) --never-move no lets it go for good, "
                        + "--ignore never-move this once."))
        }
        if let allowed = policy.allowedHosts, !allowed.contains(facts.destinationName) {
            findings.append(
                Finding(
                    .hostNotAllowed, .blocker, host: facts.destinationName, subject: guest,
                    detail: "the policy of \(guest) allows \(list(allowed.sorted())), not "
                        + "\(facts.destinationName)",
                    hint: "Move it to one of those, or allow the host with apus policy set \(guest) --allow …"
                ))
        }
        if let windows = policy.windows, !policy.allowsMoves(at: now) {
            findings.append(
                Finding(
                    .outsideWindow, .blocker, host: facts.sourceName, subject: guest,
                    detail:
                        "\(guest) may leave \(facts.sourceName) \(list(windows.map(\.description))); now it is \(now)",
                    hint: "Wait, or move it all the same with --ignore outside-window."))
        }
        return findings + company(facts) + contradictions(policy, facts)
    }

    /// Guests of the destination that it is to be apart from.
    private static func company(_ facts: MoveFacts) -> [Finding] {
        switch facts.policy?.unwelcome {
        case nil: return []
        case .notKnown(let reason):
            return [
                unread(
                    facts.guestName, "which guests of \(facts.destinationName) it is to be apart from",
                    of: facts.destination.host, because: reason,
                    hint: asking(facts.destination.host, "list"))
            ]
        case .known(let neighbours):
            return neighbours.map { neighbour in
                Finding(
                    .antiAffinity, .blocker, host: facts.destinationName, subject: neighbour.name,
                    detail:
                        "\(facts.guestName) is to be apart from \(neighbour.name) (\(neighbour.group)), which runs on "
                        + facts.destinationName,
                    hint: "Choose another host, or move it all the same with --ignore anti-affinity.")
            }
        }
    }

    /// What a policy says against itself: one of the two sides is a mistake.
    private static func contradictions(_ policy: GuestPolicy, _ facts: MoveFacts) -> [Finding] {
        PolicyContradiction.all(in: policy).map { contradiction in
            Finding(
                .policyContradiction, .warning, host: facts.sourceName, subject: facts.guestName,
                detail:
                    "the policy of \(facts.guestName) on \(facts.sourceName) says both: \(contradiction.left), and "
                    + "\(contradiction.right)",
                hint: "See where each comes from with apus policy show \(facts.guestName), and take one back."
            )
        }
    }
}

/// Two things in a policy that cannot both be meant.
package struct PolicyContradiction: Sendable, Hashable {
    package let left: String
    package let right: String

    package static func all(in policy: GuestPolicy) -> [PolicyContradiction] {
        var found: [PolicyContradiction] = []
        if policy.neverMoves == true, policy.windows != nil {
            found.append(
                PolicyContradiction(left: "it never moves", right: "there are hours in which it may move"))
        }
        let unwelcome = (policy.preferredHosts ?? []).filter { host in
            policy.allowedHosts.map { !$0.contains(host) } ?? false
        }
        if let host = unwelcome.first {
            found.append(
                PolicyContradiction(
                    left: "it prefers \(host)",
                    right: "only \((policy.allowedHosts ?? []).sorted().joined(separator: ", ")) may have it")
            )
        }
        for group in (policy.affinity ?? []).intersection(policy.antiAffinity ?? []).sorted() {
            found.append(
                PolicyContradiction(
                    left: "it stays with the guests of \(group)",
                    right: "it stays away from the guests of \(group)"
                ))
        }
        return found
    }
}
