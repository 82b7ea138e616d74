import FleetModel

/// What is done for a guest besides moving it, once it has arrived.
struct Aftercare: Sendable {
    private let facts: MoveFacts

    init(_ facts: MoveFacts) { self.facts = facts }

    /// What no migration does, or what has to be the same behind it. The clock comes first: programs in the guest
    /// look at it.
    var conclusions: [Conclusion] {
        var conclusions: [Conclusion] = []
        if let clock = facts.clock { conclusions.append(.setClock(clock)) }
        guard let settings = facts.settings else { return conclusions }
        if settings.isAutostarted { conclusions.append(.autostart) }
        if settings.metadata != nil || settings.definitionMetadata != nil {
            conclusions.append(
                .compareMetadata(live: settings.metadata, definition: settings.definitionMetadata))
        }
        return conclusions
    }

    /// Last, because it may take as long as a network takes to learn. A guest that stands still is not announced.
    var watch: [Conclusion] {
        guard facts.guest.state.kind == .running else { return [] }
        let isOnBridge = facts.interfaces.contains { interface in
            switch interface.connection {
            case .bridge, .network: true
            case .openVSwitch, .macvtap, .vhostUser, .none, .other: false
            }
        }
        return isOnBridge ? [.watchAddresses] : []
    }
}

extension Conclusion {
    /// Whether it rests on facts that are read anew for a plan that was made before.
    var isAftercare: Bool {
        switch self {
        case .setClock, .autostart, .compareMetadata, .watchAddresses: true
        case .removeImage, .takeRoom, .endRelay: false
        }
    }
}
