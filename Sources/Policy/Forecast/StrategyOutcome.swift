import FleetModel

/// What one strategy does in one scenario.
struct StrategyOutcome: Sendable {
    var total: Double
    var downtime: Double
    var wire: Double
    var rounds: Int
    var converges: Bool

    init(_ strategy: MoveStrategy, in scenario: Scenario, connections: Int) {
        switch strategy {
        case .preCopy: self.init(preCopy: scenario)
        case .multifd: self.init(preCopy: scenario, connections: connections)
        case .autoConverge: self.init(preCopy: scenario, throttles: true)
        case .xbzrle: self.init(xbzrle: scenario)
        case .postCopyFallback: self.init(fallback: scenario)
        case .postCopy: self.init(postCopy: scenario)
        case .stopAndCopy: self.init(stopped: scenario)
        }
        // Up to here it is what QEMU sends.
        wire *= scenario.wireRatio
    }

    private init(total: Double, downtime: Double, wire: Double, rounds: Int, converges: Bool) {
        self.total = total
        self.downtime = downtime
        self.wire = wire
        self.rounds = rounds
        self.converges = converges
    }

    private init(preCopy scenario: Scenario, connections: Int = 1, throttles: Bool = false) {
        let rate = scenario.rate(connections: connections)
        var simulation = Self.simulation(scenario, rate: rate)
        simulation.throttles = throttles
        self.init(simulation.run(), scenario, rate: rate)
    }

    private init(_ copy: SimulatedCopy, _ scenario: Scenario, rate: Double) {
        let disks = scenario.disks / rate
        let rest = copy.left / ForecastConstants.pageSize * ForecastConstants.pageOnWire
        let downtime = rest / rate + scenario.switchover
        let total = scenario.before + disks + copy.running + downtime + scenario.after
        guard copy.converged, scenario.before + disks + copy.running <= scenario.deadline else {
            // What would be lost if it were stopped here is the downtime that a person has to expect.
            self.init(
                total: max(scenario.deadline, scenario.before), downtime: downtime,
                wire: scenario.disks + copy.wire, rounds: copy.rounds, converges: false)
            return
        }
        self.init(
            total: total, downtime: downtime, wire: scenario.disks + copy.wire + rest,
            rounds: copy.rounds + 1, converges: true)
    }

    /// Pages that are in the cache when they are sent again shrink; by how much is the guest's secret.
    private init(xbzrle scenario: Scenario) {
        let rate = scenario.rate(connections: 1)
        var simulation = Self.simulation(scenario, rate: rate)
        if scenario.curve.workingSet <= ForecastConstants.xbzrleCache {
            simulation.resend = scenario.xbzrleGain
        }
        self.init(simulation.run(), scenario, rate: rate)
    }

    /// Pre-copy until it stalls or its time is up; then the guest switches over and pulls the rest.
    private init(fallback scenario: Scenario) {
        let rate = scenario.rate(connections: 1)
        var simulation = Self.simulation(scenario, rate: rate)
        simulation.endsAtStall = true
        let copy = simulation.run()
        self.init(copy, scenario, rate: rate)
        guard !copy.converged else { return }
        self.init(pulling: copy, scenario, rate: rate)
    }

    private init(postCopy scenario: Scenario) {
        let rate = scenario.rate(connections: 1)
        let copy = Self.simulation(scenario, rate: rate).run(rounds: 1)
        self.init(pulling: copy, scenario, rate: rate)
    }

    private init(pulling copy: SimulatedCopy, _ scenario: Scenario, rate: Double) {
        let rest = copy.left / ForecastConstants.pageSize * ForecastConstants.pageOnWire
        let running = scenario.disks / rate + copy.running + rest / rate / scenario.pull
        self.init(
            total: scenario.before + running + ForecastConstants.postCopySwitchover + scenario.after,
            downtime: ForecastConstants.postCopySwitchover, wire: scenario.disks + copy.wire + rest,
            rounds: copy.rounds, converges: true)
    }

    private init(stopped scenario: Scenario) {
        let rate = scenario.rate(connections: 1)
        let wire =
            scenario.data / ForecastConstants.pageSize * ForecastConstants.pageOnWire
            + scenario.zeros / ForecastConstants.pageSize * ForecastConstants.zeroPageOnWire
        let stopped = wire / rate + scenario.zeros / ForecastConstants.zeroScan + scenario.switchover
        self.init(
            total: scenario.before + scenario.disks / rate + stopped + scenario.after, downtime: stopped,
            wire: scenario.disks + wire, rounds: 1, converges: true)
    }

    private static func simulation(_ scenario: Scenario, rate: Double) -> PreCopySimulation {
        PreCopySimulation(
            data: scenario.data, zeros: scenario.zeros, curve: scenario.curve, rate: rate,
            downtimeLimit: scenario.downtimeLimit,
            iteration: rate == scenario.bandwidthLimit
                ? ForecastConstants.limitedIteration : ForecastConstants.iteration,
            patience: max(0, scenario.deadline - scenario.before - scenario.disks / rate))
    }
}
