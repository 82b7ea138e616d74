import ArgumentParser
import FleetModel
import Journal
import LibvirtFleet
import Migration
import Policy
import Transfer

/// `apus consolidate`
struct ConsolidateCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "consolidate",
        abstract:
            "Finds the fewest hosts that hold all running guests, and says what would move; with --apply, moves it.",
        discussion: """
            Example: apus consolidate --apply --run 'ipmitool -H "$APUS_HOST-bmc" power soft'

            Hosts that end up empty are marked, so that nothing is placed on them until apus spread.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions
    @OptionGroup var move: MoveOptions

    @Flag(help: "Carry the moves out.") var apply = false
    @Option(
        help: ArgumentHelp(
            "Of each host's memory and processors so much stays free, in percent.", valueName: "percent"))
    var headroom = 20.0
    @Option(
        help: ArgumentHelp(
            "A shell command that is run on this machine for each emptied host, with its name in APUS_HOST.",
            valueName: "command"))
    var run: String?

    /// So long a command for an emptied host may take.
    private static let patience = Duration.seconds(120)

    func validate() throws {
        guard (0..<100).contains(headroom) else {
            throw ValidationError("--headroom is a percentage from 0 to less than 100.")
        }
        if run != nil, !apply { throw ValidationError("--run is for hosts that were emptied: add --apply.") }
        if move.from != nil || !move.disks.places.isEmpty {
            throw ValidationError("--from and --disk are for one guest: apus migrate.")
        }
    }

    func run() async throws {
        let signals = SignalWatch()
        let inventory = try common.readInventory()
        let journal = try state.open()
        let (picture, moves, emptied) = try await signals.guarding { () async throws(ApusError) in
            try await look(inventory, journal)
        }
        for silent in picture.silent { Console.note(silent.error) }
        let reporter = ConsolidationReporter(
            common: common, command: "consolidate", picture: picture, moves: moves, hosts: emptied)
        guard apply else { return reporter.planned("would be empty") }
        let board = FleetBoard(guests: picture.guests.map(\.identity.name), asJSON: common.json)
        let mover = FleetMover(picture, inventory, journal, move, board, isBound: true)
        signals.forward { mover.interrupt() }
        let outcome = await mover.run(moves) { _ in }
        board.clear()
        let empty = emptied.filter { host in !outcome.fleet.guests.contains { $0.host == host } }
        var hasChanged = !outcome.moved.isEmpty
        var failures: [ApusError] = []
        for host in empty.map({ picture.hosts[$0] }) {
            guard try journal.mark(host.name, .consolidated) else { continue }
            hasChanged = true
            do throws(ApusError) { try await power(host) } catch { failures.append(error) }
        }
        let remaining = reporter.finished(outcome, mover, hosts: empty, "empty", hasChanged: hasChanged)
        for failure in failures { Console.note(failure) }
        if let person = outcome.failed.first(where: { ExitStatus($0.error.code) == .needsPerson }) {
            throw ExitStatus(person.error.code)
        }
        if remaining > 0 || !failures.isEmpty {
            throw mover.isStopped ? ExitStatus.interrupted : ExitStatus.failed
        }
    }

    private func power(_ host: Host) async throws(ApusError) {
        guard let run else { return }
        _ = try await RemoteShell(host: host.name, words: []).run(
            "APUS_HOST=\(RemoteShell.quote(host.name))\nexport APUS_HOST\n\(run)\n",
            to: "run the command for the emptied host \(host.name)", within: Self.patience)
    }

    private func look(
        _ inventory: Inventory, _ journal: Journal
    ) async throws(ApusError) -> (FleetPicture, [FleetMove], [Int]) {
        var picture = try await FleetPicture.take(
            inventory, marks: try journal.marks(), journal: journal, withInactive: false)
        var emptied: [Int] = []
        let share = headroom / 100
        let moves = try await FleetCheck(inventory: inventory, journal: journal, options: move).agreed(
            &picture
        ) { picture in
            let outcome = ConsolidationPlanner(picture.fleet, headroom: share).outcome()
            emptied = outcome.emptied.sorted()
            return outcome.moves
        }
        return (picture, moves, emptied)
    }
}
