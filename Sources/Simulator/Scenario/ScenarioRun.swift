import FleetModel
import Migration

/// One scenario from the user's command to the last repair, and what came of it.
package struct ScenarioRun: Sendable {
    package enum End: String, Sendable, CaseIterable {
        case moved, failed, aborted
        /// Refused before anything was noted.
        case notBegun = "not begun"
        case notKnown = "needs a person"
        case open = "still open"
    }

    package let seed: UInt64
    package let end: End
    /// What the first command said: `moved`, or the error's code.
    package let firstWord: String
    package let repairs: Int
    package let struck: [String: Int]
    package let crashes: [Moment: Int]
    package let misfortunes: Set<Misfortune>
    package let violations: [Violation]
    package let trace: [String]
    package let steps: Int
    /// Of virtual time.
    package let lasted: Duration

    /// A person who is called for a guest that is well is a nuisance and is counted; it harms no guest.
    package var isGood: Bool {
        violations.allSatisfy { $0.invariant == .givesUp && end == .notKnown }
    }
}

extension Scenario {
    /// Plays it on the calling thread.
    ///
    /// - Parameter keepsTrace: whether every step is written down.
    /// - Returns: what came of it; what did not hold is in its violations.
    package func run(keepsTrace: Bool = false) -> ScenarioRun {
        let simulation = Simulation(timeLimit: .seconds(24 * 3600), stepLimit: 1_000_000)
        let hosts = SimulatedHosts(
            plan: plan, guest: guest,
            sourceImages: Set(plan.disks.compactMap { $0.order?.path }), linkRate: linkRate,
            neighbours: neighbours, random: random,
            simulation: simulation, keepsTrace: keepsTrace)
        let faults = FaultInjector(schedule, hosts: hosts)
        let stage = Stage(scenario: self, hosts: hosts, faults: faults)
        if keepsTrace { for line in description { hosts.note(line) } }
        do throws(Simulation.Failure) {
            try simulation.run { await stage.play() }
        } catch {
            hosts.violate(.ends, "\(error)")
        }
        return ScenarioRun(
            seed: seed, end: stage.end, firstWord: stage.firstWord, repairs: stage.repairs,
            struck: faults.struck,
            crashes: faults.crashes, misfortunes: hosts.misfortunes, violations: hosts.violations,
            trace: hosts.trace, steps: simulation.steps, lasted: simulation.now)
    }

    /// What was drawn, a line each.
    private var description: [String] {
        let request = plan.request
        func amount(_ bytes: Double) -> String { "\(ByteCount(UInt64(bytes)))" }
        return [
            "guest: \(amount(guest.memory)) of memory, writes \(amount(guest.dirtyRate))/s over "
                + "\(amount(guest.workingSet)), disks \(guest.disk), "
                + (guest.isPersistent ? "persistent" : "transient") + (guest.wasPaused ? ", paused" : ""),
            "link: \(amount(linkRate))/s; bandwidth \(request.bandwidth.map { "\($0)" } ?? "not limited")",
            "plan: downtime \(request.downtimeLimit.map { "\($0)" } ?? "default"), timeout "
                + "\(request.timeout.map { "\($0)" } ?? "none"), on stall "
                + request.convergence.onStall.map(\.rawValue).joined(separator: ",")
                + (plan.method.allowsPostCopy ? ", post-copy allowed" : "")
                + (plan.method.slowsGuestDown ? ", auto-converge" : "")
                + (request.keepDefinition ? ", keeps the definition" : ""),
        ] + neighbours.map { "another move from \($0.begins) to \($0.ends)" }
            + schedule.strikes.map { "to come: \($0.fault) at \($0.trigger)" }
    }
}
