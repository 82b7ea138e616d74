import FleetModel
import Migration
import Synchronization

/// Two hosts that do what a test's script says, on a clock that jumps instead of waiting.
final class ScriptedPorts: MovePorts {
    /// What happens during the transfer.
    struct Script: Sendable {
        var events: [GuestEvent<JumpingClock.Instant>.Kind] = []
        var eventSides: [Side] = []
        /// The transfer's own answer.
        var failure: ApusError?
        /// The transfer lasts until somebody aborts it.
        var waitsForAbort = false
        /// How often the abort is refused first, as before the job exists.
        var abortRefusals = 0
        /// What the hosts say afterwards, one answer per question; the last one stays.
        var source: [GuestState?] = [nil]
        var destination: [GuestState?] = [GuestState(.running, reason: "migrated")]
        var offset: ClockOffset?
        /// How often the source says that it still moves the guest, before the answers above count.
        var busyAnswers = 0
        var refusesEvents = false
    }

    private struct State {
        var script: Script
        var resumed: [Side] = []
        var limits: [Duration] = []
        var aborts = 0
        var transfers = 0
    }

    let clock = JumpingClock()
    private let state: Mutex<State>
    private let stream: AsyncStream<GuestEvent<JumpingClock.Instant>>
    private let continuation: AsyncStream<GuestEvent<JumpingClock.Instant>>.Continuation
    private let aborted: AsyncStream<Void>
    private let abortedContinuation: AsyncStream<Void>.Continuation

    init(_ script: Script) {
        state = Mutex(State(script: script))
        (stream, continuation) = AsyncStream.makeStream()
        (aborted, abortedContinuation) = AsyncStream.makeStream()
    }

    var resumed: [Side] { state.withLock(\.resumed) }
    var limits: [Duration] { state.withLock(\.limits) }
    var aborts: Int { state.withLock(\.aborts) }
    var transfers: Int { state.withLock(\.transfers) }

    func events() async throws(ApusError) -> AsyncStream<GuestEvent<JumpingClock.Instant>> {
        if state.withLock(\.script.refusesEvents) {
            throw ApusError(.libvirtFailed, "listen", "no more callbacks", hint: nil)
        }
        return stream
    }

    func transfer() async throws(ApusError) {
        state.withLock { $0.transfers += 1 }
        let script = state.withLock(\.script)
        for (kind, side) in zip(script.events, script.eventSides) {
            clock.advance(by: .milliseconds(10))
            continuation.yield(GuestEvent(side: side, received: clock.now, kind: kind))
        }
        if script.waitsForAbort {
            for await _ in aborted { break }
            throw ApusError(.migrationAborted, "move", "the move was aborted", hint: nil)
        }
        if let failure = script.failure { throw failure }
    }

    func sample() async throws(ApusError) -> JobSample? { nil }

    func abort() async throws(ApusError) {
        let refused = state.withLock { state in
            state.aborts += 1
            return state.aborts <= state.script.abortRefusals
        }
        if refused { throw ApusError(.libvirtFailed, "abort", "no job is active", hint: nil) }
        abortedContinuation.yield()
    }

    func guest(on side: Side) async throws(ApusError) -> Guest? {
        let isBusy = state.withLock { state in
            guard side == .source, state.script.busyAnswers > 0 else { return false }
            state.script.busyAnswers -= 1
            return true
        }
        let answer = state.withLock { state -> GuestState? in
            if isBusy { return GuestState(.running, reason: "booted") }
            switch side {
            case .source:
                if state.script.source.count > 1 { return state.script.source.removeFirst() }
                return state.script.source[0]
            case .destination:
                if state.script.destination.count > 1 { return state.script.destination.removeFirst() }
                return state.script.destination[0]
            }
        }
        return answer.map {
            Guest(
                identity: GuestIdentity(name: "web01", uuid: "u"), host: side.rawValue, state: $0,
                memory: .mebibytes(256), vcpus: 1, isPersistent: true,
                activity: isBusy ? .migratingOut : nil)
        }
    }

    func resume(on side: Side) async throws(ApusError) {
        state.withLock { state in
            state.resumed.append(side)
            let running: [GuestState?] = [GuestState(.running, reason: "unpaused")]
            switch side {
            case .source: state.script.source = running
            case .destination: state.script.destination = running
            }
        }
    }

    func exchangeDowntimeLimit(_ limit: Duration) async throws(ApusError) -> Duration {
        state.withLock { $0.limits.append(limit) }
        return .milliseconds(300)
    }

    func clockOffset() async -> ClockOffset? { state.withLock(\.script).offset }
}

/// A clock on which nobody waits: a sleep moves it forward and gives others their turn.
final class JumpingClock: Clock {
    struct Instant: InstantProtocol {
        let sinceStart: Duration
        func advanced(by duration: Duration) -> Instant { Instant(sinceStart: sinceStart + duration) }
        func duration(to other: Instant) -> Duration { other.sinceStart - sinceStart }
        static func < (left: Instant, right: Instant) -> Bool { left.sinceStart < right.sinceStart }
    }

    private let elapsed = Mutex(Duration.zero)

    var now: Instant { Instant(sinceStart: elapsed.withLock { $0 }) }
    var minimumResolution: Duration { .nanoseconds(1) }

    func advance(by duration: Duration) {
        elapsed.withLock { $0 += duration }
    }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        elapsed.withLock { $0 = max($0, deadline.sinceStart) }
        await Task.yield()
    }
}
