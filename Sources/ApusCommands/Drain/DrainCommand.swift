import ArgumentParser
import FleetModel
import Journal
import LibvirtFleet
import Migration
import Policy

/// `apus drain`
struct DrainCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Empties a host: moves its guests to the others, and lets nothing be placed on it.",
        discussion: """
            Example: apus drain alpha

            All guests are checked first, and destinations are chosen for all of them together. If one cannot move, none \
            is moved, unless --partial is given. The host stays marked until apus undrain.

            Ctrl-C begins no further move; once more ends those under way, each on its source.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions
    @OptionGroup var move: MoveOptions

    @Argument(help: "The host to empty.") var host: String

    @Flag(help: "Move those that can be moved, even if others cannot.") var partial = false
    @Flag(help: "Guests that are shut off or saved too, with their disks.") var withInactive = false
    @Flag(help: "Check and show what would be moved; change nothing.") var dryRun = false

    func validate() throws {
        if move.from != nil || !move.disks.places.isEmpty {
            throw ValidationError("--from and --disk are for one guest: apus migrate.")
        }
    }

    func run() async throws {
        let signals = SignalWatch()
        let inventory = try common.readInventory()
        let target = try inventory.host(named: host)
        let journal = try state.open()
        let check = FleetCheck(inventory: inventory, journal: journal, options: move)
        let marks = try journal.marks().filter { $0.host != target.name }
        let answer = try await signals.guarding { () async throws(ApusError) -> FleetCheck.Answer in
            var picture = try await FleetPicture.take(
                inventory, marks: marks, journal: journal, withInactive: withInactive)
            if let silent = picture.silent.first(where: { $0.host == target }) { throw silent.error }
            guard let place = picture.fleet.host(named: target.name) else {
                throw ApusError(
                    .unknownHost, "drain \(target.name)", "\(target.name) is not in the inventory",
                    hint: "Other hosts are needed for its guests: name them all in the inventory.")
            }
            picture.fleet.hosts[place].isOpen = false
            return try await check.answer(emptying: [place], in: picture)
        }
        let report = DrainReporter(common: common, host: target.name, answer: answer)
        for silent in answer.picture.silent { Console.note(silent.error) }
        if !answer.blocked.isEmpty, !partial {
            report.blocked()
            throw ExitStatus.blocked
        }
        let (steps, stuck) = FleetSchedule.sequence(answer.moves, in: answer.picture.fleet)
        if dryRun { return report.planned(steps, stuck) }
        report.begins(steps)
        let isNew = try journal.mark(target.name)
        let board = FleetBoard(guests: answer.picture.guests.map(\.identity.name), asJSON: common.json)
        let mover = FleetMover(answer.picture, inventory, journal, move, board)
        signals.forward { mover.interrupt() }
        let place = answer.picture.fleet.host(named: target.name)
        let outcome = await mover.run(answer.moves) { move in
            guard move.source == place else { return }
            do throws(ApusError) {
                try journal.note(taken: answer.picture.guests[move.guest].identity, from: target.name)
            } catch {
                board.say("\(error.detail): apus undrain --return will not know of this guest")
            }
        }
        board.clear()
        let remaining = report.finished(outcome, mover, changed: isNew || !outcome.moved.isEmpty)
        if let person = outcome.failed.first(where: { ExitStatus($0.error.code) == .needsPerson }) {
            throw ExitStatus(person.error.code)
        }
        if remaining > 0 { throw mover.isStopped ? ExitStatus.interrupted : ExitStatus.failed }
    }
}
