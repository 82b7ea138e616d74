// Runs the engine against simulated hosts, by the hundred thousand.
import Logging
import Simulator
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

let usage = """
    usage: simulate-moves [--seeds N] [--from SEED] [--jobs N]
           simulate-moves --seed SEED

    Every seed is one move with its guest, its plan and what breaks. With --seed the one run is shown step by step.
      --seeds N    how many; 100000 unless told
      --from SEED  the first; 1 unless told
      --jobs N     threads; as many as there are processors unless told
    Exit status: 0 every invariant held, 1 one did not, 64 usage.
    """

struct Options {
    var seeds: UInt64 = 100_000
    var from: UInt64 = 1
    var seed: UInt64?
    var jobs = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

    init(_ arguments: [String]) {
        var rest = arguments[...]
        func number() -> UInt64 {
            guard let word = rest.popFirst(), let number = UInt64(word) else { refuse() }
            return number
        }
        func refuse() -> Never {
            fputs(usage + "\n", stderr)
            exit(64)
        }
        while let option = rest.popFirst() {
            switch option {
            case "--seeds": seeds = number()
            case "--from": from = number()
            case "--seed": seed = number()
            case "--jobs": jobs = max(1, Int(clamping: number()))
            case "--help":
                print(usage)
                exit(0)
            default: refuse()
            }
        }
    }
}

/// Hands the seeds out in blocks, and puts the blocks' sums together.
final class Counter: Sendable {
    private struct State {
        var next: UInt64
        var summary = Summary()
        var threads: Int
    }

    private let state: Mutex<State>
    private let end: UInt64

    init(from: UInt64, count: UInt64, threads: Int) {
        state = Mutex(State(next: from, threads: threads))
        end = from &+ count
    }

    func block() -> Range<UInt64>? {
        state.withLock { state in
            guard state.next < end else { return nil }
            let first = state.next
            state.next = min(end, first + 250)
            return first..<state.next
        }
    }

    func add(_ summary: Summary) { state.withLock { $0.summary.add(summary) } }
    var summary: Summary { state.withLock { $0.summary } }
}

LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
let options = Options(Array(CommandLine.arguments.dropFirst()))

if let seed = options.seed {
    let run = Scenario(seed: seed).run(keepsTrace: true)
    print(run.trace.joined(separator: "\n"))
    print("\nseed \(seed): \(run.end.rawValue), \(run.repairs) repairs, \(run.lasted) of virtual time, \(run.steps) steps")
    for violation in run.violations { print("did not hold: \(violation.invariant.rawValue): \(violation.detail)") }
    exit(run.isGood ? 0 : 1)
}

let counter = Counter(from: options.from, count: options.seeds, threads: options.jobs)
let began = ContinuousClock.now
var threads: [pthread_t] = []
for _ in 0..<options.jobs {
    var thread = pthread_t()
    let box = Unmanaged.passRetained(counter)
    let status = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            let counter = Unmanaged<Counter>.fromOpaque(argument).takeRetainedValue()
            while let block = counter.block() {
                var summary = Summary()
                for seed in block { summary.add(Scenario(seed: seed).run()) }
                counter.add(summary)
            }
            return nil
        }, box.toOpaque())
    guard status == 0 else {
        fputs("no thread could be started\n", stderr)
        exit(1)
    }
    threads.append(thread)
}
for thread in threads { pthread_join(thread, nil) }

let summary = counter.summary
let took = began.duration(to: .now)
print(summary.table)
print(
    "\n\(summary.runs) moves from seed \(options.from), \(summary.repairs) repairs, \(summary.steps) steps in \(took); "
        + "\(summary.failed) failed")
for failure in summary.failures.prefix(20) {
    print("  seed \(failure.seed): \(failure.violation.invariant.rawValue): \(failure.violation.detail)")
}
if let first = summary.failures.first {
    print("replay: \(CommandLine.arguments[0]) --seed \(first.seed)")
    exit(1)
}
