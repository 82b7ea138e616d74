package import FleetModel

/// Everything that would stop or hurt a move, found before anything is touched.
///
/// Each topic has a file with its rules: pure functions from facts to findings, none of which knows another's
/// result. What a rule needs and nobody could read is a finding too, never assumed good.
package enum Preflight {
    /// What the facts say against a move, all at once.
    ///
    /// - Parameters:
    ///   - facts: what was read of the guest and both hosts.
    ///   - request: what the user asked for, with the findings that the user lifts.
    /// - Returns: worst first, by topic in a fixed order within one severity. Blockers that the user lifts
    ///   stay in the list, marked; those that cannot be lifted are not marked.
    package static func findings(for facts: MoveFacts, request: MoveRequest) -> [Finding] {
        let rules = facts.isCold ? coldRules(facts, request) : liveRules
        var seen: Set<Finding> = []
        return merged(rules.flatMap { $0(facts, request) }.filter { seen.insert($0).inserted })
            .enumerated()
            .sorted { left, right in
                (left.element.severity, left.element.code.topic, left.offset)
                    < (right.element.severity, right.element.code.topic, right.offset)
            }
            .map { lifted($0.element, by: request.ignored) }
    }

    /// What the facts say against moving disks on the guest's own host.
    ///
    /// - Parameters:
    ///   - facts: whose destination is the source.
    ///   - request: where the disks are to go, and the findings that the user lifts.
    /// - Returns: as `findings(for:request:)`.
    package static func findings(onOneHost facts: MoveFacts, request: MoveRequest) -> [Finding] {
        var seen: Set<Finding> = []
        return (state(facts, request) + storage(facts, request)).filter { seen.insert($0).inserted }
            .enumerated()
            .sorted { ($0.element.severity, $0.offset) < ($1.element.severity, $1.offset) }
            .map { lifted($0.element, by: request.ignored) }
    }

    /// What stands between question and reason in a `not-known`.
    static let because = " is not known because "

    /// Three and more things that one host did not tell for one reason are one finding.
    private static func merged(_ findings: [Finding]) -> [Finding] {
        func key(_ finding: Finding) -> [String]? {
            guard finding.code == .notKnown, let range = finding.detail.firstRange(of: because) else {
                return nil
            }
            return [finding.host, finding.hint, String(finding.detail[range.upperBound...])]
        }
        let groups = Dictionary(grouping: findings.filter { key($0) != nil }) { key($0) ?? [] }
            .filter { $0.value.count > 2 }
        var done: Set<[String]> = []
        return findings.compactMap { finding in
            guard let key = key(finding), let group = groups[key] else { return finding }
            guard done.insert(key).inserted else { return nil }
            let questions = group.map { finding in
                String(
                    finding.detail[
                        ..<(finding.detail.firstRange(of: because)?.lowerBound ?? finding.detail.endIndex)])
            }
            return Finding(
                .notKnown, group.map(\.severity).min() ?? .warning, host: finding.host, subject: finding.host,
                detail:
                    "\(group.count) things are not known because \(key[2]): \(questions.joined(separator: "; "))",
                hint: finding.hint)
        }
    }

    /// The user's `--ignore`s that lift nothing: not found, no blocker, or not to be lifted.
    ///
    /// - Parameters:
    ///   - request: what the user asked for.
    ///   - findings: what `findings(for:request:)` gave for the same request.
    /// - Returns: in the user's order.
    package static func uselessIgnores(of request: MoveRequest, among findings: [Finding]) -> [IgnoredFinding]
    {
        request.ignored.filter { ignored in
            !findings.contains { $0.isIgnored && ignored.covers($0) }
        }
    }

    private static let liveRules: [Rule] = [
        identity, state, policy, versions, processor, timeStamps, machine, storage, devices, paths,
        trustedPlatform,
        interfaces, reach, memory, processors, slots, trust, encryption, relay,
    ]

    private static func lifted(_ finding: Finding, by ignored: [IgnoredFinding]) -> Finding {
        guard finding.severity == .blocker, finding.code.canBeIgnored,
            ignored.contains(where: { $0.covers(finding) })
        else { return finding }
        var finding = finding
        finding.isIgnored = true
        return finding
    }
}

/// Names for the sentences of the rules.
extension MoveFacts {
    var guestName: String { guest.identity.name }
    var sourceName: String { source.host.name }
    var destinationName: String { destination.host.name }
}

extension Host {
    /// How an admin calls virsh for this host, for hints.
    var virsh: String {
        uri.contains { "?&;' ".contains($0) } ? "virsh -c '\(uri)'" : "virsh -c \(uri)"
    }
}

extension Preflight {
    /// A fact that a rule needs and nobody could read.
    ///
    /// - Parameters:
    ///   - subject: which fact, short.
    ///   - question: what is not known, in words that fit before "is not known because".
    ///   - host: the host that it is a fact of.
    ///   - reason: why.
    ///   - severity: a note where the move does not hang on it.
    ///   - hint: what to do, where it is not the host's remote-shell that is missing.
    /// - Returns: a finding with the code `not-known`.
    static func unread(
        _ subject: String, _ question: String, of host: Host, because reason: String,
        _ severity: Finding.Severity = .warning, hint: String? = nil
    ) -> Finding {
        Finding(
            .notKnown, severity, host: host.name, subject: subject,
            detail: "\(question)\(because)\(reason)", hint: hint ?? wayIn(to: host))
    }

    /// What to do so that a command can be run on the host.
    private static func wayIn(to host: Host) -> String {
        switch host.remoteShell {
        case nil:
            "Give \(host.name) a remote-shell in the inventory, such as [ssh, \(host.name)], and check again."
        case []?:
            "See to that on \(host.name), where apus runs its commands itself, and check again."
        case let words?:
            "See to that on \(host.name), where apus runs its commands with \(words.joined(separator: " ")), "
                + "and check again."
        }
    }

    /// What to do when libvirt itself did not tell.
    static func asking(_ host: Host, _ command: String) -> String {
        "See what its libvirt says to \(host.virsh) \(command), and check again."
    }

    /// Words in a row, a dozen at most.
    static func list(_ words: [String]) -> String {
        let shown = words.prefix(12).joined(separator: ", ")
        return words.count > 12 ? "\(shown) and \(words.count - 12) more" : shown
    }

    /// `1 snapshot`, `3 snapshots`.
    static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }
}
