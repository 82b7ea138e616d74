import ArgumentParser
import FleetModel
import FoundationEssentials
import Journal
import LibvirtFleet
import Migration
import Policy

/// `apus migrate`
struct MigrateCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract:
            "Moves a guest to another host, live or as it is shut off, and asks both hosts that it arrived.",
        discussion: """
            Example: apus migrate web01 --to beta --downtime 100ms --timeout 5m

            Without --to, --disk moves disks of the guest to other places on its own host: \
            apus migrate web01 --disk vda=pool:fast

            A guest that is shut off or saved goes with its definition, disks, firmware and TPM state; a move of one that \
            was cut goes on from there when the command is given again.

            A guest that already is on the destination: exit status 0, nothing changed. Ctrl-C aborts the move \
            and waits until the guest runs on its source; after the switchover it finishes the move instead.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions
    @OptionGroup var move: MoveOptions

    @Argument(help: "The guest: its name or UUID (with --from, libvirt's id too).") var guest: String?

    @Option(
        help: ArgumentHelp("Where it goes: a host of the inventory, or a libvirt URI.", valueName: "host"))
    var to: String?

    @Option(
        help: ArgumentHelp(
            "Run exactly this plan, as apus plan --json wrote it (- reads standard input).", valueName: "file"
        ))
    var plan: String?

    @Flag(help: "Measure the guest's writes and the link first, for a narrower forecast.")
    var sample = false

    @Option(
        help: ArgumentHelp(
            "While another apus moves the guest, or a host takes part in as many moves as it may, wait this long "
                + "instead of refusing.",
            valueName: "time"),
        transform: QuantityOption.duration)
    var wait: Duration?

    @Flag(help: "Check and show the plan; change nothing.")
    var dryRun = false

    func validate() throws {
        if plan != nil {
            guard guest == nil, to == nil, move.isEmpty, !sample else {
                throw ValidationError(
                    "--plan holds guest, hosts and limits already: leave GUEST, --to, --sample and limits out."
                )
            }
        } else {
            guard guest != nil else { throw ValidationError("Name a guest, or a plan with --plan FILE.") }
            guard to != nil || !move.disks.places.isEmpty else {
                throw ValidationError(
                    "Say where it goes with --to HOST, or which disk goes where on its own host with --disk.")
            }
            if to == nil, sample || wait != nil || !move.isAboutDisksAlone {
                throw ValidationError(
                    "Without --to the guest stays and its disks move: of the options for a move, only --bandwidth, "
                        + "--timeout, --ignore and those about disks go with that.")
            }
        }
    }

    func run() async throws {
        let began = ContinuousClock.now
        let signals = SignalWatch()
        let inventory = try common.readInventory()
        if plan == nil, to == nil, let guest {
            let home = HomeMove(
                common: common, guest: guest, source: try move.from.map { try inventory.host(named: $0) },
                request: try move.request(
                    inventory,
                    of: inventory.policy(of: GuestIdentity(name: guest, uuid: guest), own: GuestPolicy())),
                journal: try state.open(),
                isDryRun: dryRun)
            return try await home.run(inventory, signals: signals)
        }
        let way = try way(inventory)
        let journal = try state.open()
        if !dryRun {
            signals.forward { Console.note("apus: what an earlier move left is brought to its end first") }
            try await LeftColdMove.takeOver(way.guest, journal)
        }
        let turn = MoveTurn(
            way: way, journal: journal, patience: Patience(limit: wait, since: began),
            isSampled: sample, isDryRun: dryRun,
            request: { policy throws(ApusError) in try move.request(inventory, of: policy) })
        while true {
            let next = try await signals.guarding { () async throws(ApusError) -> MoveTurn.Next in
                try await turn.next(inventory)
            }
            switch next {
            case .alreadyThere(let guest):
                return MoveReporter(common: common).alreadyThere(guest, command: "migrate")
            case .ready(let plan, _) where dryRun:
                PlanReporter(common: common).report(plan, command: "migrate")
                if !common.json { Console.print("Nothing was changed (--dry-run).") }
                return
            case .ready(let plan, let session):
                do throws(ApusError) {
                    let result = try await carryOut(plan, session, turn.journal, began, signals)
                    return MoveReporter(common: common).moved(result)
                } catch {
                    // Another that waited was quicker. It may even have moved this guest, and to where it was to go.
                    guard error.saysSomebodyWasQuicker, turn.patience.left != nil else { throw error }
                }
            }
        }
    }

    /// From where to where, by the words of the command or by a saved plan.
    private func way(_ inventory: Inventory) throws(ApusError) -> MoveWay {
        let saved = try plan.map { path throws(ApusError) in try SavedPlan.read(path) }
        let destination = try inventory.host(named: saved?.destination.name ?? to ?? "")
        let source = try (saved?.source.name ?? move.from).map { name throws(ApusError) in
            try inventory.host(named: name)
        }
        let wanted = saved?.guest.uuid ?? guest ?? ""
        try MoveOptions.refuseSame(source, destination, wanted)
        return MoveWay(guest: wanted, source: source, destination: destination, saved: saved)
    }

    private func carryOut(
        _ plan: MovePlan, _ session: MoveSession, _ journal: Journal, _ began: ContinuousClock.Instant,
        _ signals: SignalWatch
    ) async throws(ApusError) -> MoveResult {
        let line = ProgressLine(guest: plan.guest.name, asJSON: common.json)
        defer { line.clear() }
        return try await MoveExecution(
            plan: plan, session: session, journal: journal, began: began, progress: { line.show($0) },
            abortable: { signals.forward($0) }
        ).run()
    }
}

extension ApusError {
    /// Whether another move was begun between the look at the hosts and the beginning of this one.
    fileprivate var saysSomebodyWasQuicker: Bool { [.slotTaken, .guestBusy].contains(code) }
}
