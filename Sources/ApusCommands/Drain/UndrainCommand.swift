import ArgumentParser
import FleetModel
import Journal
import LibvirtFleet
import Migration
import Policy

/// `apus undrain`
struct UndrainCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "undrain",
        abstract:
            "Lets guests be placed on a host again; with --return, brings back those that a drain took away.",
        discussion: "Example: apus undrain alpha --return")

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions
    @OptionGroup var move: MoveOptions

    @Argument(help: "The host.") var host: String

    @Flag(name: .customLong("return"), help: "Bring back the guests that apus drain moved away from it.")
    var returns = false
    @Flag(help: "Check and show what would be done; change nothing.") var dryRun = false

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
        let wasMarked = try journal.marks().contains { $0.host == target.name }
        let way = returns ? try await way(back: target, inventory, journal, signals) : nil
        let answer = way?.answer
        if dryRun {
            return UndrainReporter(common: common, host: target.name, wasMarked: wasMarked, answer: answer)
                .planned()
        }
        if wasMarked { _ = try journal.unmark(target.name) }
        for silent in answer?.picture.silent ?? [] { Console.note(silent.error) }
        let reporter = UndrainReporter(
            common: common, host: target.name, wasMarked: wasMarked, answer: answer)
        guard let way else {
            // Whoever does not want them back now does not want them back by the next --return.
            for guest in try journal.taken(from: target.name) {
                try journal.forget(taken: guest, from: target.name)
            }
            return reporter.unmarked()
        }
        for guest in way.isBack { try journal.forget(taken: guest, from: target.name) }
        let board = FleetBoard(
            guests: way.answer.picture.guests.map(\.identity.name), asJSON: common.json)
        let mover = FleetMover(way.answer.picture, inventory, journal, move, board, isBound: true)
        signals.forward { mover.interrupt() }
        let outcome = await mover.run(way.answer.moves) { move in
            // One that is not forgotten is found to be back the next time.
            try? journal.forget(taken: way.answer.picture.guests[move.guest].identity, from: target.name)
        }
        board.clear()
        let remaining = reporter.finished(outcome, mover, missing: way.missing)
        if let person = outcome.failed.first(where: { ExitStatus($0.error.code) == .needsPerson }) {
            throw ExitStatus(person.error.code)
        }
        if remaining > 0 { throw mover.isStopped ? ExitStatus.interrupted : ExitStatus.failed }
    }

    private struct WayBack: Sendable {
        let answer: FleetCheck.Answer
        /// Guests that are on the host already.
        let isBack: [GuestIdentity]
        /// Guests that no host which answers knows.
        let missing: [GuestIdentity]
    }

    /// Moves that bring the host's guests back, each checked.
    private func way(
        back target: Host, _ inventory: Inventory, _ journal: Journal, _ signals: SignalWatch
    ) async throws -> WayBack {
        let taken = try journal.taken(from: target.name)
        let marks = try journal.marks().filter { $0.host != target.name }
        var options = move
        options.ignore.append(IgnoredFinding(code: .hostMarked, subject: target.name))
        let check = FleetCheck(inventory: inventory, journal: journal, options: options)
        return try await signals.guarding { () async throws(ApusError) -> WayBack in
            let picture = try await FleetPicture.take(
                inventory, marks: marks, journal: journal, withInactive: true)
            guard let place = picture.fleet.host(named: target.name) else {
                throw picture.silent.first { $0.host == target }?.error
                    ?? ApusError(
                        .unknownHost, "bring guests back to \(target.name)",
                        "\(target.name) is not in the inventory", hint: "Name it in the inventory.")
            }
            var (moves, isBack, missing) = ([FleetMove](), [GuestIdentity](), [GuestIdentity]())
            var blocked: [FleetCheck.Blocked] = []
            for guest in taken {
                let places = picture.guests.indices.filter { picture.guests[$0].identity.uuid == guest.uuid }
                // A definition that stayed on the host is not the guest, while another host has one.
                let number =
                    places.first { picture.guests[$0].state.isActive }
                    ?? places.first { picture.fleet.guests[$0].host != place } ?? places.first
                guard let number else {
                    missing.append(guest)
                    continue
                }
                let source = picture.fleet.guests[number].host
                if source == place {
                    isBack.append(guest)
                } else {
                    moves.append(FleetMove(guest: number, from: source, to: place))
                }
            }
            let refusals = try await check.check(moves, picture)
            for (move, error) in refusals {
                moves.removeAll { $0 == move }
                blocked.append(check.blocked(move, error, picture))
            }
            return WayBack(
                answer: FleetCheck.Answer(picture: picture, moves: moves, blocked: blocked), isBack: isBack,
                missing: missing)
        }
    }
}
