import FleetModel
import Policy

/// How the engine's move ends: both hosts are asked what is true, and the guest's user is told.
extension LiveMigration {
    private var ending: MoveEnding<Ports> {
        MoveEnding(
            plan: plan, ports: ports, book: book, follows: false, neverStopped: neverStopped,
            ranThere: timeline.phase == .activation, isDeaf: isDeafToSource,
            say: { await self.announce($0) })
    }

    /// Whether the source's events were heard all along, and none said that the guest stopped.
    private var neverStopped: Bool {
        !plan.wasPaused && !isPostCopy && !isDeafToSource && timeline.phase < .stopAndCopy
    }

    private func announce(_ said: String) {
        remark(said)
        say(said)
    }

    func settle(after failure: ApusError?) async throws(ApusError) -> MoveResult {
        let outcome = await ending.end()
        remarks += outcome.remarks
        let settled = outcome.settled
        let words = MoveFailure(plan: plan, id: id)
        let error: ApusError
        switch settled.verdict {
        case .arrived:
            if let failure {
                remark("libvirt reported an error, yet the guest arrived: \(failure.detail)")
            } else if abort != nil {
                remark("the abort came after the guest had switched over: the move was finished")
            }
            // What is the guest's own stays in the journal until the guest has it: apus repair brings it.
            guard outcome.missing.isEmpty else { throw words.missing(outcome.missing) }
            remarks += outcome.leftBehind
            let result = result(outcome)
            finish(.moved, code: nil, actual: PastMove(result))
            return result
        case .unmoved,
            .dropDestination where settled.refusal != nil:
            error = words.unmoved(
                failure, (settled, outcome.leftBehind), abort: abort?.reason, remarks: remarks)
        case .ended:
            error = words.ended(failure, settled)
        case .resumeSource, .resumeDestination, .dropSource, .dropDestination, .recoverPostCopy, .unsettled,
            .notKnown:
            error = words.notKnown(failure, settled, ranThere: timeline.phase == .activation)
            finish(.notKnown, code: error.code, actual: nil)
            throw error
        }
        // With something left behind the move is not over: apus repair ends it.
        if outcome.leftBehind.isEmpty {
            finish(abort == nil ? .failed : .aborted, code: error.code, actual: nil)
        }
        throw error
    }

    private func result(_ outcome: MoveEnding<Ports>.Outcome) -> MoveResult {
        let (settled, end) = (outcome.settled, outcome.settledAt)
        timeline.enter(.activation, at: end)
        var result = MoveResult(
            id: id, plan: plan, total: began.duration(to: end),
            downtime: plan.wasPaused
                ? nil : Downtime(timeline: timeline, offset: clocks ?? nil, arrivalError: slowestAnswer),
            wire: timeline.completed?.wire ?? lastSample?.wire, rounds: max(timeline.rounds, 1),
            dirtyRate: lastSample?.dirtyRate,
            phases: timeline.phases(until: end),
            destinationState: settled.destinationState ?? GuestState(.unknown),
            sourceState: settled.sourceState, usedPostCopy: isPostCopy, care: outcome.care, remarks: remarks)
        result.relayed = outcome.relayed
        return result
    }

    /// The transfer was never begun: the guest is untouched.
    func giveUp(_ error: ApusError) async -> ApusError {
        var outcome = MoveEnding<Ports>.Outcome(
            settled: Settled(verdict: .unmoved, source: .silent, destination: .silent),
            settledAt: ports.clock.now)
        await ending.putBack(&outcome)
        guard outcome.leftBehind.isEmpty else {
            return ApusError(
                error.code, error.operation,
                "\(error.detail); \(untouched); left behind: \(outcome.leftBehind.joined(separator: "; "))",
                hint: "apus repair \(plan.guest) puts back what was left behind.", underlying: error)
        }
        finish(.failed, code: error.code, actual: nil)
        return ApusError(
            error.code, error.operation, "\(error.detail); \(untouched)", hint: error.hint,
            findings: error.findings,
            underlying: error)
    }

    private var untouched: String { "\(plan.guest) stays on \(plan.source.name), untouched" }

    private func finish(_ outcome: MoveRecord.Outcome, code: ApusError.Code?, actual: PastMove?) {
        book.finish(outcome, code: code, actual: actual, at: began.duration(to: ports.clock.now))
    }
}
