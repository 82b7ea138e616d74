/// What the balancer saw and decided at one time.
package struct BalanceRound: Sendable, Hashable, Codable {
    package enum Decision: String, Sendable, Hashable, Codable {
        case even
        case notYet = "not-yet"
        case nothingWorthMoving = "nothing-worth-moving"
        case move
    }

    /// Seconds since 1970.
    package let at: Double
    /// In shares of a host.
    package let imbalance: Double
    package let decision: Decision
    /// What was to be moved, as `guest source destination` lines.
    package let moves: String

    package init(at: Double, imbalance: Double, decision: Decision, moves: String) {
        self.at = at
        self.imbalance = imbalance
        self.decision = decision
        self.moves = moves
    }
}

/// A guest's load over some time.
package struct GuestLoad: Sendable, Hashable, Codable {
    /// Processors' worth of work.
    package let load: Double
    /// Seconds since 1970.
    package let at: Double

    package init(load: Double, at: Double) {
        self.load = load
        self.at = at
    }

    /// After that long what was known before counts for half, in seconds.
    package static let memory = 900.0

    /// With a new reading, which counts for more the longer the last one is ago.
    package func followed(by reading: Double, at now: Double) -> GuestLoad {
        let weight = 1 / (1 + GuestLoad.memory / max(1, now - at))
        return GuestLoad(load: load + weight * (reading - load), at: now)
    }
}
