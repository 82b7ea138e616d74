// Runs the engine against simulated hosts, by the hundred thousand.
import Glibc
import Logging
import Simulator

LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
let options = Options(Array(CommandLine.arguments.dropFirst()))

if let seed = options.seed {
    let run = Scenario(seed: seed).run(keepsTrace: true)
    print(run.trace.joined(separator: "\n"))
    print(
        "\nseed \(seed): \(run.end.rawValue), \(run.repairs) repairs, \(run.lasted) of virtual time, \(run.steps) steps"
    )
    for violation in run.violations {
        print("did not hold: \(violation.invariant.rawValue): \(violation.detail)")
    }
    exit(run.isGood ? 0 : 1)
}

let began = ContinuousClock.now
let sweep = Sweep(from: options.from, count: options.seeds)
sweep.run(threads: options.jobs)
let summary = sweep.summary
print(summary.table)
print(
    "\n\(summary.runs) moves from seed \(options.from), \(summary.repairs) repairs, \(summary.steps) steps in "
        + "\(began.duration(to: .now)); \(summary.failed) failed")
for failure in summary.failures.prefix(20) {
    print("  seed \(failure.seed): \(failure.violation.invariant.rawValue): \(failure.violation.detail)")
}
guard let first = summary.failures.first else { exit(0) }
print("replay: \(CommandLine.arguments[0]) --seed \(first.seed)")
exit(1)
