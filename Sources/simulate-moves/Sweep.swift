import Glibc
import Simulator
import Synchronization

/// Many seeds on several threads, each simulation on one of them.
final class Sweep: Sendable {
    private struct State {
        var next: UInt64
        var summary = Summary()
    }

    private let state: Mutex<State>
    private let end: UInt64

    init(from first: UInt64, count: UInt64) {
        state = Mutex(State(next: first))
        let (end, overflow) = first.addingReportingOverflow(count)
        self.end = overflow ? .max : end
    }

    var summary: Summary { state.withLock { $0.summary } }

    /// Plays all of it; returns when the last seed is done.
    func run(threads count: Int) {
        var threads: [pthread_t] = []
        for _ in 0..<count {
            var thread = pthread_t()
            let sweep = Unmanaged.passRetained(self)
            let status = pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    Unmanaged<Sweep>.fromOpaque(argument).takeRetainedValue().work()
                    return nil
                }, sweep.toOpaque())
            guard status == 0 else {
                complain("no thread could be started: error \(status)")
                exit(1)
            }
            threads.append(thread)
        }
        for thread in threads { pthread_join(thread, nil) }
    }

    private func work() {
        while let block = block() {
            var summary = Summary()
            for seed in block { summary.add(Scenario(seed: seed).run()) }
            state.withLock { $0.summary.add(summary) }
        }
    }

    private func block() -> Range<UInt64>? {
        state.withLock { state in
            guard state.next < end else { return nil }
            let first = state.next
            state.next = end - first > 200 ? first + 200 : end
            return first..<state.next
        }
    }
}
