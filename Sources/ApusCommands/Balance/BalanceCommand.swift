import ArgumentParser
import FleetModel
import FoundationEssentials
import Journal
import LibvirtFleet
import Migration
import Policy

/// `apus balance`
struct BalanceCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "balance",
        abstract:
            "Looks at how evenly hosts are loaded, and says what is worth moving; with --apply, moves it.",
        discussion: """
            Example: apus balance --apply        (from a timer, every five minutes)

            It acts when the imbalance has been over the threshold for several rounds, for moves whose gain outweighs \
            what they take, and leaves guests alone that were moved lately. "Nothing worth moving" is a normal answer.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions
    @OptionGroup var move: MoveOptions

    @Flag(help: "Carry the moves out.") var apply = false
    @Option(
        help: ArgumentHelp("The imbalance that is put up with, in percent of a host.", valueName: "percent"))
    var threshold = 10.0
    @Option(help: ArgumentHelp("Rounds in a row that it has to be over that.", valueName: "number"))
    var rounds = 3
    @Option(
        help: ArgumentHelp("How long a guest is left alone after a move (default: 1h).", valueName: "time"),
        transform: QuantityOption.duration)
    var coolDown: Duration?
    @Option(help: ArgumentHelp("Moves in one round at the most.", valueName: "number")) var most = 10
    @Flag(help: "Look only: the round is not stored either.") var dryRun = false

    private var rules: Balancer.Rules {
        var rules = Balancer.Rules()
        rules.threshold = threshold / 100
        rules.rounds = rounds
        rules.mostMoves = most
        if let coolDown { rules.coolDown = coolDown }
        return rules
    }

    func validate() throws {
        guard (0.1...100).contains(threshold) else {
            throw ValidationError("--threshold is a percentage from 0.1 to 100.")
        }
        guard (1...1000).contains(rounds), (1...1000).contains(most) else {
            throw ValidationError("--rounds and --most are numbers from 1 to 1000.")
        }
        if apply, dryRun { throw ValidationError("--apply and --dry-run exclude each other.") }
        if move.from != nil || !move.disks.places.isEmpty {
            throw ValidationError("--from and --disk are for one guest: apus migrate.")
        }
    }

    func run() async throws {
        let signals = SignalWatch()
        let inventory = try common.readInventory()
        let journal = try state.open()
        let (picture, answer, moves) = try await signals.guarding { () async throws(ApusError) in
            try await look(inventory, journal)
        }
        for silent in picture.silent { Console.note(silent.error) }
        let reporter = BalanceReporter(common: common, rules: rules, picture: picture, answer: answer)
        if !dryRun { try journal.note(reporter.round(at: Date().timeIntervalSince1970)) }
        guard apply, !moves.isEmpty else { return reporter.planned() }
        let board = FleetBoard(guests: picture.guests.map(\.identity.name), asJSON: common.json)
        let mover = FleetMover(picture, inventory, journal, move, board, isBound: true)
        signals.forward { mover.interrupt() }
        let outcome = await mover.run(moves) { _ in }
        board.clear()
        let remaining = reporter.finished(outcome, mover)
        if let person = outcome.failed.first(where: { ExitStatus($0.error.code) == .needsPerson }) {
            throw ExitStatus(person.error.code)
        }
        if remaining > 0 { throw mover.isStopped ? ExitStatus.interrupted : ExitStatus.failed }
    }

    /// The fleet with loads over some time, and what the balancer says to it, each move checked.
    private func look(
        _ inventory: Inventory, _ journal: Journal
    ) async throws(ApusError) -> (FleetPicture, Balancer.Answer, [FleetMove]) {
        let now = Date().timeIntervalSince1970
        var picture = try await FleetPicture.take(
            inventory, marks: try journal.marks(), journal: journal, withInactive: false,
            watched: .seconds(1))
        let readings = Dictionary(
            picture.fleet.guests.map { ($0.identity.uuid, $0.load) }, uniquingKeysWith: { $1 })
        if !dryRun {
            let loads = try journal.note(loads: readings, at: now)
            picture.fleet = picture.fleet.withLoads { loads[$0.uuid] }
        }
        let history = try journal.balanceRounds(limit: max(1, rounds)).map(\.imbalance)
        var cooling: Set<Int> = []
        for (number, guest) in picture.guests.enumerated() {
            let last = try journal.moves(guest: guest.identity.uuid, limit: 1).first
            if let last, now - last.began < rules.coolDown.seconds { cooling.insert(number) }
        }
        let balancer = Balancer(rules)
        var answer = balancer.answer(picture.fleet, history: history, cooling: cooling)
        let check = FleetCheck(inventory: inventory, journal: journal, options: move)
        let moves = try await check.agreed(&picture) { picture in
            answer = balancer.answer(picture.fleet, history: history, cooling: cooling)
            if case .move(let moves) = answer.verdict { return moves }
            return []
        }
        return (picture, answer, moves)
    }
}
