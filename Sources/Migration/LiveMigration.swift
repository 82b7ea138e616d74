package import FleetModel
import Policy
import Logging

/// One live migration as a transaction between two hosts: it ends with the guest on exactly one of them, or
/// says what it saw.
///
/// The engine feeds events and samples in, carries out what the plan says and asks both hosts at the end; it
/// never trusts the error that the move's own call returned.
package actor LiveMigration<Ports: MovePorts> {
    package typealias Instant = Ports.MoveClock.Instant

    package nonisolated let id: String
    private let plan: MovePlan
    private let ports: Ports
    private let began: Instant
    private let progress: @Sendable (MoveProgress) -> Void

    /// How the transfer ended: its own error, or none.
    private let ending = AsyncStream.makeStream(of: ApusError?.self)
    private var timeline: Timeline<Instant>
    private var lastSample: JobSample?
    private var abortReason: AbortReason?
    private var notice: String?
    private var ended = false
    private var remarks: [String] = []
    /// The slowest answer so far: how late an event may have been.
    private var slowestAnswer: Duration = .milliseconds(1)

    /// A move that has not begun.
    ///
    /// - Parameters:
    ///   - plan: what is to be done.
    ///   - ports: the two hosts, and the clock that the move is timed by.
    ///   - began: when the user's command began: the total time counts from there.
    ///   - progress: called at every event and sample; it must not block.
    package init(
        plan: MovePlan, ports: Ports, began: Instant, progress: @escaping @Sendable (MoveProgress) -> Void
    ) {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        id = String(repeating: "0", count: 16 - digits.count) + digits
        self.plan = plan
        self.ports = ports
        self.began = began
        self.progress = progress
        timeline = Timeline(began: began)
    }

    /// Asks the move to end early. Before switchover it is rolled back; after it, it is finished.
    package func requestAbort(_ reason: AbortReason) {
        guard abortReason == nil, !ended else { return }
        abortReason = reason
        notice =
            timeline.phase >= .commitment
            ? "the guest has switched over: finishing the move"
            : "aborting; waiting until \(plan.guest) runs on \(plan.source.name)"
        report()
    }

    /// Carries the plan out.
    ///
    /// - Throws: `ApusError` with `plan-refused` before anything is touched; `migration-failed`,
    ///   `migration-aborted`, `timed-out` or `interrupted` when the guest is where it was, unharmed;
    ///   `state-not-known` when that could not be proven.
    package func run() async throws(ApusError) -> MoveResult {
        if let refusal = plan.refusal { throw refusal }
        let foundLimit = try await applyDowntimeLimit()
        do throws(ApusError) {
            let events = try await ports.events()
            timeline.enter(.reservation, at: ports.clock.now)
            report()
            let failure = await carryOut(events: events)
            ended = true
            return try await settle(after: failure)
        } catch {
            // While it is not known where the guest is, nothing more is touched.
            if let foundLimit, error.code != .stateNotKnown { await restoreDowntimeLimit(foundLimit) }
            throw error
        }
    }

    // MARK: While it runs

    private func applyDowntimeLimit() async throws(ApusError) -> Duration? {
        guard let limit = plan.request.downtimeLimit, !plan.wasPaused else { return nil }
        return try await ports.exchangeDowntimeLimit(limit)
    }

    /// A limit that was set outlives an aborted job, so a later move would inherit it.
    private func restoreDowntimeLimit(_ limit: Duration) async {
        do {
            _ = try await ports.exchangeDowntimeLimit(limit)
        } catch {
            Logger.current.warning(
                "the downtime limit could not be put back",
                metadata: [
                    "guest": "\(plan.guest)", "host": "\(plan.source.name)", "limit": "\(limit.text)",
                    "error": "\(error.detail)",
                ])
        }
    }

    /// Runs the transfer with its watchers beside it.
    ///
    /// - Returns: the error of the transfer's own call, which decides nothing yet.
    private func carryOut(events: AsyncStream<GuestEvent<Instant>>) async -> ApusError? {
        await withTaskGroup(of: Void.self) { watchers in
            watchers.addTask { await self.follow(events) }
            watchers.addTask { await self.takeSamples() }
            watchers.addTask { await self.enforceAbort() }
            watchers.addTask { await self.measureClockOffset() }
            if let timeout = plan.request.timeout {
                watchers.addTask { await self.enforce(timeout) }
            }
            let failure = await transferOrAbandon()
            if failure?.code == .connectionLost {
                remarks.append(
                    "the connection to \(plan.source.name) broke meanwhile; figures are incomplete")
                await outlast()
            }
            await drainEvents(expectingArrival: failure == nil)
            watchers.cancelAll()
            return failure
        }
    }

    /// The transfer's own error; also returns when an abort was asked for and libvirt does not take it.
    ///
    /// The call itself cannot be interrupted then: it is left behind.
    private func transferOrAbandon() async -> ApusError? {
        let ports = ports
        let ending = ending
        let transfer = Task {
            do throws(ApusError) {
                try await ports.transfer()
                ending.continuation.yield(nil)
            } catch {
                ending.continuation.yield(error)
            }
        }
        defer { transfer.cancel() }
        for await failure in ending.stream { return failure }
        return nil
    }

    /// Waits until the source's libvirt has ended a move whose call we can no longer hear; aborts are still
    /// asked
    /// for meanwhile, over connections opened anew.
    private func outlast() async {
        var silentSince: Instant?
        while !Task.isCancelled {
            do {
                guard try await ports.guest(on: .source)?.activity != nil else { return }
                silentSince = nil
            } catch {
                let since = silentSince ?? ports.clock.now
                silentSince = since
                if since.duration(to: ports.clock.now) > .seconds(30) { return }
            }
            try? await ports.clock.sleep(for: .milliseconds(200))
        }
    }

    private var clockOffset: ClockOffset?

    private func measureClockOffset() async {
        clockOffset = await ports.clockOffset()
    }

    private func follow(_ events: AsyncStream<GuestEvent<Instant>>) async {
        for await event in events {
            timeline.note(event)
            if case .lost(let reason) = event.kind {
                notice = "the connection to \(host(event.side).name) broke (\(reason))"
            }
            report()
            wakeWaiters()
        }
    }

    private func takeSamples() async {
        while !Task.isCancelled {
            let asked = ports.clock.now
            if let sample = try? await ports.sample() {
                lastSample = sample
                report()
            }
            // Once the guest has switched over, libvirt answers late on purpose: it is tidying up.
            if timeline.phase < .commitment {
                slowestAnswer = max(slowestAnswer, asked.duration(to: ports.clock.now))
            }
            try? await ports.clock.sleep(for: .milliseconds(200))
        }
    }

    private func enforce(_ timeout: Duration) async {
        let left = timeout - began.duration(to: ports.clock.now)
        if left > .zero { try? await ports.clock.sleep(for: left) }
        if !Task.isCancelled { requestAbort(.timeout(timeout)) }
    }

    /// Asks for the abort as often as it takes: before the job exists and while it commits it is refused.
    private func enforceAbort() async {
        var since: Instant?
        while !Task.isCancelled {
            if abortReason != nil, timeline.phase < .commitment {
                var refusal = "it never answered"
                do throws(ApusError) { try await ports.abort() } catch { refusal = error.detail }
                let asked = since ?? ports.clock.now
                since = asked
                if asked.duration(to: ports.clock.now) > .seconds(60) {
                    ending.continuation.yield(
                        ApusError(
                            .libvirtFailed, "abort the move of \(plan.guest)",
                            "libvirt on \(plan.source.name) did not end the move within 60 s of the "
                                + "abort: \(refusal)",
                            hint: nil))
                    return
                }
            }
            try? await ports.clock.sleep(for: .milliseconds(abortReason == nil ? 50 : 100))
        }
    }

    // MARK: The last events

    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var gaveUpWaiting = false

    private func wakeWaiters() {
        guard timeline.completed != nil, plan.wasPaused || timeline.phase == .activation else { return }
        for waiter in waiters { waiter.resume() }
        waiters = []
    }

    /// Waits, shortly, for the events that belong to a transfer that succeeded: they come on other
    /// connections
    /// than its answer did.
    private func drainEvents(expectingArrival: Bool) async {
        guard expectingArrival else { return }
        await withTaskGroup(of: Void.self) { race in
            race.addTask { await self.lastEvents() }
            race.addTask {
                try? await self.ports.clock.sleep(for: .milliseconds(500))
                await self.giveUpWaiting()
            }
            await race.next()
            race.cancelAll()
        }
    }

    private func lastEvents() async {
        let isComplete = timeline.completed != nil && (plan.wasPaused || timeline.phase == .activation)
        guard !isComplete, !gaveUpWaiting else { return }
        await withCheckedContinuation { waiters.append($0) }
    }

    private func giveUpWaiting() {
        gaveUpWaiting = true
        for waiter in waiters { waiter.resume() }
        waiters = []
    }

    // MARK: The end

    private func settle(after failure: ApusError?) async throws(ApusError) -> MoveResult {
        let settled = await Settler(plan: plan, ports: ports).settle()
        switch settled.verdict {
        case .arrived:
            if let failure {
                remarks.append("libvirt reported an error, yet the guest arrived: \(failure.detail)")
            }
            if abortReason != nil, failure == nil {
                remarks.append("the abort came after the guest had switched over: the move was finished")
            }
            await noteDefinitions(settled)
            return result(settled)
        case .unmoved:
            throw failed(failure, settled)
        case .ended:
            throw ApusError(
                .migrationFailed, "move \(plan.guest) from \(plan.source.name) to \(plan.destination.name)",
                "\(plan.guest) ended on \(plan.source.name) during the move: it is "
                    + "\(settled.source.text) there",
                hint: "Start it where it is to run: virsh -c \(plan.source.uri) start \(plan.guest).",
                underlying: failure)
        case .resumeSource, .resumeDestination, .unsettled, .notKnown:
            throw ApusError(
                .stateNotKnown, "finish the move of \(plan.guest)",
                "\(failure?.detail ?? "libvirt reported no error"). Last seen: \(settled.text(plan))",
                hint: "Do not start \(plan.guest) anywhere before you know which copy is true. Compare "
                    + "virsh -c \(plan.source.uri) domstate --reason \(plan.guest) with "
                    + "virsh -c \(plan.destination.uri) domstate --reason \(plan.guest).",
                underlying: failure)
        }
    }

    /// The definition was to go along: says where it did not.
    private func noteDefinitions(_ settled: Settled) async {
        guard plan.isPersistent else { return }
        if let there = try? await ports.guest(on: .destination), !there.isPersistent {
            remarks.append(
                "it has no definition on \(plan.destination.name) and would be gone after a shutdown: "
                    + "save virsh -c \(plan.destination.uri) dumpxml \(plan.guest) and define it")
        }
        if !plan.request.keepDefinition, settled.sourceState != nil {
            remarks.append(
                "its definition is still on \(plan.source.name): "
                    + "virsh -c \(plan.source.uri) undefine \(plan.guest)")
        }
    }

    private func failed(_ failure: ApusError?, _ settled: Settled) -> ApusError {
        let operation = "move \(plan.guest) from \(plan.source.name) to \(plan.destination.name)"
        let whereItIs = "\(plan.guest) is \(settled.source.text) on \(plan.source.name), unharmed"
        let besides = failure.map { $0.code == .migrationAborted ? "" : "; libvirt: \($0.detail)" } ?? ""
        switch abortReason {
        case .signal:
            return ApusError(
                .interrupted, operation, "interrupted; \(whereItIs)\(besides)", hint: nil, underlying: failure
            )
        case .timeout(let limit):
            return ApusError(
                .timedOut, operation, "not done within \(limit.text); \(whereItIs)\(besides)",
                hint: "Give it more time (--timeout), more bandwidth, or a longer stop (--downtime).",
                underlying: failure)
        case nil:
            let aborted = failure?.code == .migrationAborted
            return ApusError(
                aborted ? .migrationAborted : .migrationFailed, operation,
                (aborted ? "aborted by someone else" : failure?.detail ?? "libvirt gave no reason")
                    + "; \(whereItIs)",
                hint: aborted
                    ? "Somebody ran apus abort or virsh domjobabort; ask, then move again." : failure?.hint,
                underlying: failure)
        }
    }

    private func result(_ settled: Settled) -> MoveResult {
        let end = ports.clock.now
        timeline.enter(.activation, at: end)
        return MoveResult(
            id: id, plan: plan, total: began.duration(to: end),
            downtime: plan.wasPaused
                ? nil : Downtime(timeline: timeline, offset: clockOffset, arrivalError: slowestAnswer),
            wire: timeline.completed?.wire ?? lastSample?.wire, rounds: max(timeline.rounds, 1),
            dirtyRate: lastSample?.dirtyRate,
            phases: timeline.phases(until: end),
            destinationState: settled.destinationState ?? GuestState(.unknown),
            sourceState: settled.sourceState, remarks: remarks)
    }

    private func report() {
        progress(
            MoveProgress(
                phase: timeline.phase, rounds: timeline.rounds, elapsed: began.duration(to: ports.clock.now),
                sample: lastSample, notice: notice))
    }

    private func host(_ side: Side) -> Host {
        side == .source ? plan.source : plan.destination
    }
}
