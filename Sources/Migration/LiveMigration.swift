package import FleetModel
import Policy
import Logging

/// One live migration as a transaction between two hosts: it ends with the guest on exactly one of them, or
/// says what it saw.
///
/// Everything that happens - the hosts' events, samples, the deadline, a wish to abort - comes through one stream and is
/// taken one by one. What is decided about the copy is Policy's; what is true at the end is asked of both hosts: the
/// error that the move's own call returned is never trusted.
package actor LiveMigration<Ports: MovePorts> {
    package typealias Instant = Ports.MoveClock.Instant

    /// What may happen next.
    enum Input: Sendable {
        case event(GuestEvent<Instant>)
        case sample(JobSample?, took: Duration)
        case abort(AbortReason)
        /// The moves that are under way now, this one among them.
        case movesUnderWay([MoveUnderWay])
        /// How far apart the clocks of both hosts are; `nil` where they could not be read.
        case clocks(ClockOffset?)
        /// The last events have had their time.
        case lastCall
    }

    package nonisolated let id: String
    let plan: MovePlan
    let ports: Ports
    let began: Instant
    private let record: MoveRecord
    private let progress: @Sendable (MoveProgress) -> Void
    private let inputs = AsyncStream.makeStream(of: Input.self)

    var book: MoveBook
    var timeline: Timeline<Instant>
    var steering: Steering<Ports>
    /// How far apart the hosts' clocks are, once that was asked for.
    var clocks: ClockOffset??
    /// QEMU's downtime limit, as far as it was we who set it.
    var limitInForce: Duration?
    /// What the guest's moves were held to before this one, where libvirt does not tell that any more once it runs.
    var bandwidthBefore: ByteRate??
    var transferBegan: Instant?
    var abort: Abort?
    var isPostCopy = false
    var lastSample: JobSample?
    var sharing: Sharing
    var remarks: [String] = []
    private var notice: String?
    private var silentSince: Instant?
    /// When the source last said how far the move is.
    private var lastAnswer: Instant
    var isDeafToSource = false
    /// The slowest answer so far: how late an event may have been.
    var slowestAnswer: Duration = .milliseconds(1)

    /// A wish to end early, and how far it got.
    struct Abort: Sendable {
        let reason: AbortReason
        let since: Instant
        var refusal: String?
    }

    /// A move that has not begun.
    ///
    /// - Parameters:
    ///   - plan: what is to be done.
    ///   - record: how the journal is to know it.
    ///   - owner: this process.
    ///   - ports: the two hosts, and the clock that the move is timed by.
    ///   - log: the journal.
    ///   - began: when the user's command began: the total time counts from there.
    ///   - progress: called at every event and sample; it must not block.
    package init(
        plan: MovePlan, record: MoveRecord, owner: ProcessMark, ports: Ports, log: any MoveLog,
        began: Instant,
        progress: @escaping @Sendable (MoveProgress) -> Void
    ) {
        id = record.id
        self.plan = plan
        self.record = record
        self.ports = ports
        self.began = began
        self.progress = progress
        lastAnswer = began
        book = MoveBook(id: record.id, owner: owner, log: log)
        timeline = Timeline(began: began)
        sharing = Sharing(plan, id: record.id)
        steering = Steering(plan, ports: ports, spent: began.duration(to: ports.clock.now))
    }

    /// Asks the move to end early. Before switchover it is rolled back; after it, it is finished.
    package nonisolated func requestAbort(_ reason: AbortReason) {
        inputs.continuation.yield(.abort(reason))
    }

    /// Carries the plan out.
    ///
    /// - Throws: `ApusError` with `plan-refused`, `guest-busy` or the journal's codes before anything is touched;
    ///   `migration-failed`, `migration-aborted`, `did-not-converge`, `timed-out` or `interrupted` when the guest is
    ///   where it was; `state-not-known` or `postcopy-broken` when it is not provably good.
    package func run() async throws(ApusError) -> MoveResult {
        if let refusal = plan.refusal { throw refusal }
        try book.begin(
            record,
            Reservation(
                move: id, guest: plan.guest, source: plan.source.name, destination: plan.destination.name,
                memory: plan.memory, owner: book.owner, since: record.began))
        tell(.phase(.preMigration))
        let failure: ApusError?
        do throws(ApusError) {
            try claimPlace()
            let events = try await ports.events()
            enter(.reservation)
            try await prepare()
            failure = await transfer(events)
        } catch {
            throw await giveUp(error)
        }
        return try await settle(after: failure)
    }

    // MARK: Before

    /// Each change is in the journal before it is made.
    private func prepare() async throws(ApusError) {
        for (number, preparation) in plan.preparations.enumerated() {
            let trace = try await ports.trace(of: preparation)
            try book.note(trace, on: plan.host(preparation.side), number: number)
            try await ports.prepare(preparation.tracing(trace))
        }
        // While it runs, libvirt tells the move's own limit instead.
        if plan.request.bandwidth != nil { bandwidthBefore = .some(try await ports.bandwidth()) }
        guard let limit = steering.firstLimit else { return }
        // A limit that was set outlives an aborted job, so a later move would inherit it.
        let found = try await ports.downtimeLimit()
        try book.note(
            .downtimeLimit(guest: plan.guest.uuid, found), on: plan.source, number: plan.preparations.count)
        try await ports.setDowntimeLimit(limit)
        limitInForce = limit
    }

    // MARK: While it runs

    /// Runs the transfer with its watchers beside it.
    ///
    /// - Returns: the error of the transfer's own call, which decides nothing yet.
    private func transfer(_ events: AsyncStream<GuestEvent<Instant>>) async -> ApusError? {
        await withTaskGroup(of: Void.self) { watchers in
            watchers.addTask { await self.forward(events) }
            watchers.addTask { await self.takeSamples() }
            watchers.addTask { await self.watchOthers() }
            watchers.addTask { await self.keepGuestFree() }
            if let timeout = plan.request.timeout {
                watchers.addTask { await self.watch(timeout) }
            }
            lastAnswer = ports.clock.now
            await ports.beginTransfer()
            let failure = await takeInputs(&watchers)
            watchers.cancelAll()
            return failure
        }
    }

    /// Takes what happens, one by one, until the transfer has ended and its last events are there.
    private func takeInputs(_ watchers: inout TaskGroup<Void>) async -> ApusError? {
        var hasEnded = false
        var deafness: ApusError?
        for await input in inputs.stream {
            switch input {
            case .event(let event):
                if case .ended(let failure?) = event.kind {
                    // The move goes on without us: it is watched from outside until it is over.
                    guard failure.code == .connectionLost else { return failure }
                    remark("the connection to \(plan.source.name) broke meanwhile; figures are incomplete")
                    deafness = failure
                    isDeafToSource = true
                } else if case .ended(nil) = event.kind {
                    hasEnded = true
                    // The last events come on other connections than the answer did.
                    watchers.addTask {
                        try? await self.ports.clock.sleep(for: .milliseconds(500))
                        self.inputs.continuation.yield(.lastCall)
                    }
                } else {
                    if case .resumed = event.kind, event.side == .destination, timeline.phase < .activation {
                        watchers.addTask { await self.compareClocks() }
                    }
                    await take(event)
                }
            case .sample(let sample, let took):
                await take(sample, took)
                if let refusal = await pressAbort() { return refusal }
                if let deafness, await isOver() { return deafness }
            case .abort(let reason):
                requested(reason)
                if let refusal = await pressAbort() { return refusal }
            case .movesUnderWay(let moves):
                await share(moves)
            case .clocks(let offset):
                clocks = .some(offset)
            case .lastCall:
                return nil
            }
            if hasEnded, timeline.completed != nil, plan.wasPaused || clocks != nil {
                return nil
            }
        }
        return nil
    }

    private func take(_ event: GuestEvent<Instant>) async {
        let before = timeline.phase
        timeline.note(event)
        switch event.kind {
        case .transferBegan:
            transferBegan = transferBegan ?? event.received
        case .postCopyBegan:
            isPostCopy = true
        case .postCopyBroke:
            notice = "the connection of the post-copy broke"
            remark("the connection of the post-copy broke")
        case .lost(let reason):
            remark("the connection to \(plan.host(event.side).name) broke (\(reason))")
            if event.side == .source { isDeafToSource = true }
            notice = "the connection to \(plan.host(event.side).name) broke (\(reason))"
        default: break
        }
        if timeline.phase != before { tell(.phase(timeline.phase)) }
        report()
        guard case .round(let number) = event.kind else { return }
        // What was left when the round began is worth a question of its own.
        await steer(try? await ports.sample(), round: number)
    }

    private func take(_ sample: JobSample?, _ took: Duration) async {
        lastAnswer = ports.clock.now
        // Once the guest has switched over, libvirt answers late on purpose: it is tidying up.
        if timeline.phase < .commitment { slowestAnswer = max(slowestAnswer, took) }
        guard let sample else { return }
        lastSample = sample
        tell(.sample(sample))
        report()
        await steer(sample, round: nil)
    }

    /// Whether the source's libvirt has ended a move whose call we can no longer hear, or answers nobody.
    private func isOver() async -> Bool {
        do {
            let guest = try await ports.guest(on: .source)
            // libvirt keeps the job of a post-copy that broke: nothing ends it but a repair.
            guard guest?.activity != nil, guest?.state.reason != "postcopy-failed" else { return true }
            silentSince = nil
            return false
        } catch {
            let since = silentSince ?? ports.clock.now
            silentSince = since
            return since.duration(to: ports.clock.now) > .seconds(30)
        }
    }

    // MARK: Watchers

    nonisolated func send(_ moves: [MoveUnderWay]) { inputs.continuation.yield(.movesUnderWay(moves)) }

    private nonisolated func forward(_ events: AsyncStream<GuestEvent<Instant>>) async {
        for await event in events { inputs.continuation.yield(.event(event)) }
    }

    private nonisolated func takeSamples() async {
        while !Task.isCancelled {
            if await isHandingOver {
                try? await ports.clock.sleep(for: .milliseconds(100))
                continue
            }
            let asked = ports.clock.now
            let sample = try? await ports.sample()
            let took = asked.duration(to: ports.clock.now)
            inputs.continuation.yield(.sample(sample ?? nil, took: took))
            // A host that answers late is not asked without a pause.
            try? await ports.clock.sleep(for: max(.milliseconds(20), .milliseconds(190) - took))
        }
    }

    /// The first second after the guest stopped: nothing can be steered any more, and what libvirt needs for an answer it
    /// would take from the guest's first moments on the destination.
    private var isHandingOver: Bool {
        guard let stopped = timeline.began(.stopAndCopy) else { return false }
        return stopped.duration(to: ports.clock.now) < .seconds(1)
    }

    private nonisolated func watch(_ timeout: Duration) async {
        let left = timeout - began.duration(to: ports.clock.now)
        if left > .zero { try? await ports.clock.sleep(for: left) }
        if !Task.isCancelled { requestAbort(.timeout(timeout)) }
    }

    /// A guest whose disks are copied stands still where its QEMU waits for their connections: docs/decisions/0010. Nothing
    /// that has to ask QEMU is answered meanwhile.
    private func keepGuestFree() async {
        guard !plan.copiedDisks.isEmpty else { return }
        while !Task.isCancelled, timeline.phase <= .reservation {
            let due = lastAnswer.advanced(by: .milliseconds(600))
            guard ports.clock.now >= due else {
                try? await ports.clock.sleep(for: ports.clock.now.duration(to: due))
                continue
            }
            if (try? await ports.freeGuest()) == true {
                remark(
                    "\(plan.destination.name) did not answer when \(plan.source.name) began to copy disks to it; QEMU waited for "
                        + "that connection, which stops \(plan.guest), so it was ended")
            }
            lastAnswer = ports.clock.now
        }
    }

    /// Not at once: some twenty processes on two hosts are felt by a guest in its first moments there.
    private nonisolated func compareClocks() async {
        guard (try? await ports.clock.sleep(for: .milliseconds(200))) != nil else { return }
        inputs.continuation.yield(.clocks(await ports.clockOffset()))
    }

    // MARK: Telling

    private func enter(_ phase: Phase) {
        timeline.enter(phase, at: ports.clock.now)
        tell(.phase(phase))
        report()
    }

    func tell(_ event: MoveEntry.Event) {
        book.tell(event, at: began.duration(to: ports.clock.now))
    }

    func remark(_ text: String) {
        remarks.append(text)
        tell(.remark(text))
    }

    func say(_ text: String) {
        notice = text
        report()
    }

    private func report() {
        progress(
            MoveProgress(
                phase: timeline.phase, rounds: timeline.rounds, elapsed: began.duration(to: ports.clock.now),
                sample: lastSample, notice: notice))
    }
}
