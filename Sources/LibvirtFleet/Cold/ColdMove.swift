package import FleetModel
package import Migration
import Synchronization
import Transfer

/// The move of a guest that does not run, as a transaction between two hosts: its files go first, under the locks that
/// keep every QEMU from writing to them; when all of them are there and checked, it is defined on the destination, and
/// undefined on the source.
package actor ColdMove {
    private let plan: MovePlan
    private let cold: ColdPlan
    private let record: MoveRecord
    private let steps: ColdSteps
    private let story: ColdStory
    private let began: ContinuousClock.Instant
    private let log: any MoveLog
    private let earlier: [UndoRecord]
    private let wanted: @Sendable () -> BandwidthLimit?
    private let gate = Gate()
    /// Since when a guest that was saved for its move stands still.
    private var standsStillSince: ContinuousClock.Instant?

    /// - Parameters:
    ///   - plan: what is to be done; its `cold` part says that this is its kind.
    ///   - cold: that part.
    ///   - record: how the journal is to know it.
    ///   - owner: this process.
    ///   - session: the two hosts.
    ///   - log: the journal.
    ///   - earlier: what earlier attempts to move the guest left on a host.
    ///   - began: when the user's command began.
    ///   - wanted: the bandwidth that somebody wants by now, if anybody does; asked every five seconds.
    ///   - progress: called at every event; it must not block.
    package init(
        plan: MovePlan, cold: ColdPlan, record: MoveRecord, owner: ProcessMark, session: MoveSession,
        log: any MoveLog, earlier: [UndoRecord], began: ContinuousClock.Instant,
        wanted: @escaping @Sendable () -> BandwidthLimit?,
        progress: @escaping @Sendable (MoveProgress) -> Void
    ) {
        self.plan = plan
        self.cold = cold
        self.record = record
        self.log = log
        self.earlier = earlier
        self.began = began
        self.wanted = wanted
        steps = ColdSteps(plan: plan, cold: cold, source: session.source, destination: session.destination)
        story = ColdStory(
            MoveBook(id: record.id, owner: owner, log: log), began: began, total: cold.total,
            progress: progress)
    }

    /// Asks the move to end early. Once everything has arrived, it is finished instead.
    package nonisolated func requestAbort(_ reason: AbortReason) { gate.abort(reason) }

    /// Carries the plan out.
    ///
    /// - Throws: `guest-busy` or the journal's codes before anything is touched; `transfer-failed`, `timed-out`,
    ///   `interrupted` and others when the guest is where it was; `state-not-known` when that is not certain.
    package func run() async throws(ApusError) -> MoveResult {
        try log.begin(
            record,
            Reservation(
                move: record.id, guest: plan.guest, source: plan.source.name,
                destination: plan.destination.name, memory: plan.memory, owner: story.owner,
                since: record.began))
        story.enter(.preMigration)
        let timer = plan.request.timeout.map { timeout in
            Task {
                let left = timeout - began.duration(to: .now)
                guard (try? await Task.sleep(for: max(left, .zero))) != nil else { return }
                requestAbort(.timeout(timeout))
            }
        }
        defer { timer?.cancel() }
        let sent: FileCarrier.Sent
        var remarks: [String] = []
        do throws(ApusError) {
            (sent, remarks) = try await transfer()
        } catch {
            let cause = gate.reason.map { $0.error(plan, steps.operation) } ?? error
            switch try await ColdEnding(steps: steps, story: story).end(after: cause) {
            case .arrived(let more): (sent, remarks) = (.init(content: .zero, wire: story.wire), more)
            case .unmoved(let failure): throw failure
            }
        }
        return try await conclude(sent, remarks)
    }

    // MARK: The transfer

    private func transfer() async throws(ApusError) -> (FileCarrier.Sent, [String]) {
        story.enter(.reservation)
        try await refuseMoving()
        let mine = earlier.filter { left in
            guard case .arriving(let path, _) = left.trace, left.host == plan.destination.name else {
                return false
            }
            return cold.files.contains { $0.destination == path }
        }
        if !mine.isEmpty { story.resume() }
        for (number, file) in cold.files.enumerated() {
            try story.note(
                .arriving(file.destination, replaces: file.replaces), on: plan.destination, number: number)
        }
        // From now on they are this one's to take away.
        for left in mine { try log.clear(left.id) }
        try await steps.prepare()
        if plan.request.isWarm, let saved = cold.saved {
            try story.note(.saved(guest: plan.guest.uuid), on: plan.source, number: cold.files.count + 1)
            standsStillSince = .now
            let definition = steps.definition
            gate.onAbort { Task { await definition.abortSave() } }
            try await steps.definition.save(runs: saved.runs)
        }
        // Where both hosts see everything, there is nothing that would have to be held by apus on the source.
        guard !cold.files.isEmpty else {
            try gate.close()
            return (.init(content: .zero, wire: .zero), try await commit())
        }
        let carrier = FileCarrier(
            guest: plan.guest, source: plan.source, destination: plan.destination, wanted: wanted)
        let (story, job) = (story, job)
        let work = Task { () async -> Result<(FileCarrier.Sent, [String]), ApusError> in
            do throws(ApusError) {
                return .success(
                    try await carrier.carry(
                        job, held: { story.enter(.stopAndCopy) }, progress: { story.show($0) }
                    ) { (sent) async throws(ApusError) in
                        try self.gate.close()
                        return (sent, try await self.commit())
                    })
            } catch {
                return .failure(error)
            }
        }
        gate.onAbort { work.cancel() }
        return try await work.value.get()
    }

    /// The last look before anything is touched.
    private func refuseMoving() async throws(ApusError) {
        let look = await steps.look()
        if plan.request.isWarm {
            guard look.source == .active else {
                throw ApusError(
                    .planOutdated, steps.operation,
                    "\(plan.guest) is \(look.source.words) on \(plan.source.name), and was to be saved for its move",
                    hint: "Give the command again, without --warm.")
            }
        } else if look.source == .active, let guest = try await steps.definition.guest(on: steps.source) {
            throw steps.startedMeanwhile(guest)
        }
        if look.destinationState?.kind == .saved {
            throw ApusError(
                .blocked, steps.operation,
                "\(plan.destination.name) has a saved memory of \(plan.guest) of its own",
                hint:
                    "Find out which of the two is the guest; the other one goes with virsh managedsave-remove "
                    + "\(plan.guest).")
        }
        guard look.source == .defined || plan.request.isWarm,
            look.destination == .absent || look.destination == .defined
        else {
            throw ApusError(
                .stateNotKnown, steps.operation,
                "\(plan.guest) is \(look.source.words) on \(plan.source.name) and \(look.destination.words) on "
                    + plan.destination.name, hint: "Ask both hosts, and try again when they answer.")
        }
    }

    private var job: SendJob {
        let roots = cold.files.map { Path.directory(of: $0.destination) }.unique
        return SendJob(
            held: cold.held,
            files: cold.files.map { file in
                // Under a name of apus' own: what has that is this guest's.
                SendJob.File(
                    path: file.path, root: roots.firstIndex(of: Path.directory(of: file.destination)) ?? 0,
                    name: Path.name(of: ArrivedFile(place: file.destination).waiting), replaces: true)
            },
            host: plan.destination.name, shell: plan.destination.shell(from: plan.source) ?? [],
            apus: plan.destination.program(seenFrom: plan.source), roots: roots,
            address: plan.destination.transport == .tcp ? plan.destination.migrationAddress : nil,
            bandwidth: plan.request.bandwidth?.bytesPerSecond, compressors: 2)
    }

    // MARK: Commitment and after

    private func commit() async throws(ApusError) -> [String] {
        try await steps.giveOwners()
        try await steps.refuseForeign()
        let seal = try await steps.seal()
        try story.note(
            .sealed(source: seal.source, destination: seal.destination), on: plan.source,
            number: cold.files.count)
        try story.commit()
        let remarks = try await steps.complete()
        story.enter(.activation)
        return remarks
    }

    private func conclude(_ sent: FileCarrier.Sent, _ remarks: [String]) async throws(ApusError) -> MoveResult
    {
        var remarks = remarks
        remarks += await ColdEnding(steps: steps, story: story).tidy()
        var failure: ApusError?
        var downtime: Downtime?
        if plan.request.starts || plan.request.isWarm {
            do throws(ApusError) {
                try await steps.definition.start()
            } catch {
                failure = ApusError(
                    error.code, "start \(plan.guest) on \(plan.destination.name)",
                    "it has moved there and is shut off: \(error.detail)", hint: error.hint, underlying: error
                )
            }
        }
        if let standsStillSince, failure == nil, cold.saved?.runs == true {
            downtime = Downtime(
                duration: standsStillSince.duration(to: .now), method: .eventArrival,
                error: .milliseconds(500))
        }
        // What cannot be brought back goes last, and never while the guest is not as it was to be.
        if failure == nil {
            remarks += await ColdEnding(steps: steps, story: story).removeSource()
        }
        let look = await steps.look()
        let total = began.duration(to: .now)
        story.finish(
            .moved, code: nil,
            actual: PastMove(
                strategy: nil, total: total, downtime: downtime?.duration, wire: sent.wire, rounds: 0))
        if let failure { throw failure }
        var care = ActivationReport()
        if plan.conclusions.contains(.autostart) { care.isAutostarted = true }
        return MoveResult(
            id: record.id, plan: plan, total: total, downtime: downtime, wire: sent.wire,
            phases: story.phases(), destinationState: look.destinationState ?? GuestState(.unknown),
            sourceState: look.sourceState, care: care, remarks: remarks)
    }

    /// What separates the time in which a move may be given up from that in which it is finished.
    private final class Gate: Sendable {
        private struct State {
            var reason: AbortReason?
            var isClosed = false
            var action: (@Sendable () -> Void)?
        }
        private let state = Mutex(State())

        var reason: AbortReason? { state.withLock(\.reason) }

        func abort(_ reason: AbortReason) {
            let action = state.withLock { state -> (@Sendable () -> Void)? in
                guard !state.isClosed, state.reason == nil else { return nil }
                state.reason = reason
                return state.action
            }
            action?()
        }

        func onAbort(_ action: @escaping @Sendable () -> Void) {
            let isDue = state.withLock { state in
                state.action = action
                return state.reason != nil
            }
            if isDue { action() }
        }

        /// - Throws: `interrupted` when somebody was quicker.
        func close() throws(ApusError) {
            let isOpen = state.withLock { state in
                state.isClosed = state.reason == nil
                return state.isClosed
            }
            guard isOpen else { throw ApusError(.interrupted, "finish", "it was to end early", hint: nil) }
        }
    }
}

extension AbortReason {
    fileprivate func error(_ plan: MovePlan, _ operation: String) -> ApusError {
        switch self {
        case .signal: ApusError(.interrupted, operation, "interrupted", hint: nil)
        case .timeout(let limit):
            ApusError(
                .timedOut, operation, "not done within \(limit.text)",
                hint: "Give it more time with --timeout, or more --bandwidth; it goes on where it was.")
        case .convergence(let reason): ApusError(.didNotConverge, operation, reason, hint: nil)
        }
    }
}

extension ColdSettlement.Presence {
    /// For people, behind "is".
    var words: String {
        switch self {
        case .silent: "not known (no answer)"
        case .absent: "not there"
        case .defined: "shut off"
        case .active: "active"
        }
    }
}

extension ColdPlan {
    /// What all files together hold, holes included, as far as it is known.
    fileprivate var total: ByteCount? { files.isEmpty ? nil : size }
}
