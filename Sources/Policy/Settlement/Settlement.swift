package import FleetModel

/// What is true of a guest after a move's call came back, whatever the call itself said.
///
/// The returned error is not trusted: the two hosts' own words about the guest decide. Until commitment the
/// source's copy is the guest; after it the destination's is. docs/settlement.md has the whole table; a test keeps
/// the two equal.
package enum Settlement: String, Sendable, Hashable, CaseIterable {
    /// The guest is on the destination, and only there.
    case arrived
    /// The guest is on the source, and only there.
    case unmoved
    /// The source's copy stands still although it ran before: let it run on.
    case resumeSource = "resume-source"
    /// The destination's copy is the only one and stands still although it ran before: let it run on.
    case resumeDestination = "resume-destination"
    /// The destination runs the guest; what stands still on the source is what it left behind.
    case dropSource = "drop-source"
    /// What stands still on the destination never ran; the source has the guest.
    case dropDestination = "drop-destination"
    /// The guest's memory is on both hosts and the connection between them broke: mend it.
    case recoverPostCopy = "recover-postcopy"
    /// The guest ended on its source by its own or somebody's doing, and is on no other host.
    case ended
    /// The hosts are still sorting it out: ask again.
    case unsettled
    /// Not provably good: stop and say what was seen.
    case notKnown = "not-known"

    /// Decides from what both hosts say, neither of them being at work on it any more.
    ///
    /// - Parameters:
    ///   - source: the copy on the source.
    ///   - destination: the copy on the destination.
    ///   - wasPaused: the guest stood still before the move and is to stay so.
    /// - Returns: what is true, and so what is left to do.
    package static func decide(source: Copy, destination: Copy, wasPaused: Bool) -> Settlement {
        let verdict = decide(source, destination)
        switch verdict {
        case .resumeSource where wasPaused: return .unmoved
        case .resumeDestination where wasPaused: return .arrived
        default: return verdict
        }
    }

    /// Decides while the destination cannot be asked, as when it died under the move.
    ///
    /// It can run the guest only after the source stopped it; a guest that was stopped and let run on again by libvirt
    /// says so in its reason.
    ///
    /// - Parameters:
    ///   - source: the guest on its source, with no job at work on it.
    ///   - neverStopped: the source's events were heard from before the transfer until now, and none said that the guest
    ///     stopped.
    /// - Returns: `unmoved` where that is proven, else `notKnown`.
    package static func decide(withoutDestination source: GuestState, neverStopped: Bool) -> Settlement {
        neverStopped && source.kind == .running && source.reason != "migration-canceled"
            ? .unmoved : .notKnown
    }

    /// Corrects a verdict by what was seen while the move ran.
    ///
    /// A guest that has run on the destination has left its source's copy behind: that one may not be let run on, nor
    /// pass for the guest where libvirt did so itself. Where somebody stopped it beside the one that runs on the
    /// destination, it is what the move left.
    ///
    /// - Parameters:
    ///   - ranThere: whether the destination was seen to run the guest.
    ///   - source: the copy on the source.
    ///   - destination: the copy on the destination.
    /// - Returns: the verdict, or `notKnown` where it would let an older copy pass.
    package func knowing(ranThere: Bool, source: Copy, destination: Copy) -> Settlement {
        guard ranThere else { return self }
        switch self {
        case .unmoved, .resumeSource, .dropDestination: return .notKnown
        case .notKnown where source == .pausedByPerson && destination == .running: return .dropSource
        default: return self
        }
    }

    private static func decide(_ source: Copy, _ destination: Copy) -> Settlement {
        switch (source, destination) {
        case (.silent, _), (_, .silent), (.strange, _), (_, .strange): return .notKnown
        case (.changing, _), (_, .changing): return .unsettled

        // Nothing on the destination.
        case (.running, .none), (.pausedByPerson, .none): return .unmoved
        case (.standing, .none): return .resumeSource
        case (.ended, .none): return .ended

        // It runs there, or was stopped there by somebody.
        case (.none, .running), (.ended, .running): return .arrived
        case (.none, .pausedByPerson), (.ended, .pausedByPerson): return .arrived
        case (.standing, .running), (.pulledFrom, .running), (.pulledFromBroken, .running): return .dropSource

        // It stands there and never ran.
        case (.none, .standing), (.ended, .standing): return .resumeDestination
        case (.running, .standing), (.standing, .standing): return .dropDestination
        case (.pausedByPerson, .standing), (.pausedForCause, .standing): return .dropDestination

        // Its memory is on both sides.
        case (.pulledFrom, .pulling), (.pulledFromBroken, .pulling): return .recoverPostCopy
        case (.pulledFrom, .pullingBroken), (.pulledFromBroken, .pullingBroken): return .recoverPostCopy

        // Nowhere, on both, split for good, or stopped by an error that nobody here may wave through.
        default: return .notKnown
        }
    }
}
