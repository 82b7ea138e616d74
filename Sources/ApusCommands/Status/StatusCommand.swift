import ArgumentParser
import FleetModel
import LibvirtFleet

/// `apus status`
struct StatusCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows the moves under way, whoever started them, as libvirt tells them.",
        discussion: "Example: apus status --watch")

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions

    @Argument(help: "Only this guest.") var guest: String?

    @Flag(help: "Show it again every second until no move is under way.") var watch = false

    func run() async throws {
        let hosts = try common.readInventory().hosts
        let reader = FleetReader()
        while true {
            let readings = await reader.moves(on: hosts)
            let moves = readings.compactMap(\.success).flatMap(\.self)
                .filter { guest == nil || $0.guest.identity.name == guest || $0.guest.identity.uuid == guest }
            let failures = readings.compactMap(\.failure)
            show(moves, failures)
            failures.forEach(Console.note)
            if !watch || moves.isEmpty {
                if !failures.isEmpty { throw ExitStatus.failed }
                return
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func show(_ moves: [RunningMove], _ failures: [ApusError]) {
        if common.json {
            Envelope(
                command: "status", changed: false,
                result: StatusReport(
                    moves: moves.map(RunningMoveReport.init), unreachable: failures.map(ErrorReport.init)),
                error: nil
            ).print()
        } else if moves.isEmpty {
            Console.print("No move is under way.")
        } else {
            for move in moves {
                let figures = MoveFigures(phase: nil, rounds: 0, sample: move.sample).text
                let elapsed = move.sample.elapsed.map { " · \($0.text)" } ?? ""
                Console.print("\(move.guest.identity) leaves \(move.guest.host): \(figures)\(elapsed)")
            }
        }
    }
}

private struct StatusReport: Encodable {
    let moves: [RunningMoveReport]
    /// Hosts that could not be asked: the list lacks their moves.
    let unreachable: [ErrorReport]
}

private struct RunningMoveReport: Encodable {
    let guest: String
    let source: String
    let round: Int?
    let elapsedSeconds: Double?
    let remainingBytes: UInt64?
    let wireBytes: UInt64?
    let throughputBytesPerSecond: UInt64?
    let dirtyRateBytesPerSecond: UInt64?
    let timeLeftSeconds: Double?

    init(_ move: RunningMove) {
        guest = move.guest.identity.name
        source = move.guest.host
        round = move.sample.round
        elapsedSeconds = move.sample.elapsed?.seconds
        remainingBytes = move.sample.memoryRemaining?.bytes
        wireBytes = move.sample.wire?.bytes
        throughputBytesPerSecond = move.sample.throughput?.bytesPerSecond
        dirtyRateBytesPerSecond = move.sample.dirtyRate?.bytesPerSecond
        timeLeftSeconds = move.sample.timeLeft?.seconds
    }
}
