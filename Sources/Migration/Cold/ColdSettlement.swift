package import FleetModel

/// Where a guest is whose cold move did not come to its end, and what therefore is to be done: docs/cold.md has the table.
package enum ColdSettlement: String, Sendable, Hashable, CaseIterable {
    /// The source has it; what arrived on the destination is nobody's.
    case unmoved
    /// The destination alone has it.
    case arrived
    /// Everything is on the destination, and the source still has its definition: the rest of the move is done.
    case finish
    /// It was started on its source in the middle: it stays there, and the destination's definition goes.
    case withdraw
    /// Nobody can tell, or it runs on both hosts: nothing is touched.
    case notKnown = "not-known"

    /// What one host knows of the guest.
    package enum Presence: String, Sendable, Hashable, CaseIterable {
        case silent, absent
        /// It has a definition, and nothing of it runs.
        case defined
        case active
    }

    /// - Parameters:
    ///   - source: what the source says.
    ///   - destination: what the destination says.
    ///   - isComplete: whether the journal says that everything had arrived and was checked.
    ///   - wasDefinedThere: whether the destination had a definition of its own before the move.
    ///   - changed: where the guest's files were written to since everything had arrived: it ran there.
    /// - Returns: what is to be done.
    package static func decide(
        source: Presence, destination: Presence, isComplete: Bool, wasDefinedThere: Bool,
        changed: Set<Side> = []
    ) -> ColdSettlement {
        switch (source, destination) {
        case (.silent, _), (_, .silent), (.absent, .absent), (.active, .active): .notKnown
        case (.defined, .absent), (.active, .absent): .unmoved
        case (.absent, .defined), (.absent, .active): isComplete ? .arrived : .notKnown
        case (.defined, .defined) where isComplete:
            switch (changed.contains(.source), changed.contains(.destination)) {
            case (false, _): .finish
            // A definition that was there before stays, with what arrived.
            case (true, false): wasDefinedThere ? .unmoved : .withdraw
            case (true, true): .notKnown
            }
        // Each ran since all of it was there.
        case (.active, .defined) where isComplete && changed.contains(.destination): .notKnown
        case (.defined, .active) where isComplete && changed.contains(.source): .notKnown
        case (.defined, .defined): wasDefinedThere ? .unmoved : .notKnown
        case (.active, .defined): wasDefinedThere ? .unmoved : isComplete ? .withdraw : .notKnown
        case (.defined, .active): isComplete ? .finish : .notKnown
        }
    }
}
