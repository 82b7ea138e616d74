/// What many runs came to.
package struct Summary: Sendable {
    package private(set) var runs = 0
    package private(set) var ends: [String: Int] = [:]
    package private(set) var firstWords: [String: Int] = [:]
    package private(set) var struck: [String: Int] = [:]
    package private(set) var crashes: [Moment: Int] = [:]
    package private(set) var misfortunes: [Misfortune: Int] = [:]
    package private(set) var broken: [Invariant: Int] = [:]
    package private(set) var repairs = 0
    package private(set) var steps = 0
    /// The first ones that failed, by their seeds.
    package private(set) var failures: [(seed: UInt64, violation: Violation)] = []
    package private(set) var failed = 0

    package init() {}

    package mutating func add(_ run: ScenarioRun) {
        runs += 1
        ends[run.end.rawValue, default: 0] += 1
        firstWords[run.firstWord, default: 0] += 1
        struck.merge(run.struck, uniquingKeysWith: +)
        crashes.merge(run.crashes, uniquingKeysWith: +)
        for misfortune in run.misfortunes { misfortunes[misfortune, default: 0] += 1 }
        repairs += run.repairs
        steps += run.steps
        guard let first = run.violations.first else { return }
        if !run.isGood { failed += 1 }
        broken[first.invariant, default: 0] += 1
        if !run.isGood { failures.append((run.seed, first)) }
    }

    package mutating func add(_ other: Summary) {
        runs += other.runs
        ends.merge(other.ends, uniquingKeysWith: +)
        firstWords.merge(other.firstWords, uniquingKeysWith: +)
        struck.merge(other.struck, uniquingKeysWith: +)
        crashes.merge(other.crashes, uniquingKeysWith: +)
        misfortunes.merge(other.misfortunes, uniquingKeysWith: +)
        broken.merge(other.broken, uniquingKeysWith: +)
        repairs += other.repairs
        steps += other.steps
        failed += other.failed
        failures += other.failures
        failures.sort { $0.seed < $1.seed }
    }

    /// For people: every count, the most frequent first.
    package var table: String {
        let sections: [(String, [(String, Int)])] = [
            ("ended as", Array(ends)), ("the first command said", Array(firstWords)),
            ("what broke", Array(struck)),
            ("where the move was when apus was killed", crashes.map { ($0.key.rawValue, $0.value) }),
            ("what no engine can make good", misfortunes.map { ($0.key.rawValue, $0.value) }),
            ("invariants that did not hold", broken.map { ($0.key.rawValue, $0.value) }),
        ]
        var lines: [String] = []
        for (title, counts) in sections where !counts.isEmpty {
            lines.append(title)
            for (name, count) in counts.sorted(by: { ($1.1, $0.0) < ($0.1, $1.0) }) {
                let number = "\(count)"
                lines.append(String(repeating: " ", count: max(1, 10 - number.count)) + number + "  " + name)
            }
        }
        return lines.joined(separator: "\n")
    }
}
