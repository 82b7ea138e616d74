import ArgumentParser
import FleetModel
import Policy
import Simulator

/// `apus simulate`
struct SimulateCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Runs apus balance on a fleet that does not exist, over some hours, on a virtual clock.",
        discussion: """
            Example: apus simulate Examples/fleets/evening.yaml --hours 48
            Example: apus simulate --hosts 100 --guests 600 --seed 7

            The policy is the same as on real hosts; nothing is asked of any.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions

    @Argument(help: "The fleet, its loads and what fails.") var file: String?

    @Option(help: ArgumentHelp("Without a file: so many hosts, drawn.", valueName: "number")) var hosts: Int?
    @Option(help: ArgumentHelp("Without a file: so many guests, drawn.", valueName: "number"))
    var guests: Int?
    @Option(help: ArgumentHelp("What is drawn; the same seed, the same run.", valueName: "number"))
    var seed: UInt64 = 1
    @Option(help: ArgumentHelp("How long; 0 plans once.", valueName: "hours")) var hours = 24.0
    @Option(help: ArgumentHelp("The imbalance that is put up with, in percent.", valueName: "percent"))
    var threshold = 10.0

    func validate() throws {
        guard (file == nil) == (hosts != nil && guests != nil), file == nil || hosts == nil && guests == nil
        else {
            throw ValidationError("Give a file, or --hosts and --guests to have a fleet drawn.")
        }
        guard (0...8760).contains(hours), (0.1...100).contains(threshold) else {
            throw ValidationError("--hours is a number from 0 to 8760, --threshold one from 0.1 to 100.")
        }
        guard (1...20_000).contains(hosts ?? 1), (0...200_000).contains(guests ?? 0) else {
            throw ValidationError("--hosts goes to 20000, --guests to 200000.")
        }
    }

    func run() async throws {
        let (fleet, curves, failures) = try input()
        let began = ContinuousClock.now
        let outcome = FleetPlanner(fleet).outcome(.balance)
        let planning = began.duration(to: .now)
        let steps = FleetSchedule.sequence(outcome.moves(in: fleet), in: fleet)
        let ordering = began.duration(to: .now) - planning
        var rules = Balancer.Rules()
        rules.threshold = threshold / 100
        var day = FleetDay(fleet, curves: curves, rules: rules, failures: failures, seed: seed)
        let report = SimulationReport(
            hosts: fleet.hosts.count, guests: fleet.guests.count, seed: seed,
            plan: SimulationReport.Plan(
                planningSeconds: planning.seconds, orderingSeconds: ordering.seconds,
                moves: steps.steps.count,
                stuck: steps.stuck.count, homeless: outcome.homeless.count,
                imbalanceBefore: outcome.imbalanceBefore, imbalanceAfter: outcome.imbalanceAfter,
                optimal: outcome.isOptimal),
            day: hours > 0 ? day.run(hours: hours) : nil)
        if common.json {
            Envelope(command: "simulate", changed: false, result: report, error: nil).print()
        } else {
            Console.print(report.text(hours: hours))
        }
    }

    private func input() throws -> (Fleet, [FleetDay.Curve], [FleetDay.Failure]) {
        if let file {
            let read = try SimulationFile(reading: file)
            return (read.fleet, read.curves, read.failures)
        }
        let fleet = SyntheticFleet(hosts: hosts ?? 1, guests: guests ?? 0, seed: seed).fleet()
        let curves = fleet.guests.enumerated().map { number, guest in
            FleetDay.Curve(
                middle: guest.load, swing: 0.3, peak: Double(number % 24) / 24, noise: 0.2)
        }
        return (fleet, curves, [])
    }
}

private struct SimulationReport: Encodable {
    struct Plan: Encodable {
        /// Of one plan for all of the fleet, on one core.
        let planningSeconds: Double
        let orderingSeconds: Double
        let moves: Int
        let stuck: Int
        let homeless: Int
        let imbalanceBefore: Double
        let imbalanceAfter: Double
        let optimal: Bool
    }

    let hosts: Int
    let guests: Int
    let seed: UInt64
    let plan: Plan
    let day: FleetDay.Report?

    func text(hours: Double) -> String {
        func percent(_ share: Double) -> String { "\((share * 100).rounded(toDigits: 2)) %" }
        var lines = [
            "\(hosts) hosts, \(guests) guests",
            "  one full plan  \(plan.moves) moves in \(plan.planningSeconds.rounded(toDigits: 3)) s (order: "
                + "\(plan.orderingSeconds.rounded(toDigits: 3)) s): imbalance \(percent(plan.imbalanceBefore)) → "
                + "\(percent(plan.imbalanceAfter)) of a host\(plan.optimal ? ", the least possible" : "")",
        ]
        if plan.stuck + plan.homeless > 0 {
            lines.append(
                "  left over      \(plan.homeless) guests without a place, \(plan.stuck) moves without a way")
        }
        guard let day else { return lines.joined(separator: "\n") }
        lines += [
            "  \(hours.rounded(toDigits: 1)) hours in \(day.rounds) rounds",
            "  imbalance      \(percent(day.imbalanceAtFirst)) at first, \(percent(day.imbalanceMean)) in the mean, "
                + "\(percent(day.imbalanceAtLast)) at last; over the threshold in \(day.roundsOverThreshold) rounds",
            "  moves          \(day.moves), \(ByteCount(day.movedBytes)), "
                + "\(Duration.seconds(day.moveSeconds).text); guests moved more than once: \(day.guestsMovedTwice)",
            "  rules broken   \(day.violations)",
            "  hosts in use   \(day.hostsUsed)\(day.guestsLost > 0 ? "; guests lost with their hosts: \(day.guestsLost)" : "")",
        ]
        return lines.joined(separator: "\n")
    }
}
