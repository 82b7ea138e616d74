import ArgumentParser
import FleetModel
import FoundationEssentials
import Journal

/// `apus history`
struct HistoryCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Shows the moves of this controller: the forecast beside what it really took.",
        discussion: """
            Example: apus history web01

            The last line is the error of the forecasts so far. Nothing is asked of any host.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions

    @Argument(help: "Only this guest: its name or UUID.") var guest: String?

    @Option(help: ArgumentHelp("At most so many moves, newest first.", valueName: "count")) var limit = 20

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit is a number of moves, 1 or more.") }
    }

    func run() async throws {
        let journal = try Journal.openReadOnly(directory: state.directory)
        let moves = try journal?.moves(guest: guest, limit: limit).map(PastMoveReport.init) ?? []
        let errors = ForecastErrors(moves)
        if common.json {
            Envelope(
                command: "history", changed: false,
                result: HistoryReport(moves: moves, forecastErrors: errors),
                error: nil
            ).print()
            return
        }
        guard !moves.isEmpty else {
            Console.print("No move is in the journal (\(state.directory)).")
            return
        }
        var table = Table([
            ("MOVE", .left), ("BEGAN (UTC)", .left), ("GUEST", .left), ("FROM", .left), ("TO", .left),
            ("OUTCOME", .left), ("FORECAST", .right), ("ACTUAL", .right), ("ERROR", .right),
            ("DOWNTIME", .right), ("WIRE", .right),
        ])
        for move in moves { table.add(move.row) }
        Console.print(table.text())
        if let text = errors.text { Console.print(text) }
    }
}

private struct HistoryReport: Encodable {
    /// Newest first.
    let moves: [PastMoveReport]
    let forecastErrors: ForecastErrors
}

/// One move of the journal.
struct PastMoveReport: Encodable {
    let id: String
    let began: String
    let guest: String
    let uuid: String
    let source: String
    let destination: String
    let outcome: String
    let code: String?
    let strategy: String?
    let totalSeconds: Double?
    let downtimeSeconds: Double?
    let wireBytes: UInt64?
    let rounds: Int?
    let forecast: ForecastReport.StrategyReport?
    /// How far the forecast's likely total time was off, as a share of the actual one.
    let forecastError: Double?

    init(_ record: MoveRecord) {
        id = record.id
        began = Date(timeIntervalSince1970: record.began).formatted(.iso8601)
        guest = record.guest.name
        uuid = record.guest.uuid
        source = record.source
        destination = record.destination
        outcome = record.outcome.rawValue
        code = record.code
        strategy = record.actual.flatMap { $0.strategy?.rawValue ?? SealedPlan(record)?.strategyName }
        totalSeconds = record.actual?.total.seconds
        downtimeSeconds = record.actual?.downtime?.seconds
        wireBytes = record.actual?.crossed?.bytes
        rounds = record.actual?.rounds
        let sealed = record.forecast.flatMap { text in
            try? Document.decode(Forecast.self, Data(text.utf8), path: "the journal", what: "a forecast")
        }
        let chosen = sealed.flatMap { $0.strategy(record.actual?.strategy ?? .preCopy) }
        forecast = chosen.map(ForecastReport.StrategyReport.init)
        if let chosen, let total = record.actual?.total.seconds, total > 0 {
            forecastError = (chosen.total.likely.seconds - total) / total
        } else {
            forecastError = nil
        }
    }

    var row: [String] {
        func seconds(_ value: Double?) -> String { value.map { Duration.seconds($0).text } ?? "-" }
        return [
            String(id.prefix(8)), String(began.prefix(19)).replacing("T", with: " "), guest, source,
            destination, code ?? outcome, seconds(forecast?.totalSeconds.likely), seconds(totalSeconds),
            forecastError.map { "\(Int(($0 * 100).rounded())) %" } ?? "-", seconds(downtimeSeconds),
            wireBytes.map { "\(ByteCount($0))" } ?? "-",
        ]
    }
}

/// How far the forecasts of finished moves were off, in either direction.
private struct ForecastErrors: Encodable {
    let moves: Int
    let median: Double?
    let ninetiethPercentile: Double?
    /// Moves whose total time lay within the forecast range.
    let withinRange: Int

    init(_ reports: [PastMoveReport]) {
        let errors = reports.compactMap(\.forecastError).map(abs).sorted()
        moves = errors.count
        median = errors.isEmpty ? nil : errors[errors.count / 2]
        ninetiethPercentile = errors.isEmpty ? nil : errors[min(errors.count - 1, errors.count * 9 / 10)]
        withinRange = reports.count { report in
            guard let forecast = report.forecast, let total = report.totalSeconds else { return false }
            return forecast.totalSeconds.low <= total && total <= forecast.totalSeconds.high
        }
    }

    var text: String? {
        guard let median, let ninetiethPercentile else { return nil }
        func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
        return
            "Forecast error over \(moves) move\(moves == 1 ? "" : "s"): median \(percent(median)), "
            + "nine of ten within \(percent(ninetiethPercentile)); \(withinRange) within the range."
    }
}
