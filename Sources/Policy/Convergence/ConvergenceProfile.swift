package import FleetModel

/// A convergence policy by name, for the inventory and for a guest.
///
/// None of them says anything about the downtime limit: that is the guest's, whatever is done to keep it.
package enum ConvergenceProfile: String, Sendable, Hashable, Codable, CaseIterable {
    /// Never slows the guest down and never stops it for longer than the limit: it waits, then gives up.
    case gentle
    /// The defaults.
    case balanced
    /// The guest arrives, whatever it takes.
    case insist

    package var policy: ConvergencePolicy {
        switch self {
        case .gentle:
            ConvergencePolicy(
                onStall: [.abort], maxRounds: 100, maxSent: 10, stallRounds: 10,
                enoughLeft: ConvergencePolicy().enoughLeft)
        case .balanced:
            ConvergencePolicy()
        case .insist:
            ConvergencePolicy(
                onStall: [.throttle, .postCopy, .suspend], maxRounds: 30, maxSent: 3, stallRounds: 3,
                enoughLeft: ConvergencePolicy().enoughLeft)
        }
    }
}
