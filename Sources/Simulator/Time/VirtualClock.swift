/// Time inside a simulation: a moment passes as soon as nothing is left to do in it.
package struct VirtualClock: Clock {
    package struct Instant: InstantProtocol {
        /// Since the simulation began.
        package let offset: Duration

        package init(offset: Duration) { self.offset = offset }

        package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        package func duration(to other: Instant) -> Duration { other.offset - offset }
        package static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    let simulation: Simulation
    /// The process whose time this is: a process that was killed sleeps no longer, so that it unwinds at once.
    let life: Life

    package init(_ simulation: Simulation) { self.init(simulation, of: Life()) }

    init(_ simulation: Simulation, of life: Life) {
        self.simulation = simulation
        self.life = life
    }

    package var now: Instant { Instant(offset: simulation.now + life.unwound) }
    package var minimumResolution: Duration { .nanoseconds(1) }

    /// - Throws: `CancellationError`, at once, in a task that is cancelled.
    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        guard life.isAlive else {
            // A moment passes all the same, so that whatever else is under way gets its turn.
            life.unwind()
            return await withUnsafeContinuation { continuation in
                simulation.after(.milliseconds(1)) { continuation.resume() }
            }
        }
        let sleeper = Sleeper()
        let wasCancelled = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                sleeper.continuation = continuation
                if Task.isCancelled { return sleeper.wake(cancelled: true) }
                life.beginSleep(sleeper)
                simulation.after(deadline.offset - now.offset) { sleeper.wake(cancelled: false) }
            }
        } onCancel: {
            sleeper.wake(cancelled: true)
        }
        if wasCancelled { throw CancellationError() }
    }
}

/// One task that sleeps.
///
/// `@unchecked Sendable`: cancelled and woken by the simulation's one thread alone.
final class Sleeper: @unchecked Sendable {
    var continuation: UnsafeContinuation<Bool, Never>?

    var isAwake: Bool { continuation == nil }

    func wake(cancelled: Bool) {
        continuation?.resume(returning: cancelled)
        continuation = nil
    }
}

/// Whether a process lives, as far as its clock is concerned.
///
/// `@unchecked Sendable`: touched by the simulation's one thread alone.
final class Life: @unchecked Sendable {
    private(set) var isAlive = true
    /// How far ahead of the world's a dead process's clock is: every deadline of its passes at once.
    private(set) var unwound: Duration = .zero
    private var sleepers: [Sleeper] = []

    func beginSleep(_ sleeper: Sleeper) {
        if sleepers.count > 32 { sleepers.removeAll { $0.isAwake } }
        sleepers.append(sleeper)
    }

    func unwind() { unwound += .seconds(600) }

    func end() {
        isAlive = false
        for sleeper in sleepers { sleeper.wake(cancelled: false) }
        sleepers = []
    }
}
