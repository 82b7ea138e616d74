package import FleetModel
package import Migration

/// Brings a cold move to its end that some process left half-done: finishes it, or takes away what arrived.
package struct ColdRepair: Sendable {
    private let plan: MovePlan
    private let steps: ColdSteps
    private let story: ColdStory
    private let book: MoveBook

    package init(
        id: String, plan: MovePlan, cold: ColdPlan, owner: ProcessMark, log: any MoveLog,
        connector: HostConnector = HostConnector()
    ) {
        self.plan = plan
        book = MoveBook(id: id, owner: owner, log: log)
        steps = ColdSteps(
            plan: plan, cold: cold, source: HostLink(host: plan.source, connector: connector),
            destination: HostLink(host: plan.destination, connector: connector))
        story = ColdStory(book, began: .now, total: nil, progress: { _ in })
    }

    /// Where the guest is.
    package struct Place: Sendable {
        package let source: GuestState?
        package let destination: GuestState?
        /// Whether the move is done: the destination has it, and the source at most a definition that it was to keep.
        package let hasMoved: Bool
    }

    /// What both hosts say now; nothing is changed.
    package func look() async -> Place {
        let look = await steps.look()
        return Place(
            source: look.sourceState, destination: look.destinationState, hasMoved: look.source == .absent)
    }

    /// Repairs.
    ///
    /// - Parameters:
    ///   - keepsFiles: whether what arrived of a guest that has not moved stays, for another attempt.
    ///   - say: told what was done, a sentence each.
    /// - Returns: where the guest is now.
    /// - Throws: `guest-busy` when the move's own process lives, `state-not-known` with the evidence,
    ///   `repair-incomplete` when something is left to do.
    package func run(keepsFiles: Bool = false, say: (String) -> Void) async throws(ApusError) -> Place {
        try book.adopt()
        let isComplete = (try book.reached()).map { $0 >= .commitment } ?? false
        let ending = ColdEnding(steps: steps, story: story)
        let look = await ending.look(isComplete)
        var hasMoved = false
        do throws(ApusError) {
            switch ending.verdict(look, isComplete) {
            case .unmoved:
                try await ending.stay(isComplete)
                try await goOn(ending, say)
                if !keepsFiles { try await takeAway(say) }
            case .withdraw:
                try await ending.withdraw()
                say(
                    "\(plan.guest) ran on \(plan.source.name) since: its definition on \(plan.destination.name) was removed"
                )
                try await goOn(ending, say)
                if !keepsFiles { try await takeAway(say) }
            case .finish:
                _ = try await ending.finish(look)
                say(
                    "\(plan.guest) is on \(plan.destination.name) with all that it has; its move was finished"
                )
                try await arrive(ending, say)
                hasMoved = true
            case .arrived:
                try await arrive(ending, say)
                hasMoved = true
            case .notKnown:
                let error = ending.notKnown(nil, look)
                story.finish(.notKnown, code: error.code)
                throw error
            }
        } catch  where error.code != .stateNotKnown {
            throw ApusError(
                .repairIncomplete, "repair the move of \(plan.guest)", error.detail,
                hint: "Mend what it says, then apus repair \(plan.guest).", underlying: error)
        }
        story.finish(hasMoved ? .moved : .failed, code: hasMoved ? nil : .migrationFailed)
        let place = await self.look()
        return Place(source: place.source, destination: place.destination, hasMoved: hasMoved)
    }

    /// A guest that was saved for its move goes on.
    private func arrive(_ ending: ColdEnding, _ say: (String) -> Void) async throws(ApusError) {
        if plan.request.isWarm || plan.request.starts,
            try await steps.definition.guest(on: steps.destination)?.state.isActive == false
        {
            try await steps.definition.start()
            say("\(plan.guest) goes on on \(plan.destination.name)")
        }
        for remark in await ending.tidy() + ending.removeSource() { say(remark) }
    }

    private func goOn(_ ending: ColdEnding, _ say: (String) -> Void) async throws(ApusError) {
        guard try await ending.goOn() else { return }
        say("\(plan.guest) was saved for its move and goes on on \(plan.source.name)")
    }

    private func takeAway(_ say: (String) -> Void) async throws(ApusError) {
        for record in try story.undoable() {
            if case .arriving(let place, _) = record.trace {
                let isTaken = try await steps.takeAway(record.trace)
                say("\(record.trace.text) was removed from \(record.host)")
                if isTaken { say("\(place) on \(record.host) is not of this move, and stays") }
            }
            try story.forget(record)
        }
    }
}
