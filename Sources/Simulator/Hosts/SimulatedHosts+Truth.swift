package import FleetModel
import Migration

/// The guest's copies: every change of one goes through here, and is judged here.
extension SimulatedHosts {
    /// Where the guest truly is.
    package enum Truth: Sendable, Hashable {
        /// One copy is the guest.
        case at(Side, isExecuting: Bool)
        /// Both copies stand still and are the same: either may be the guest.
        case eitherSide
        /// Its memory is on both hosts.
        case split
        /// It shut down by its own doing.
        case ended
        /// The environment took it away, or made two of it.
        case gone
    }

    package var truth: Truth {
        if guestEnded { return .ended }
        guard misfortunes.isEmpty else { return .gone }
        let whole = Side.allCases.filter { hosts[$0].copy?.memory == .whole }
        if let running = whole.first(where: { hosts[$0].copy?.isExecuting == true }) {
            return .at(running, isExecuting: true)
        }
        if whole.count == 2 { return .eitherSide }
        if let only = whole.first { return .at(only, isExecuting: false) }
        return Side.allCases.contains { hosts[$0].copy?.memory == .split } ? .split : .gone
    }

    /// Lets a copy's processors run.
    ///
    /// - Returns: `false` when a lock of the other QEMU stood in the way.
    @discardableResult
    func start(_ side: Side, reason: String, by actor: Actor) -> Bool {
        guard let copy = hosts[side].copy, !copy.isExecuting else { return true }
        if guest.disk == .shared, hosts[side.other].copy?.holdsLocks == true {
            note("\(side) cannot run: the other QEMU holds the image's lock")
            return false
        }
        judgeStart(side, copy, by: actor)
        if copy.memory != .split, hosts[side.other].copy != nil, hosts[side.other].copy?.memory != .loading {
            hosts[side.other].copy?.memory = .stale
        }
        if side == .destination { ranThere = true }
        hosts[side].copy?.isExecuting = true
        hosts[side].copy?.isStoppedForCause = false
        hosts[side].copy?.holdsLocks = guest.disk == .shared
        set(side, GuestState(.running, reason: reason))
        tell(side, .resumed(hostTime: wallClock(side)))
        return true
    }

    private func judgeStart(_ side: Side, _ copy: SimulatedCopy, by actor: Actor) {
        if hosts[side.other].copy?.isExecuting == true {
            guard case .apus = actor else { return suffer(.twoByLibvirt) }
            violate(.twoRunning, "\(side) was let run while the other copy runs")
        } else if copy.memory == .stale || (side == .source && ranThere) {
            switch actor {
            case .apus(knowing: true):
                violate(.staleResumed, "\(side) was let run although the other copy had run on")
            case .apus(knowing: false): suffer(.staleUnknown)
            case .libvirt, .environment: suffer(.staleByLibvirt)
            }
        }
    }

    func stop(_ side: Side, _ state: GuestState) {
        guard hosts[side].copy?.isExecuting == true else { return }
        hosts[side].copy?.isExecuting = false
        set(side, state)
        tell(side, .stopped(hostTime: wallClock(side)))
    }

    func set(_ side: Side, _ state: GuestState) {
        guard hosts[side].copy != nil else { return }
        hosts[side].copy?.state = state
        note("\(side): \(state)")
    }

    /// A copy's QEMU is gone.
    func end(_ side: Side, reason: String, by actor: Actor) {
        guard let copy = hosts[side].copy else { return }
        if case .apus = actor, copy.isExecuting {
            violate(.runningDropped, "the running copy on the \(side)")
        }
        let other = hosts[side.other].copy
        switch copy.memory {
        case .whole where other?.memory != .whole: lose(side, by: actor, half: false)
        case .split: lose(side, by: actor, half: true)
        case .whole, .stale, .loading: break
        }
        hosts[side].copy = nil
        hosts[side].endReason = reason
        forgetIfUnknown(side)
        note("\(side): ended (\(reason))")
    }

    /// What libvirt knew of a guest goes with it.
    private func forgetIfUnknown(_ side: Side) {
        if hosts[side].copy == nil, !hosts[side].isDefined { hosts[side].snapshots = [] }
    }

    private func lose(_ side: Side, by actor: Actor, half: Bool) {
        switch actor {
        case .apus: violate(.lastCopyDropped, "the copy on the \(side) had what no other has")
        case .environment: suffer(half ? .halfLost : .killed)
        case .libvirt: suffer(half ? .halfLost : .endedByLibvirt)
        }
    }

    /// The guest as that host's libvirt lists it.
    func listed(_ side: Side) -> Guest? {
        let host = plan.host(side)
        let state: GuestState
        if let copy = hosts[side].copy {
            state = copy.state
        } else if hosts[side].isDefined {
            state = GuestState(.shutOff, reason: hosts[side].endReason)
        } else {
            return nil
        }
        return Guest(
            identity: plan.guest, host: host.name, state: state, memory: plan.memory, vcpus: 1,
            isPersistent: hosts[side].isDefined, activity: activity(side))
    }

    private func activity(_ side: Side) -> GuestActivity? {
        guard let transfer, let copy = hosts[side].copy else { return nil }
        switch side {
        case .source: return transfer.source == .over ? nil : .migratingOut
        // Of an incoming guest libvirt says that only its source has figures; of one that runs, nothing.
        case .destination:
            switch transfer.destination {
            case .none, .over: return nil
            case .preparing, .prepared, .finishing, .unattended: return copy.isExecuting ? nil : .migratingIn
            }
        }
    }

    /// Whether libvirt holds the guest for a migration on that host.
    func isBusy(_ side: Side) -> Bool {
        guard let transfer, hosts[side].copy != nil else { return false }
        switch side {
        case .source: return transfer.source != .over
        case .destination: return transfer.destination != .over && transfer.destination != .none
        }
    }

    /// A definition is gone from one host: the other has to have it, or the guest's next shutdown is its last.
    func undefine(_ side: Side) {
        hosts[side].isDefined = false
        forgetIfUnknown(side)
        note("\(side): undefined")
        if guest.isPersistent, !hosts[side.other].isDefined {
            violate(.definition, "it was removed from the \(side), and the other host has none")
        }
    }
}
