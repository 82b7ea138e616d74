package import FleetModel

/// Whether moving guests is worth it to make the load more even, and which.
///
/// It acts only when the imbalance has been over the threshold for several rounds, only for moves whose gain outweighs what
/// they take, never on a guest that was moved lately, and stops well below the threshold, so that a little noise does not
/// start it again.
package struct Balancer: Sendable {
    package struct Rules: Sendable, Hashable, Codable {
        /// Imbalance in shares of a host, as `ImbalanceMeasure` has it: 0.1 is hosts that are ten points off.
        package var threshold = 0.1
        /// Rounds in a row that it has to be over that.
        package var rounds = 3
        /// A guest that was moved is left alone for so long.
        package var coolDown = Duration.seconds(3600)
        /// Moves in one round at the most.
        package var mostMoves = 10

        package init() {}
    }

    package enum Verdict: Sendable, Hashable {
        /// Below the threshold.
        case even
        /// Over it, but not for long enough; what would be moved.
        case notYet(rounds: Int, moves: [FleetMove])
        /// Over it, and no move is worth what it takes, or none is possible.
        case nothingWorthMoving
        case move([FleetMove])

        package var moves: [FleetMove] {
            switch self {
            case .even, .nothingWorthMoving: []
            case .notYet(_, let moves), .move(let moves): moves
            }
        }
    }

    package struct Answer: Sendable {
        package let verdict: Verdict
        package let imbalance: Double
        /// What would be left of it after the moves.
        package let imbalanceAfter: Double
        /// Seconds that the moves take together, forecast.
        package let seconds: Double
    }

    /// Of the threshold, where it stops.
    static let enough = 0.5

    let rules: Rules
    private let steps: Int

    /// - Parameters:
    ///   - rules: when it acts.
    ///   - steps: in so many the placements of a small fleet are tried one by one; `nil` is as in a plan for a real one.
    package init(_ rules: Rules = Rules(), steps: Int? = nil) {
        self.rules = rules
        self.steps = steps ?? FleetPlanner.exactSteps
    }

    /// - Parameters:
    ///   - fleet: as it is, with loads over some time.
    ///   - history: the imbalance of earlier rounds, the newest first.
    ///   - cooling: guests that were moved lately, by place.
    /// - Returns: what to do, and what that is worth.
    package func answer(_ fleet: Fleet, history: [Double], cooling: Set<Int>) -> Answer {
        let imbalance = Placement(fleet).imbalance.squareRoot()
        guard imbalance > rules.threshold else {
            return Answer(verdict: .even, imbalance: imbalance, imbalanceAfter: imbalance, seconds: 0)
        }
        var still = fleet
        for guest in cooling { still.guests[guest].policy.neverMoves = true }
        let (moves, after) = chosen(
            FleetPlanner(still, steps: steps).outcome(.balance).moves(in: fleet), still)
        let held = 1 + history.prefix { $0 > rules.threshold }.count
        let verdict: Verdict =
            if moves.isEmpty {
                .nothingWorthMoving
            } else if held < rules.rounds {
                .notYet(rounds: held, moves: moves)
            } else {
                .move(moves)
            }
        return Answer(
            verdict: verdict, imbalance: imbalance, imbalanceAfter: after,
            seconds: moves.reduce(0) { $0 + fleet.guests[$1.guest].moveSeconds })
    }

    /// Of the moves to a better placement those that bring most for what they take, until it is even enough.
    private func chosen(_ all: [FleetMove], _ fleet: Fleet) -> (moves: [FleetMove], imbalance: Double) {
        var placement = Placement(fleet)
        var destination: [Int: Int] = [:]
        for move in all { destination[move.guest] = move.destination }
        var left = placement.bundles.indices.filter { destination[placement.bundles[$0].guests[0]] != nil }
        var taken: [Int] = []
        let goal = rules.threshold * Self.enough
        while placement.imbalance.squareRoot() > goal {
            var best: (bundle: Int, worth: Double)?
            for bundle in left {
                guard let to = destination[placement.bundles[bundle].guests[0]],
                    placement.fits(bundle, on: to)
                else { continue }
                let gain = placement.gain(of: bundle, to: to)
                let worth = gain / max(0.1, placement.bundles[bundle].seconds)
                if gain > 0, worth > best?.worth ?? 0 { best = (bundle, worth) }
            }
            guard let bundle = best?.bundle, let to = destination[placement.bundles[bundle].guests[0]] else {
                break
            }
            let count = placement.bundles[bundle].guests.count
            guard taken.reduce(0, { $0 + placement.bundles[$1].guests.count }) + count <= rules.mostMoves
            else {
                break
            }
            placement.move(bundle, to: to)
            left.removeAll { $0 == bundle }
            taken.append(bundle)
        }
        let guests = Set(taken.flatMap { placement.bundles[$0].guests })
        return (all.filter { guests.contains($0.guest) }, placement.imbalance.squareRoot())
    }
}

extension Placement {
    /// How much less imbalance there is once a bundle is elsewhere.
    func gain(of bundle: Int, to host: Int) -> Double {
        let home = hostOf[bundle]
        guard home >= 0, home != host else { return 0 }
        return unevenness(home) - unevenness(home, removing: bundle)
            + unevenness(host) - unevenness(host, adding: bundle)
    }
}
