package import FleetModel

/// What is true after a move's call came back, whatever the call itself said.
///
/// The returned error is not trusted: the two hosts' own words about the guest decide. Until commitment the
/// source's copy is the guest; after it the destination's is.
package enum Settlement: Sendable, Hashable {
    /// The guest is on the destination, and only there.
    case arrived
    /// The guest is on the source as it was before.
    case unmoved
    /// The source's copy stands still although it ran before: let it run on.
    case resumeSource
    /// The destination's copy is the only one and stands still although it ran before: let it run on.
    case resumeDestination
    /// The guest ended on its source by its own or somebody's doing, and is on no other host.
    case ended
    /// The hosts are still sorting it out: ask again.
    case unsettled
    /// Not provably good: stop and say what was seen.
    case notKnown

    /// What one host answered.
    package enum Answer: Sendable, Hashable {
        case absent
        case present(GuestState)
        /// It could not be asked.
        case silent

        package var text: String {
            switch self {
            case .absent: "not there"
            case .present(let state): state.description
            case .silent: "could not be asked"
            }
        }
    }

    /// Decides from both answers.
    ///
    /// - Parameters:
    ///   - source: what the source answered when asked for the guest.
    ///   - destination: what the destination answered.
    ///   - wasPaused: the guest was paused before the move and is to stay so.
    ///   - stillBusy: one of the hosts has a job of this guest under way.
    /// - Returns: what is true, and so what is left to do.
    package static func decide(
        source: Answer, destination: Answer, wasPaused: Bool, stillBusy: Bool
    ) -> Settlement {
        guard !stillBusy else { return .unsettled }
        let here = Copy(source)
        // A definition that lies there shut off, for whatever reason, is no copy of a guest that comes from
        // here.
        let there = Copy(destination) == .ended ? .none : Copy(destination)
        switch (here, there) {
        case (.unknown, _), (_, .unknown): return .notKnown
        case (.running, .none), (.pausedByPerson, .none): return .unmoved
        case (.standing, .none): return wasPaused ? .unmoved : .resumeSource
        case (.none, .running), (.none, .pausedByPerson), (.ended, .running), (.ended, .pausedByPerson):
            return .arrived
        case (.none, .standing), (.ended, .standing): return wasPaused ? .arrived : .resumeDestination
        case (.ended, .none): return .ended
        case (.running, .standing), (.standing, .standing), (.pausedByPerson, .standing): return .unsettled
        case (.standing, .running), (.running, .running), (.pausedByPerson, .running): return .notKnown
        case (.none, .none), (_, .pausedByPerson), (_, .ended): return .notKnown
        }
    }

    /// A copy of the guest on one host, as far as the decision needs it.
    private enum Copy {
        case none, running, unknown
        /// Stopped by the move itself: to be let run on.
        case standing
        /// Stopped by somebody's wish: to be left so.
        case pausedByPerson
        /// It was shut off, and not because it moved away.
        case ended

        init(_ answer: Answer) {
            switch answer {
            case .absent: self = .none
            case .silent: self = .unknown
            case .present(let state):
                switch state.kind {
                case .running: self = state.reason.hasPrefix("postcopy") ? .unknown : .running
                case .paused:
                    switch state.reason {
                    case "migration", "unknown", "starting-up": self = .standing
                    case "user": self = .pausedByPerson
                    // An I/O error, a watchdog, post-copy: letting it run on could do harm.
                    default: self = .unknown
                    }
                case .shutOff: self = ["migrated", "unknown"].contains(state.reason) ? .none : .ended
                case .saved: self = .none
                case .crashed, .shuttingDown, .suspended, .unknown: self = .unknown
                }
            }
        }
    }
}
