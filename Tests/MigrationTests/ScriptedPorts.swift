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
        var refusesPreparation = false
        var refusesUndo = false
        var refusesBringing = false
        /// What conclusions find; any other is done.
        var concluded: [Conclusion: Result<Concluded, ApusError>] = [:]
    }

    private struct State {
        var script: Script
        var resumed: [Side] = []
        var limits: [Duration] = []
        var rates: [ByteRate?] = []
        var aborts = 0
        var transfers = 0
        var recoveries = 0
        var dropped: [Side] = []
        /// What was done to the hosts besides, in words.
        var changes: [String] = []
    }

    let clock = JumpingClock()
    private let state: Mutex<State>
    private let stream: AsyncStream<GuestEvent<JumpingClock.Instant>>
    private let continuation: AsyncStream<GuestEvent<JumpingClock.Instant>>.Continuation

    init(_ script: Script) {
        state = Mutex(State(script: script))
        (stream, continuation) = AsyncStream.makeStream()
    }

    var resumed: [Side] { state.withLock(\.resumed) }
    var limits: [Duration] { state.withLock(\.limits) }
    var aborts: Int { state.withLock(\.aborts) }
    var transfers: Int { state.withLock(\.transfers) }
    var recoveries: Int { state.withLock(\.recoveries) }
    var dropped: [Side] { state.withLock(\.dropped) }
    var changes: [String] { state.withLock(\.changes) }

    func events() async throws(ApusError) -> AsyncStream<GuestEvent<JumpingClock.Instant>> {
        if state.withLock(\.script.refusesEvents) {
            throw ApusError(.libvirtFailed, "listen", "no more callbacks", hint: nil)
        }
        return stream
    }

    func beginTransfer() async {
        state.withLock { $0.transfers += 1 }
        let script = state.withLock(\.script)
        for (kind, side) in zip(script.events, script.eventSides) {
            clock.advance(by: .milliseconds(10))
            tell(side, kind)
        }
        if !script.waitsForAbort { tell(.source, .ended(script.failure)) }
    }

    func beginRecovery() async { state.withLock { $0.recoveries += 1 } }

    func breakPostCopy() async throws(ApusError) {}

    func freeGuest() async throws(ApusError) -> Bool { false }

    private func tell(_ side: Side, _ kind: GuestEvent<JumpingClock.Instant>.Kind) {
        continuation.yield(GuestEvent(side: side, received: clock.now, kind: kind))
    }

    func trace(of preparation: Preparation) async throws(ApusError) -> UndoRecord.Trace {
        guard case .snapshots(let guest, let snapshots, let fate) = preparation.trace else {
            return preparation.trace
        }
        return .snapshots(
            guest: guest,
            snapshots.map {
                CarriedSnapshot(
                    name: $0.name, parent: $0.parent, isCurrent: $0.isCurrent, document: "read now")
            }, fate)
    }

    func bring(_ record: UndoRecord) async throws(ApusError) {
        let fails = state.withLock { state in
            state.changes.append("bring \(record.trace.text)")
            return state.script.refusesBringing
        }
        if fails { throw ApusError(.hostUnreachable, "make it known", "beta is down", hint: nil) }
    }

    func prepare(_ preparation: Preparation) async throws(ApusError) {
        let fails = state.withLock { state in
            state.changes.append("prepare \(preparation.trace.text)")
            return state.script.refusesPreparation
        }
        if fails { throw ApusError(.libvirtFailed, "create an image", "no space", hint: nil) }
    }

    func undo(_ record: UndoRecord) async throws(ApusError) {
        let fails = state.withLock { state in
            if case .downtimeLimit(_, let limit) = record.trace { state.limits.append(limit) }
            state.changes.append("undo \(record.trace.text)")
            return state.script.refusesUndo
        }
        if fails { throw ApusError(.hostUnreachable, "remove an image", "beta is down", hint: nil) }
    }

    func conclude(_ conclusion: Conclusion) async throws(ApusError) -> Concluded {
        try state.withLock { (state) throws(ApusError) in
            state.changes.append(conclusion.operation)
            guard let found = state.script.concluded[conclusion] else { return .done }
            return try found.get()
        }
    }

    func startPostCopy() async throws(ApusError) { state.withLock { $0.changes.append("post-copy") } }

    func suspend() async throws(ApusError) { state.withLock { $0.changes.append("suspend") } }

    func downtimeLimit() async throws(ApusError) -> Duration {
        state.withLock { $0.limits.last ?? .milliseconds(300) }
    }

    func bandwidth() async throws(ApusError) -> ByteRate? { state.withLock { $0.rates.last ?? nil } }

    func setBandwidth(_ limit: ByteRate?) async throws(ApusError) {
        state.withLock { $0.rates.append(limit) }
    }

    func setDowntimeLimit(_ limit: Duration) async throws(ApusError) {
        state.withLock { $0.limits.append(limit) }
    }

    func dropCopy(on side: Side) async throws(ApusError) {
        state.withLock { state in
            state.dropped.append(side)
            switch side {
            case .source: state.script.source = [nil]
            case .destination: state.script.destination = [nil]
            }
        }
    }

    func removeDefinition(on side: Side) async throws(ApusError) {
        state.withLock { $0.changes.append("undefine on the \(side.rawValue)") }
    }

    func sample() async throws(ApusError) -> JobSample? { nil }

    func abort() async throws(ApusError) {
        let refused = state.withLock { state in
            state.aborts += 1
            return state.aborts <= state.script.abortRefusals
        }
        if refused { throw ApusError(.libvirtFailed, "abort", "no job is active", hint: nil) }
        guard state.withLock(\.script.waitsForAbort) else { return }
        tell(.source, .ended(ApusError(.migrationAborted, "move", "the move was aborted", hint: nil)))
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
