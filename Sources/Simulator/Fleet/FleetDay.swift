package import FleetModel
package import Policy

/// A fleet over some hours on a virtual clock: loads go up and down, the balancer looks at them round by round.
package struct FleetDay: Sendable {
    /// How a guest's load goes.
    package struct Curve: Sendable, Hashable {
        /// In the middle, in processors.
        package var middle: Double
        /// By so many times the middle it goes up and down in a day.
        package var swing = 0.0
        /// When it is highest: 0 ..< 1 of a day.
        package var peak = 0.0
        /// By so many times the middle it jumps about from round to round.
        package var noise = 0.0

        package init(middle: Double, swing: Double = 0, peak: Double = 0, noise: Double = 0) {
            self.middle = middle
            self.swing = swing
            self.peak = peak
            self.noise = noise
        }
    }

    /// A host that is gone from some moment on, with its guests.
    package struct Failure: Sendable, Hashable {
        package let host: Int
        /// Hours after the beginning.
        package let hour: Double

        package init(host: Int, hour: Double) {
            self.host = host
            self.hour = hour
        }
    }

    package struct Report: Sendable, Hashable, Codable {
        package var rounds = 0
        package var roundsOverThreshold = 0
        package var imbalanceAtFirst = 0.0
        package var imbalanceAtLast = 0.0
        package var imbalanceMean = 0.0
        package var moves = 0
        package var movedBytes: UInt64 = 0
        package var moveSeconds = 0.0
        package var guestsMovedTwice = 0
        /// Rules that were broken after a round: memory, groups, allowed hosts.
        package var violations = 0
        package var guestsLost = 0
        package var hostsUsed = 0
    }

    private var fleet: Fleet
    private let curves: [Curve]
    private let rules: Balancer.Rules
    private let failures: [Failure]
    private var random: SeededGenerator

    /// Seconds between two rounds.
    package static let round = 300.0
    /// A day has many rounds.
    private static let steps = 2000
    /// What a new reading counts for against those before.
    package static let weight = 0.3

    package init(
        _ fleet: Fleet, curves: [Curve], rules: Balancer.Rules = Balancer.Rules(), failures: [Failure] = [],
        seed: UInt64
    ) {
        self.fleet = fleet
        self.curves = curves
        self.rules = rules
        self.failures = failures
        random = SeededGenerator(seed: seed)
    }

    package mutating func run(hours: Double) -> Report {
        var report = Report()
        var history: [Double] = []
        var lastMoved: [Int: Double] = [:]
        var timesMoved: [Int: Int] = [:]
        var loads = curves.map(\.middle)
        var gone: Set<Int> = []
        for number in 0..<max(1, Int(hours * 3600 / Self.round)) {
            let now = Double(number) * Self.round
            for failure in failures where failure.hour * 3600 <= now && !gone.contains(failure.host) {
                gone.insert(failure.host)
                fleet.hosts[failure.host].isOpen = false
                report.guestsLost += fleet.guests.count { $0.host == failure.host }
            }
            for guest in fleet.guests.indices {
                let seen = gone.contains(fleet.guests[guest].host) ? 0 : load(curves[guest], at: now)
                loads[guest] += Self.weight * (seen - loads[guest])
            }
            let seen = fleet.loaded(loads, without: gone)
            let cooling = Set(lastMoved.filter { now - $0.value < rules.coolDown.seconds }.keys)
            let answer = Balancer(rules, steps: Self.steps).answer(seen, history: history, cooling: cooling)
            history.insert(answer.imbalance, at: 0)
            if case .move(let moves) = answer.verdict {
                for step in FleetSchedule.sequence(moves, in: seen).steps {
                    fleet.guests[step.guest].host = step.destination
                    report.moves += 1
                    report.movedBytes += fleet.guests[step.guest].memory.bytes
                    report.moveSeconds += fleet.guests[step.guest].moveSeconds
                    lastMoved[step.guest] = now
                    timesMoved[step.guest, default: 0] += 1
                }
            }
            report.note(answer, first: number == 0, threshold: rules.threshold)
            report.violations += fleet.brokenRules
        }
        report.imbalanceMean /= Double(max(1, report.rounds))
        report.guestsMovedTwice = timesMoved.values.count { $0 > 1 }
        report.hostsUsed = Set(fleet.guests.map(\.host)).subtracting(gone).count
        return report
    }

    private mutating func load(_ curve: Curve, at seconds: Double) -> Double {
        // A triangle is a good enough day.
        let place = seconds / 86400 - curve.peak
        let phase = place - place.rounded(.down)
        let height = abs(phase * 2 - 1) * 2 - 1
        let noise = (random.fraction() * 2 - 1) * curve.noise
        return max(0, curve.middle * (1 + curve.swing * height + noise))
    }
}

extension FleetDay.Report {
    fileprivate mutating func note(_ answer: Balancer.Answer, first: Bool, threshold: Double) {
        rounds += 1
        if first { imbalanceAtFirst = answer.imbalance }
        imbalanceAtLast = answer.imbalance
        imbalanceMean += answer.imbalance
        if answer.imbalance > threshold { roundsOverThreshold += 1 }
    }
}

extension Fleet {
    /// With other loads, and without the guests of hosts that are gone.
    fileprivate func loaded(_ loads: [Double], without gone: Set<Int>) -> Fleet {
        var fleet = self
        fleet.guests = zip(guests, loads).map { guest, load in
            var policy = guest.policy
            // Nobody moves what is gone, and it takes nothing any more.
            let isGone = gone.contains(guest.host)
            if isGone { policy.neverMoves = true }
            return FleetGuest(
                guest.identity, on: guest.host, memory: isGone ? .zero : guest.memory,
                load: isGone ? 0 : load, policy: policy,
                possibleHosts: guest.possibleHosts, moveSeconds: guest.moveSeconds)
        }
        return fleet
    }

    /// How many guests are where a rule forbids it.
    package var brokenRules: Int {
        var memory = Array(repeating: UInt64(0), count: hosts.count)
        var groups = Array(repeating: Set<String>(), count: hosts.count)
        var broken = 0
        for guest in guests {
            memory[guest.host] += guest.memory.bytes
            let allowed = guest.policy.allowedHosts.map { $0.contains(hosts[guest.host].name) } ?? true
            let parted = (guest.policy.antiAffinity ?? []).allSatisfy {
                groups[guest.host].insert($0).inserted
            }
            if !allowed || !parted { broken += 1 }
        }
        return broken + hosts.indices.count { memory[$0] > hosts[$0].memory.bytes }
    }
}
