package import FleetModel

/// Says before a move what it would be like: total time, downtime, wire bytes, rounds, and whether it
/// converges, for each strategy. docs/forecast.md has the formulas and how good they are.
///
/// Pure: no clock, no randomness; the same input gives the same forecast. The work grows with the number of
/// rounds that are simulated, and that number has a limit.
package enum ForecastModel {
    package static func forecast(_ input: ForecastInput) -> Forecast {
        let scenarios = Scenario.Mood.allCases.map { Scenario(input, $0) }
        let basis: Forecast.Basis =
            if let dirty = input.dirty, !dirty.samples.isEmpty { .sampled } else if input.lastMove != nil {
                .remembered
            } else { .assumed }
        let strategies = MoveStrategy.allCases.map { strategy in
            let outcomes = scenarios.map {
                StrategyOutcome(strategy, in: $0, connections: input.connections)
            }
            return Self.forecast(strategy, outcomes, scenarios[1], input, basis)
        }
        return Forecast(input: input, basis: basis, strategies: strategies)
    }

    /// The three scenarios' outcomes as ranges; they come in the order of `Scenario.Mood.allCases`.
    private static func forecast(
        _ strategy: MoveStrategy, _ outcomes: [StrategyOutcome], _ likely: Scenario,
        _ input: ForecastInput, _ basis: Forecast.Basis
    ) -> StrategyForecast {
        StrategyForecast(
            strategy: strategy,
            total: estimate(outcomes) { duration($0.total) },
            downtime: estimate(outcomes) { duration($0.downtime) },
            wire: estimate(outcomes) { bytes($0.wire) },
            rounds: estimate(outcomes) { $0.rounds },
            confidence: confidence(basis),
            converges: outcomes[1].converges,
            reason: reason(strategy, outcomes[1], likely, input, basis))
    }

    private static func estimate<Value>(
        _ outcomes: [StrategyOutcome], _ value: (StrategyOutcome) -> Value
    ) -> Estimate<Value> {
        let values = outcomes.map(value)
        return Estimate(
            low: values.min() ?? values[1], likely: values[1], high: values.max() ?? values[1])
    }

    private static func confidence(_ basis: Forecast.Basis) -> Double {
        switch basis {
        case .sampled: 0.9
        case .remembered: 0.8
        case .assumed: 0.6
        }
    }

    private static func reason(
        _ strategy: MoveStrategy, _ outcome: StrategyOutcome, _ scenario: Scenario, _ input: ForecastInput,
        _ basis: Forecast.Basis
    ) -> String {
        let writes =
            switch basis {
            case .sampled: "it dirties"
            case .remembered: "in its last move it dirtied"
            case .assumed: "it is assumed to dirty"
            }
        let link =
            input.link == nil
            ? "the link is assumed to carry"
            : scenario.linkRate > ForecastConstants.streamRate ? "one stream carries" : "the link carries"
        let rate = ByteRate(bytesPerSecond: UInt64(scenario.rate(connections: 1)))
        let dirtied = ByteRate(bytesPerSecond: UInt64(scenario.curve.bytes(within: 1)))
        switch strategy {
        case .postCopy, .postCopyFallback:
            return "whatever is left is pulled at \(rate) after the switchover"
        case .stopAndCopy:
            return "the guest stands still while \(bytes(outcome.wire)) cross at \(rate)"
        case .preCopy, .multifd, .autoConverge, .xbzrle:
            return outcome.converges
                ? "\(writes) \(dirtied), \(link) \(rate)"
                : "\(writes) \(dirtied), \(link) \(rate): the rest never fits the downtime limit"
        }
    }

    /// Up to some thirty years; what is not a number counts as that long.
    private static func duration(_ seconds: Double) -> Duration {
        .milliseconds(Int64((min(1e9, seconds.isFinite ? max(0, seconds) : 1e9) * 1000).rounded()))
    }

    private static func bytes(_ count: Double) -> ByteCount {
        ByteCount(UInt64(min(0x1p62, count.isFinite ? max(0, count) : 0x1p62)))
    }
}
