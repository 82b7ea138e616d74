import FleetModel

/// What was left to be sent, and how fast it was sent, over the time of a move.
struct MoveCharts {
    private let samples: [(at: Duration, sample: JobSample)]

    init(_ entries: [MoveEntry]) {
        samples = entries.compactMap { entry in
            guard case .sample(let sample) = entry.event else { return nil }
            return (entry.at, sample)
        }
        .sorted { $0.at < $1.at }
    }

    func lines(width: Int, style: Chart.Style) -> [String] {
        let charts = charts.filter(\.isWorthDrawing)
        let labelWidth = charts.map(\.labelWidth).max() ?? 0
        return charts.flatMap { [""] + $0.lines(width: width, labelWidth: labelWidth, style: style) }
    }

    private var charts: [Chart] {
        guard let first = samples.first?.at, let last = samples.last?.at else { return [] }
        func chart(
            _ title: String, _ summary: Chart.Summary, height: Int, _ text: @escaping (UInt64) -> String,
            _ value: (JobSample) -> UInt64?
        ) -> Chart {
            let points = samples.compactMap { at, sample in
                value(sample).map { Chart.Point(at: at, value: $0) }
            }
            return Chart(
                title: title, points: points, summary: summary, rounds: rounds, span: first...last,
                height: height, text: text)
        }
        let amount = { (bytes: UInt64) in "\(ByteCount(bytes))" }
        let rate = { (bytes: UInt64) in "\(ByteRate(bytesPerSecond: bytes))" }
        return [
            chart("Memory left to send", .last, height: 8, amount) { $0.memoryRemaining?.bytes },
            chart("Disks left to copy", .last, height: 4, amount) { $0.diskRemaining?.bytes },
            chart("Throughput", .mean, height: 4, rate) { $0.throughput?.bytesPerSecond },
        ]
    }

    /// Each round where a reading first showed it.
    private var rounds: [(number: Int, at: Duration)] {
        var latest = 0
        return samples.compactMap { at, sample in
            guard let round = sample.round, round > latest else { return nil }
            latest = round
            return (round, at)
        }
    }
}
