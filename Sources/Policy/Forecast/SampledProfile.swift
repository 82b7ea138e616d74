import FleetModel

/// Samples put together by period, each with its counting error.
struct SampledProfile: Sendable {
    private let periods: [(period: Duration, samples: [DirtySample])]

    init(_ samples: [DirtySample]) {
        periods = Dictionary(grouping: samples.filter { $0.period > .zero }, by: \.period)
            .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The shortest period, when nothing new was dirtied after it: the working set is rewritten within it,
    /// and nobody knows how much faster.
    var saturation: DirtyCurve.Point? {
        let points = points(at: 0)
        guard points.count >= 2, points[0].bytes > 0,
            points[points.count - 1].bytes <= points[0].bytes * slack
        else { return nil }
        return points[0]
    }

    /// Page sampling's counting error looks like growth.
    private var slack: Double {
        periods.first?.samples.first?.mode == .pageSampling ? 1.4 : 1.1
    }

    /// One point a period, at the mean or at the end of its 90 % interval.
    func points(_ mood: Scenario.Mood) -> [DirtyCurve.Point] {
        let errors: Double =
            switch mood {
            case .bright: -1.645
            case .likely: 0
            case .dark: 1.645
            }
        let points = points(at: errors)
        guard saturation != nil, let first = points.first else { return points }
        // Below the shortest period the straight line is a lower bound; the truth may be far above it.
        let share =
            switch mood {
            case .bright: 0.9
            case .likely: ForecastConstants.saturationShare
            case .dark: 0.05
            }
        return [DirtyCurve.Point(seconds: first.seconds * share, bytes: first.bytes)] + points
    }

    /// One point a period, so many standard errors above the mean.
    private func points(at errors: Double) -> [DirtyCurve.Point] {
        periods.map { period, samples in
            let count = Double(samples.count)
            let mean = samples.reduce(0) { $0 + Double($1.dirtied.bytes) } / count
            let variance = samples.reduce(0) { $0 + Self.variance(of: $1) } / count / count
            return DirtyCurve.Point(
                seconds: period.seconds, bytes: max(0, mean + errors * variance.squareRoot()))
        }
    }

    /// Page sampling counts hits among n pages, a binomial; libvirt's whole MiB/s add their own.
    private static func variance(of sample: DirtySample) -> Double {
        let step = sample.period.seconds * 0x1p20
        let dirtied = Double(sample.dirtied.bytes)
        let memory = Double(sample.memory.bytes)
        let pages = max(
            1,
            sample.pages.map(Double.init)
                ?? memory / 0x1p30 * ForecastConstants.sampledPagesPerGibibyte)
        switch sample.mode {
        case .dirtyBitmap:
            return step * step / 12
        case .pageReading:
            return dirtied * dirtied / pages
        case .pageSampling:
            // Never nothing: no hit among n pages does not mean that there is none.
            let share = min(1 - 0.5 / pages, max(0.5 / pages, dirtied / max(1, memory)))
            return step * step / 12 + memory * memory * share * (1 - share) / pages
        }
    }
}
