import ArgumentParser
import FleetModel
import Journal
import LibvirtFleet
import Migration
import Policy

/// `apus spread`
struct SpreadCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "spread",
        abstract:
            "Takes hosts that apus consolidate emptied into use again, and evens the load out over them.",
        discussion: """
            Example: apus spread --apply

            Hosts that do not answer yet stay as they are: power them on first. Hosts that apus drain emptied are left alone.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions
    @OptionGroup var move: MoveOptions

    @Flag(help: "Carry the moves out.") var apply = false

    func validate() throws {
        if move.from != nil || !move.disks.places.isEmpty {
            throw ValidationError("--from and --disk are for one guest: apus migrate.")
        }
    }

    func run() async throws {
        let signals = SignalWatch()
        let inventory = try common.readInventory()
        let journal = try state.open()
        var options = move
        let marks = try journal.marks()
        let back = marks.filter { $0.reason == .consolidated }.map(\.host)
        options.ignore += back.map { IgnoredFinding(code: .hostMarked, subject: $0) }
        let check = FleetCheck(inventory: inventory, journal: journal, options: options)
        let (picture, moves) = try await signals.guarding { () async throws(ApusError) in
            var picture = try await FleetPicture.take(
                inventory, marks: marks.filter { $0.reason != .consolidated }, journal: journal,
                withInactive: false)
            let moves = try await check.agreed(&picture) { picture in
                FleetPlanner(picture.fleet).outcome(.balance).moves(in: picture.fleet)
            }
            return (picture, moves)
        }
        for silent in picture.silent { Console.note(silent.error) }
        let hosts = picture.hosts.indices.filter { back.contains(picture.hosts[$0].name) }
        let reporter = ConsolidationReporter(
            common: common, command: "spread", picture: picture, moves: moves, hosts: hosts)
        guard apply else { return reporter.planned("would take guests again") }
        for host in hosts { _ = try journal.unmark(picture.hosts[host].name) }
        let board = FleetBoard(guests: picture.guests.map(\.identity.name), asJSON: common.json)
        let mover = FleetMover(picture, inventory, journal, move, board, isBound: true)
        signals.forward { mover.interrupt() }
        let outcome = await mover.run(moves) { _ in }
        board.clear()
        let remaining = reporter.finished(
            outcome, mover, hosts: hosts, "taking guests again",
            hasChanged: !hosts.isEmpty || !outcome.moved.isEmpty)
        if let person = outcome.failed.first(where: { ExitStatus($0.error.code) == .needsPerson }) {
            throw ExitStatus(person.error.code)
        }
        if remaining > 0 { throw mover.isStopped ? ExitStatus.interrupted : ExitStatus.failed }
    }
}
