import Synchronization

/// One world on one thread: jobs run first come, first served, and time passes only when none is left.
///
/// A task that prefers this executor stays on it with its child tasks and the default actors that they call (SE-0417),
/// so two runs of the same body are the same run.
///
/// `@unchecked Sendable`: the timers are touched only by the thread inside `run`, on which every job of the
/// simulation runs; only the list of jobs, which a stray task could reach from elsewhere, is behind a lock.
package final class Simulation: TaskExecutor, @unchecked Sendable {
    /// Why a simulation could not be brought to its end.
    package enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// Nothing runs and nothing sleeps, and the body is not done: it waits for what never comes, or for
        /// something that does not run here.
        case deadlock(at: Duration)
        case tooLong(Duration)
        case tooManySteps(Int)

        package var description: String {
            switch self {
            case .deadlock(let time): "deadlock after \(time): nothing runs, nothing sleeps"
            case .tooLong(let time): "not done after \(time)"
            case .tooManySteps(let count): "not done after \(count) steps"
            }
        }
    }

    private let jobs = Mutex<Jobs>(Jobs())
    private var timers = TimerQueue()
    private var waitingForQuiet: [CheckedContinuation<Void, Never>] = []
    private let timeLimit: Duration
    private let stepLimit: Int

    /// Since the simulation began.
    package private(set) var now: Duration = .zero
    /// Jobs and timers so far.
    package private(set) var steps = 0

    /// - Parameters:
    ///   - timeLimit: of virtual time; a body that sleeps for longer is a failure.
    ///   - stepLimit: of jobs and timers; a body that spins is a failure.
    package init(timeLimit: Duration = .seconds(48 * 3600), stepLimit: Int = 2_000_000) {
        self.timeLimit = timeLimit
        self.stepLimit = stepLimit
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    /// Has something happen later, outside of any task.
    package func after(_ delay: Duration, _ action: @escaping () -> Void) {
        timers.add(at: now + max(.zero, delay), action)
    }

    /// Waits until nothing is left to happen: no other task runs and no timer is set.
    package func quiet() async {
        await withCheckedContinuation { waitingForQuiet.append($0) }
    }

    /// Runs a body to its end, on the calling thread.
    ///
    /// After a failure the body's task is left where it stands: it is never run again.
    ///
    /// - Throws: `Failure` when it does not end.
    package func run<Value: Sendable>(
        _ body: sending @escaping @isolated(any) () async -> Value
    ) throws(Failure) -> Value {
        let answer = Answer<Value>()
        Task(executorPreference: self) { answer.value = await body() }
        while true {
            steps += 1
            guard steps <= stepLimit else { throw .tooManySteps(stepLimit) }
            if let job = jobs.withLock({ $0.next() }) {
                job.runSynchronously(on: asUnownedTaskExecutor())
                continue
            }
            if let value = answer.value { return value }
            guard let timer = timers.next() else {
                guard let waiting = waitingForQuiet.popLast() else { throw .deadlock(at: now) }
                waiting.resume()
                continue
            }
            guard timer.due <= timeLimit else { throw .tooLong(timeLimit) }
            now = max(now, timer.due)
            timer.action()
        }
    }

    /// `@unchecked Sendable`: written and read by the thread inside `run` alone.
    private final class Answer<Value>: @unchecked Sendable {
        var value: Value?
    }

    /// Jobs that are ready, as two piles: no job is moved twice.
    private struct Jobs {
        private var incoming: [UnownedJob] = []
        private var ready: [UnownedJob] = []
        private var position = 0

        mutating func append(_ job: UnownedJob) { incoming.append(job) }

        mutating func next() -> UnownedJob? {
            if position == ready.count {
                guard !incoming.isEmpty else { return nil }
                ready.removeAll(keepingCapacity: true)
                swap(&ready, &incoming)
                position = 0
            }
            defer { position += 1 }
            return ready[position]
        }
    }
}
