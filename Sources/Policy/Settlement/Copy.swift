package import FleetModel

extension Settlement {
    /// A guest's copy on one host, as far as the decision needs it.
    package enum Copy: String, Sendable, Hashable, CaseIterable {
        /// Not there, or only a definition of a guest that is elsewhere.
        case none
        case running
        /// Stopped by the move itself: to be let run on.
        case standing
        /// Stopped by somebody's wish: to be left so.
        case pausedByPerson = "paused-by-person"
        /// Stopped by an I/O error, a watchdog and the like: letting it run on could do harm.
        case pausedForCause = "paused-for-cause"
        /// In post-copy: stands on the source while its memory is pulled.
        case pulledFrom = "pulled-from"
        case pulledFromBroken = "pulled-from-broken"
        /// In post-copy: runs on the destination and pulls its memory.
        case pulling
        case pullingBroken = "pulling-broken"
        /// It was shut off or crashed, and not because it moved away.
        case ended
        /// Shutting down, or asleep and about to change.
        case changing
        /// In a state that no move leaves behind.
        case strange
        /// The host could not be asked.
        case silent

        package init(_ answer: Answer, on side: Side) {
            switch answer {
            case .absent: self = .none
            case .silent: self = .silent
            case .present(let state):
                switch state.kind {
                case .running: self = Copy(running: state.reason, on: side)
                case .paused: self = Copy(paused: state.reason, on: side)
                // A definition on the destination is no copy of a guest that comes from here.
                case .shutOff:
                    self =
                        side == .destination || ["migrated", "unknown"].contains(state.reason)
                        ? .none : .ended
                case .saved: self = .none
                case .crashed: self = side == .destination ? .none : .ended
                case .shuttingDown: self = .changing
                // Asleep by its own doing, it is as alive as a running one.
                case .suspended: self = .running
                case .unknown: self = .strange
                }
            }
        }

        private init(running reason: String, on side: Side) {
            switch (reason, side) {
            case ("postcopy", .destination): self = .pulling
            case ("postcopy-failed", .destination): self = .pullingBroken
            case ("postcopy", .source), ("postcopy-failed", .source): self = .strange
            default: self = .running
            }
        }

        private init(paused reason: String, on side: Side) {
            switch (reason, side) {
            case ("migration", _), ("unknown", _), ("starting-up", _): self = .standing
            case ("postcopy", .source): self = .pulledFrom
            case ("postcopy-failed", .source): self = .pulledFromBroken
            // The processors wait for pages that do not come.
            case ("postcopy", .destination), ("postcopy-failed", .destination): self = .pullingBroken
            case ("user", _): self = .pausedByPerson
            default: self = .pausedForCause
            }
        }
    }

    /// What one host answered.
    package enum Answer: Sendable, Hashable {
        case absent
        case present(GuestState)
        /// It could not be asked.
        case silent

        package var state: GuestState? {
            guard case .present(let state) = self else { return nil }
            return state
        }

        package var text: String {
            switch self {
            case .absent: "not there"
            case .present(let state): state.description
            case .silent: "could not be asked"
            }
        }
    }
}
