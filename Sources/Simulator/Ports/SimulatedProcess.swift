package import FleetModel
import Migration

/// One life of apus: what it calls and hears, until it ends or is killed.
///
/// `@unchecked Sendable`: touched by the simulation's one thread alone.
package final class SimulatedProcess: @unchecked Sendable {
    typealias Event = GuestEvent<VirtualClock.Instant>

    package let mark: ProcessMark
    let hosts: SimulatedHosts
    let faults: FaultInjector
    let life = Life()
    /// It came to its end by itself.
    private(set) var isDone = false

    private var listener: AsyncStream<Event>.Continuation?
    /// Whether events of that side still reach it.
    private var listens = Pair(false)
    /// Events of one connection arrive in their order.
    private var lastArrival = Pair(Duration.zero)
    private var awaitsTransfer = false
    private var died: Duration?
    /// A killed process gets their answers at once, all alike.
    private var calls: [Waiting] = []
    private var whenOver: UnsafeContinuation<Void, Never>?
    /// It heard, or was told, that the guest runs on the destination.
    private(set) var knowsThatItRan = false
    /// How the user's wish to abort reaches the engine.
    package var onAbort: (() -> Void)?

    package init(number: Int32, hosts: SimulatedHosts, faults: FaultInjector) {
        mark = ProcessMark(pid: number, started: UInt64(number), boot: "simulated")
        self.hosts = hosts
        self.faults = faults
        hosts.processes.append(self)
    }

    package var isAlive: Bool { life.isAlive }
    var isRunning: Bool { isAlive && !isDone }
    var simulation: Simulation { hosts.simulation }

    // MARK: Its end

    func finish() {
        isDone = true
        retire()
    }

    /// SIGKILL.
    func crash() {
        guard isRunning else { return }
        hosts.note("apus \(mark.pid) is killed")
        faults.crashed(at: hosts.moment)
        life.end()
        died = simulation.now
        for call in calls { call.abandon() }
        calls = []
        // What it waits for would never come.
        listener?.yield(event(.source, .ended(Self.death)))
        retire()
    }

    /// A call whose answer is on its way.
    private final class Waiting {
        private let giveUp: () -> Void
        private(set) var isOver = false

        init(giveUp: @escaping () -> Void) { self.giveUp = giveUp }

        func end(_ give: () -> Void) {
            guard !isOver else { return }
            isOver = true
            give()
        }

        func abandon() { end(giveUp) }
    }

    private func retire() {
        listens = Pair(false)
        listener?.finish()
        listener = nil
        hosts.processes.removeAll { $0 === self }
        whenOver?.resume()
        whenOver = nil
    }

    /// Until it is done or killed; a killed one may still be unwinding.
    func over() async {
        guard isRunning else { return }
        await withUnsafeContinuation { whenOver = $0 }
    }

    private static let lost = ApusError(
        .connectionLost, "hear the host", "the answer did not come", hint: nil)
    static let death = ApusError(.interrupted, "go on", "this process was killed", hint: nil)

    // MARK: What it hears

    func listen() -> AsyncStream<Event> {
        let (stream, continuation) = AsyncStream.makeStream(of: Event.self)
        listener = continuation
        listens = Pair(true)
        return stream
    }

    func hear(_ side: Side, _ kind: Event.Kind) {
        guard listens[side] else { return }
        deliver(side, kind, after: .zero)
    }

    /// Its connection to that host breaks: no more events from there, and no answer to the move's own call.
    func loseConnection(_ side: Side, _ reason: String, after delay: Duration = .zero) {
        if listens[side] {
            listens[side] = false
            deliver(side, .lost(reason), after: delay)
        }
        guard side == .source, awaitsTransfer else { return }
        end(
            ApusError(.connectionLost, "wait for the move", "the connection to the source broke", hint: nil),
            after: delay)
    }

    /// The move's own call came back.
    func end(_ error: ApusError?, after delay: Duration = .zero) {
        guard awaitsTransfer else { return }
        awaitsTransfer = false
        let delay = delay + hosts.random.duration(in: .microseconds(300) ... .milliseconds(8))
        simulation.after(delay) { [self] in
            guard isRunning else { return }
            hosts.note("apus hears: the call ended, \(error?.detail ?? "without an error")")
            listener?.yield(event(.source, .ended(error)))
        }
    }

    private func deliver(_ side: Side, _ kind: Event.Kind, after delay: Duration) {
        let travel = delay + hosts.random.duration(in: .microseconds(200) ... .milliseconds(6))
        lastArrival[side] = max(lastArrival[side], simulation.now + travel)
        simulation.after(lastArrival[side] - simulation.now) { [self] in
            guard isRunning else { return }
            if side == .destination, case .resumed = kind { knowsThatItRan = true }
            listener?.yield(event(side, kind))
        }
    }

    private func event(_ side: Side, _ kind: Event.Kind) -> Event {
        Event(side: side, received: VirtualClock.Instant(offset: simulation.now), kind: kind)
    }

    // MARK: What it calls

    /// A call that lasts: only its beginning is awaited, its end is an event.
    func begin(_ call: PortCall, _ work: @escaping (SimulatedHosts, SimulatedProcess) -> Void) {
        guard isRunning, !awaitsTransfer else { return }
        awaitsTransfer = true
        perform(call, on: [.source]) { [self] (hosts) throws(ApusError) in
            work(hosts, self)
        } answer: { [self] answer in
            guard case .failure(let error) = answer else { return }
            // A call whose answer is lost is a connection that broke: whoever waits for it knows that it may go on.
            end(error.code == Self.lost.code ? Self.lost : error)
        }
    }

    /// One question or order to a host.
    func call<Value: Sendable>(
        _ call: PortCall, on sides: [Side], _ effect: @escaping (SimulatedHosts) throws(ApusError) -> Value
    ) async throws(ApusError) -> Value {
        guard isRunning else { throw Self.death }
        let result = await withUnsafeContinuation {
            (waiting: UnsafeContinuation<Result<Value, ApusError>, Never>) in
            perform(call, on: sides, effect) { waiting.resume(returning: $0) }
        }
        return try result.get()
    }

    private func perform<Value: Sendable>(
        _ call: PortCall, on sides: [Side], _ effect: @escaping (SimulatedHosts) throws(ApusError) -> Value,
        answer: @escaping (Result<Value, ApusError>) -> Void
    ) {
        let fault = faults.fault(of: call)
        if let fault { hosts.note("apus \(mark.pid): \(call.rawValue): \(fault.kind)") }
        let waiting = Waiting { answer(.failure(Self.death)) }
        calls.removeAll { $0.isOver }
        calls.append(waiting)
        func reply(_ result: Result<Value, ApusError>, after delay: Duration) {
            simulation.after(delay) { [self] in
                if case .success(let guest as Guest) = result, sides == [.destination],
                    guest.state.kind == .running
                {
                    knowsThatItRan = true
                }
                waiting.end { answer(result) }
            }
        }
        var travel = hosts.random.duration(in: .microseconds(100) ... .milliseconds(4))
        let back = hosts.random.duration(in: .microseconds(100) ... .milliseconds(4))
        switch fault {
        case .fails: return reply(.failure(Self.lost), after: travel + back)
        case .hangsThenFails(let time): return reply(.failure(Self.lost), after: time)
        case .hangsThenSucceeds(let time): travel += time
        case .answerLost, .followedBy, nil: break
        }
        simulation.after(travel) { [self] in
            // What a killed process had sent is carried out; what still waited within it is not.
            if let died, simulation.now - died > .milliseconds(20) { return }
            var (result, wait) = carryOut(call, on: sides, effect)
            if hosts.keepsTrace, call != .sample { note(call, sides, result) }
            if case .answerLost = fault { result = .failure(Self.lost) }
            reply(result, after: back + wait)
            if case .followedBy(let misfortune) = fault { faults.strike(misfortune) }
        }
    }

    /// The answer, and how much longer than usual it takes.
    private func carryOut<Value>(
        _ call: PortCall, on sides: [Side], _ effect: (SimulatedHosts) throws(ApusError) -> Value
    ) -> (Result<Value, ApusError>, Duration) {
        for side in sides where !hosts.hosts[side].daemonIsUp {
            // A dead host does not even refuse.
            let error = ApusError(
                .hostUnreachable, "ask the \(side)", "libvirt on the \(side) does not answer", hint: nil)
            return (.failure(error), hosts.hosts[side].isUp ? .zero : .seconds(10))
        }
        if call.asksQEMU, hosts.isHanging {
            let error = ApusError(.libvirtFailed, "ask the source", "its QEMU does not answer", hint: nil)
            return (.failure(error), .seconds(10))
        }
        do throws(ApusError) {
            return (.success(try effect(hosts)), .zero)
        } catch {
            // libvirt waits for its lock before it refuses.
            return (.failure(error), error.code == .guestBusy ? .seconds(10) : .zero)
        }
    }

    private func note<Value>(_ call: PortCall, _ sides: [Side], _ result: Result<Value, ApusError>) {
        let answer =
            switch result {
            case .failure(let error): "refused: \(error.detail)"
            case .success(let guest as Guest):
                "\(guest.state)\(guest.activity.map { ", \($0.rawValue)" } ?? "")"
            case .success: call == .guest ? "not there" : "done"
            }
        hosts.note("apus \(mark.pid): \(call.rawValue)\(sides.count == 1 ? " (\(sides[0]))" : ""): \(answer)")
    }
}
