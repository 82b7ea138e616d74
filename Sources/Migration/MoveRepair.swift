package import FleetModel
import Policy

/// Brings a move that some process left half-done to its end: finishes it or puts back what it changed, on both
/// hosts' word. Safe to run twice, and beside the process that carries the move out: that one holds it.
package struct MoveRepair<Ports: MovePorts>: Sendable {
    private let plan: MovePlan
    private let ports: Ports
    private let book: MoveBook
    private let age: Duration
    private let acceptsWhatRuns: Bool
    private let say: @Sendable (String) -> Void

    /// - Parameters:
    ///   - id: the move, as the journal knows it.
    ///   - plan: what it was to do.
    ///   - owner: this process.
    ///   - ports: the two hosts.
    ///   - log: the journal.
    ///   - age: how long ago the move began: its story goes on from there.
    ///   - acceptsWhatRuns: a person has decided that the copy that runs now is the guest, though the journal says that
    ///     the guest had run on the other host, and that it does without what can neither follow it nor be put back.
    ///   - say: told what is seen and done, a sentence each.
    package init(
        id: String, plan: MovePlan, owner: ProcessMark, ports: Ports, log: any MoveLog,
        age: Duration = .zero, acceptsWhatRuns: Bool = false, say: @escaping @Sendable (String) -> Void
    ) {
        self.plan = plan
        self.ports = ports
        book = MoveBook(id: id, owner: owner, log: log)
        self.age = age
        self.acceptsWhatRuns = acceptsWhatRuns
        self.say = say
    }

    /// What both hosts say now; nothing is changed.
    package func look() async -> Settled {
        await Settler(
            plan: plan, ports: ports, follows: true, neverStopped: false,
            ranThere: (try? book.reached()) == .activation,
            isDeaf: false, say: { _ in }, noteArrival: {}
        ).lookOnce()
    }

    /// Repairs.
    ///
    /// - Returns: where the guest is now.
    /// - Throws: `ApusError` with `guest-busy` when the move's own process lives, `state-not-known` with the evidence,
    ///   `postcopy-broken`, `host-unreachable` when something is left behind on a host that does not answer.
    package func run() async throws(ApusError) -> RepairResult {
        var book = book
        let began = ports.clock.now
        try book.adopt()
        let ranThere = try acceptsWhatRuns ? false : book.reached() == .activation
        let (story, say, age, ports) = (book, say, age, ports)
        let outcome = await MoveEnding(
            plan: plan, ports: ports, book: book, follows: true, neverStopped: false, ranThere: ranThere,
            isDeaf: false, givesUp: acceptsWhatRuns,
            say: { sentence in
                story.note(.remark("repair: \(sentence)"), at: age + began.duration(to: ports.clock.now))
                say(sentence)
            }
        )
        .end()
        let elapsed = age + began.duration(to: ports.clock.now)
        let settled = outcome.settled
        book.tell(.remark("repair: \(settled.text(plan))"), at: elapsed)
        guard outcome.leftBehind.isEmpty, outcome.missing.isEmpty else {
            let leftBehind = outcome.leftBehind.map { "left behind: \($0)" }
            throw ApusError(
                .repairIncomplete, "put back what the move of \(plan.guest) changed",
                ([settled.text(plan)] + leftBehind + outcome.missing).joined(separator: "; "),
                hint: (settled.refusal?.hint.map { $0 + " " } ?? "")
                    + "When the host answers again, or what it says is mended: apus repair \(plan.guest)."
                    + (outcome.missing.isEmpty ? "" : " To do without what is missing: add --accept."))
        }
        switch settled.verdict {
        case .arrived:
            book.finish(.moved, code: nil, actual: nil, at: elapsed)
        case .unmoved, .ended:
            book.finish(.failed, code: .migrationFailed, actual: nil, at: elapsed)
        case .resumeSource, .resumeDestination, .dropSource, .dropDestination, .recoverPostCopy, .unsettled,
            .notKnown:
            let error = MoveFailure(plan: plan, id: book.id).notKnown(nil, settled, ranThere: ranThere)
            book.finish(.notKnown, code: error.code, actual: nil, at: elapsed)
            throw error
        }
        return RepairResult(
            id: book.id, plan: plan, settled: settled, care: outcome.care, remarks: outcome.remarks)
    }
}

/// What a repair found and left.
package struct RepairResult: Sendable {
    package let id: String
    package let plan: MovePlan
    package let settled: Settled
    /// What was done for the guest besides bringing its move to an end.
    package let care: ActivationReport
    package let remarks: [String]

    /// The guest's host and state now; `nil` for a guest that ended.
    package var place: (host: Host, state: GuestState)? {
        switch settled.verdict {
        case .arrived: settled.destinationState.map { (plan.destination, $0) }
        case .unmoved: settled.sourceState.map { (plan.source, $0) }
        default: nil
        }
    }
}
