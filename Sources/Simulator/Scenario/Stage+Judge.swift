import FleetModel

/// What has to be true when an end is written down, and when nothing is left to do.
extension Stage {
    var end: ScenarioRun.End {
        switch pages.move?.outcome {
        case .moved: .moved
        case .failed: .failed
        case .aborted: .aborted
        case .notKnown: .notKnown
        case .open: .open
        case nil: .notBegun
        }
    }

    /// What was asked a moment ago may have died meanwhile: nobody can be blamed for that.
    private var isFreshlyHarmed: Bool {
        hosts.lastHarm.map { hosts.simulation.now - $0 < .seconds(25) } ?? false
    }

    func judge(_ outcome: MoveRecord.Outcome, by process: SimulatedProcess) {
        switch outcome {
        case .moved: judgeMoved()
        case .failed, .aborted: judgeFailed(outcome, knowing: process.knowsThatItRan || pages.saysThatItRan)
        case .open, .notKnown:
            if pages.reservation == nil {
                hosts.violate(.reservation, "it was given back while the end is not known")
            }
            return
        }
        if pages.reservation != nil { hosts.violate(.reservation, "it is held although the move has ended") }
        // The destination's own part of a failed move may end later, when its libvirt is back.
        if let transfer = hosts.transfer, transfer.source != .over, !isFreshlyHarmed, !hosts.guestEnded,
            hosts.hosts.source.copy != nil
        {
            hosts.violate(.journal, "it says \(outcome.rawValue) while libvirt is still at it")
        }
    }

    private func judgeMoved() {
        switch hosts.truth {
        case .at(.destination, _), .ended: break
        case .gone where isFreshlyHarmed: break
        // libvirt had made two of it, and one host died: the other copy is all there is.
        case .gone where hosts.hosts.destination.copy?.isExecuting == true && hosts.hosts.source.copy == nil:
            break
        case let truth: hosts.violate(.journal, "it says moved, and the guest is \(truth)")
        }
        if case .at(.destination, _) = hosts.truth {
            let fate = scenario.snapshotsFate
            hosts.judgeBelongings(
                at: .destination, keptOnSource: fate == .kept, givenUp: fate == .givenUp)
        }
        if hosts.hosts.source.copy != nil {
            hosts.violate(.journal, "it says moved, and a copy is left on the source")
        }
    }

    private func judgeFailed(_ outcome: MoveRecord.Outcome, knowing itRan: Bool) {
        switch hosts.truth {
        // An old copy that libvirt, or a repair, let run where no trace was left of the other one.
        case .gone where !itRan: break
        case .at(.source, _), .ended: break
        case .gone where hosts.hosts.source.copy == nil && hosts.hosts.destination.copy == nil: break
        case .gone where isFreshlyHarmed: break
        case let truth: hosts.violate(.journal, "it says \(outcome.rawValue), and the guest is \(truth)")
        }
        if let copy = hosts.hosts.destination.copy, !isFreshlyHarmed,
            copy.memory != .loading || hosts.hosts.destination.daemonIsUp
        {
            hosts.violate(.journal, "it says \(outcome.rawValue), and a copy is left on the destination")
        }
        judgeUndo()
    }

    /// Nothing that the move made is left.
    private func judgeUndo() {
        if case .at(.source, _) = hosts.truth { hosts.judgeBelongings(at: .source) }
        for preparation in scenario.plan.preparations {
            guard case .createImage(let order) = preparation.work,
                hosts.hosts[preparation.side].images.contains(order.path)
            else { continue }
            hosts.violate(.undo, "\(order.path) is left on the \(preparation.side)")
        }
        if hosts.hosts.destination.isDefined, hosts.hosts.source.isDefined, !isFreshlyHarmed {
            hosts.violate(.undo, "a definition is left on the destination")
        }
        if let limit = hosts.hosts.source.copy?.downtimeLimit, limit != .milliseconds(300) {
            hosts.violate(.undo, "the downtime limit is left at \(limit)")
        }
        if let limit = hosts.hosts.source.copy?.bandwidth {
            hosts.violate(.undo, "the guest's moves are still held to \(limit)")
        }
        if !pages.undo.isEmpty { hosts.violate(.undo, "the journal still knows of \(pages.undo[0].trace)") }
    }

    /// Everything is whole again, and nobody will do anything more.
    func judgeEnd() {
        let truth = hosts.truth
        switch end {
        case .open:
            hosts.violate(.givesUp, "repair never came to an end; the guest is \(truth)")
        case .notKnown:
            switch truth {
            // Two that are the same and stand still: whoever paused the guest decides.
            case .gone: break
            case .eitherSide where hosts.guest.wasPaused: break
            // A guest that shut down leaves no trace of why it is gone, or one like that of an older definition.
            case .ended: break
            case .at(let side, false) where hosts.hosts[side].copy?.isStoppedForCause == true: break
            case .at, .eitherSide, .split:
                hosts.violate(.givesUp, "the guest is \(truth)")
            }
        case .moved, .failed, .aborted, .notBegun:
            if case .at(let side, false) = truth, !hosts.guest.wasPaused,
                hosts.hosts[side].copy?.isStoppedForCause == false
            {
                hosts.violate(.leftStopped, "on the \(side)")
            }
            if case .eitherSide = truth, !hosts.guest.wasPaused {
                hosts.violate(.leftStopped, "on both hosts")
            }
            if end == .notBegun { judgeUndo() }
            if end != .moved, hosts.hosts.destination.copy != nil, hosts.misfortunes.isEmpty {
                hosts.violate(.undo, "a copy is left on the destination")
            }
        }
    }
}
