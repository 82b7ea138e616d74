import FleetModel

/// A forecast in JSON.
struct ForecastReport: Encodable {
    let basis: String
    let strategies: [StrategyReport]

    init(_ forecast: Forecast) {
        basis = forecast.basis.rawValue
        strategies = forecast.strategies.map(StrategyReport.init)
    }

    struct StrategyReport: Encodable {
        let strategy: String
        let totalSeconds: Range<Double>
        let downtimeSeconds: Range<Double>
        let wireBytes: Range<UInt64>
        let rounds: Range<Int>
        let confidence: Double
        let converges: Bool
        let reason: String

        init(_ forecast: StrategyForecast) {
            strategy = forecast.strategy.rawValue
            totalSeconds = Range(forecast.total, \.seconds)
            downtimeSeconds = Range(forecast.downtime, \.seconds)
            wireBytes = Range(forecast.wire, \.bytes)
            rounds = Range(forecast.rounds, \.self)
            confidence = forecast.confidence
            converges = forecast.converges
            reason = forecast.reason
        }
    }

    struct Range<Value: Encodable & Sendable>: Encodable {
        let low: Value
        let likely: Value
        let high: Value

        init<Quantity>(_ estimate: Estimate<Quantity>, _ value: (Quantity) -> Value) {
            low = value(estimate.low)
            likely = value(estimate.likely)
            high = value(estimate.high)
        }
    }
}

/// A forecast for people.
struct ForecastText {
    private let forecast: StrategyForecast
    private let basis: Forecast.Basis
    private let linkIsKnown: Bool

    init?(_ forecast: Forecast, strategy: MoveStrategy) {
        guard let chosen = forecast.strategy(strategy) else { return nil }
        self.forecast = chosen
        basis = forecast.basis
        linkIsKnown = forecast.input.link != nil
    }

    func lines() -> [String] {
        let share = Int((forecast.confidence * 100).rounded())
        let known =
            switch basis {
            case .sampled: "measured writes"
            case .remembered: "its last move"
            case .assumed: "the guest's memory alone"
            }
        return [
            "total time  \(text(forecast.total, \.text))",
            "downtime    \(text(forecast.downtime, \.text))",
            "transfer    \(text(forecast.wire) { "\($0)" }), \(text(forecast.rounds) { "\($0)" }) rounds",
            "converges   \(forecast.converges ? "yes" : "no"): \(forecast.reason)",
            "rests on    \(known)\(linkIsKnown ? "" : ", an assumed link"); about \(share) of 100 such moves lie within",
        ]
    }

    private func text<Value>(_ estimate: Estimate<Value>, _ words: (Value) -> String) -> String {
        let (low, likely, high) = (words(estimate.low), words(estimate.likely), words(estimate.high))
        return low == high ? likely : "\(likely) (\(low) to \(high))"
    }
}
