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
        // Before anybody looks: a drain of another host that begins now is not to choose this one.
        let wasMarked = try journal.marks().contains { $0.host == target.name }
        let isNew = try !dryRun && journal.mark(target.name, .drained)
        let answer: FleetCheck.Answer
        do {
            answer = try await signals.guarding { () async throws(ApusError) in
                try await look(target, inventory, journal)
            }
        } catch {
            if isNew { _ = try journal.unmark(target.name) }
            throw error
        }
        let report = DrainReporter(
            common: common, host: target.name, wasMarked: wasMarked, answer: answer)
        for silent in answer.picture.silent { Console.note(silent.error) }
        if !answer.blocked.isEmpty, !partial {
            if isNew { _ = try journal.unmark(target.name) }
            report.blocked()
            throw ExitStatus.blocked
        }
        let place = answer.picture.fleet.host(named: target.name)
        let (steps, _) = FleetSchedule.sequence(answer.moves, in: answer.picture.fleet)
        if dryRun { return report.planned(steps) }
        report.begins(steps)
        let leaving = answer.moves.filter { $0.source == place }.map {
            answer.picture.guests[$0.guest].identity
        }
        // Noted first: whatever becomes of this process, undrain --return knows them. It finds out who is still here.
        for guest in leaving { try journal.note(taken: guest, from: target.name) }
        let board = FleetBoard(guests: answer.picture.guests.map(\.identity.name), asJSON: common.json)
        let mover = FleetMover(answer.picture, inventory, journal, move, board)
        signals.forward { mover.interrupt() }
        let outcome = await mover.run(answer.moves) { _ in }
        board.clear()
        let left = try await remaining(on: target, leaving, journal)
        let remaining = report.finished(
            outcome, mover, left: left, changed: isNew || !outcome.moved.isEmpty)
        if let person = outcome.failed.first(where: { ExitStatus($0.error.code) == .needsPerson }) {
            throw ExitStatus(person.error.code)
        }
        if remaining > 0 { throw mover.isStopped ? ExitStatus.interrupted : ExitStatus.failed }
    }

    private func look(
        _ target: Host, _ inventory: Inventory, _ journal: Journal
    ) async throws(ApusError) -> FleetCheck.Answer {
        var picture = try await FleetPicture.take(
            inventory, marks: try journal.marks(), journal: journal, withInactive: withInactive)
        if let silent = picture.silent.first(where: { $0.host == target }) { throw silent.error }
        guard let place = picture.fleet.host(named: target.name) else {
            throw ApusError(
                .unknownHost, "drain \(target.name)", "\(target.name) is not in the inventory",
                hint: "Other hosts are needed for its guests: name them all in the inventory.")
        }
        picture.fleet.hosts[place].isOpen = false
        return try await FleetCheck(inventory: inventory, journal: journal, options: move)
            .answer(emptying: [place], in: picture)
    }

    /// Who is on the host now, whatever was planned: somebody may have started a guest there meanwhile.
    private func remaining(
        on target: Host, _ leaving: [GuestIdentity], _ journal: Journal
    ) async throws(ApusError) -> [Guest] {
        let there = try await FleetReader().guests(of: [target]).first?.value.get() ?? []
        let left = there.filter { $0.state.isActive || withInactive && $0.isPersistent }
        for guest in leaving where left.contains(where: { $0.identity.uuid == guest.uuid }) {
            try journal.forget(taken: guest, from: target.name)
        }
        return left
    }
}
