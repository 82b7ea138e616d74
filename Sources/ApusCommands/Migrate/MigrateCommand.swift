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
            "Moves a running or paused guest live to another host, and asks both hosts that it arrived.",
        discussion: """
            Example: apus migrate web01 --to beta --downtime 100ms --timeout 5m

            Without --to, --disk moves disks of the guest to other places on its own host: \
            apus migrate web01 --disk vda=pool:fast

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
                request: try move.request(inventory, guest: guest), journal: try state.open(),
                isDryRun: dryRun)
            return try await home.run(inventory, signals: signals)
        }
        let saved = try plan.map { path throws(ApusError) in try SavedPlan.read(path) }
        let destination =
            try saved.map { try inventory.host(named: $0.destination.name) }
            ?? inventory.host(named: to ?? "")
        let source =
            try saved.map { try inventory.host(named: $0.source.name) }
            ?? move.from.map { try inventory.host(named: $0) }
        let wanted = saved?.guest.uuid ?? guest ?? ""
        try MoveOptions.refuseSame(source, destination, wanted)
        let journal = try state.open()
        if let wait {
            try await signals.guarding { () async throws(ApusError) in
                try await journal.waitUntilFree(guest: wanted, limit: wait)
            }
        }
        let ready = try await signals.guarding { () async throws(ApusError) -> (MovePlan, MoveSession)? in
            switch try await MoveSession.open(
                guest: wanted, from: source, to: destination, inventory: inventory)
            {
            case .alreadyThere(let guest):
                MoveReporter(common: common).alreadyThere(guest, command: "migrate")
                return nil
            case .ready(let session):
                let name = session.guest.identity.name
                if !dryRun {
                    // Its holder knows more of it than the hosts do.
                    try await journal.waitUntilFree(
                        guest: session.guest.identity.uuid, limit: timeToWait(since: began) ?? .zero)
                }
                let request = if let saved { saved.request } else { try move.request(inventory, guest: name) }
                let inquiry = Inquiry(journal: journal, request: request)
                let here = try inventory.host(named: session.guest.host)
                while true {
                    if let left = timeToWait(since: began) {
                        try await journal.waitForRoom(from: here, to: destination, limit: left)
                    }
                    do throws(ApusError) {
                        guard let saved else {
                            return (try await inquiry.plan(session, sample ? .all : .nothing), session)
                        }
                        let facts = try await inquiry.facts(of: session)
                        return (try saved.renewed(on: facts, findings: inquiry.findings(facts)), session)
                    } catch {
                        // Somebody was quicker, or a move that is not in the journal has the place: it is looked at anew.
                        guard error.isForLackOfRoom, timeToWait(since: began) != nil, !Task.isCancelled else {
                            throw error
                        }
                        try? await Task.sleep(for: .milliseconds(500))
                    }
                }
            }
        }
        guard let (plan, session) = ready else { return }
        if dryRun {
            PlanReporter(common: common).report(plan, command: "migrate")
            if !common.json { Console.print("Nothing was changed (--dry-run).") }
            return
        }
        let line = ProgressLine(guest: plan.guest.name, asJSON: common.json)
        defer { line.clear() }
        while true {
            let migration = LiveMigration(
                plan: plan, record: MoveRecord(beginning: plan), owner: Journal.currentProcess(),
                ports: session.ports(for: plan), log: journal, began: began, progress: { line.show($0) })
            signals.forward { migration.requestAbort(.signal) }
            do throws(ApusError) {
                let result = try await migration.run()
                line.clear()
                return MoveReporter(common: common).moved(result)
            } catch {
                // Another that waited was quicker.
                guard error.code == .slotTaken, let left = timeToWait(since: began) else { throw error }
                try await signals.guarding { () async throws(ApusError) in
                    try await journal.waitForRoom(from: plan.source, to: plan.destination, limit: left)
                }
            }
        }
    }

    /// What is left of `--wait`.
    private func timeToWait(since began: ContinuousClock.Instant) -> Duration? {
        wait.map { $0 - began.duration(to: .now) }.flatMap { $0 > .zero ? $0 : nil }
    }
}

extension ApusError {
    /// Whether nothing is in the way but that a host takes part in as many moves as it may.
    fileprivate var isForLackOfRoom: Bool {
        let blockers = findings.filter(\.blocks)
        return !blockers.isEmpty
            && blockers.allSatisfy { [.incomingLimit, .outgoingLimit].contains($0.code) }
    }
}
