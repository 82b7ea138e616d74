import ArgumentParser
import FleetModel
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

            A guest that already is on the destination: exit status 0, nothing changed. Ctrl-C aborts the move \
            and waits until the guest runs on its source; after the switchover it finishes the move instead.
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "The guest: its name or UUID (with --from, libvirt's id too).") var guest: String

    @Option(
        help: ArgumentHelp("Where it goes: a host of the inventory, or a libvirt URI.", valueName: "host"))
    var to: String

    @Option(
        help: ArgumentHelp(
            "Where it is now; found by itself when only one host has the guest.", valueName: "host"))
    var from: String?

    @Option(
        help: ArgumentHelp(
            "At most this much traffic, such as 100MiB/s (default: no limit).", valueName: "rate"),
        transform: QuantityOption.rate)
    var bandwidth: ByteRate?

    @Option(
        help: ArgumentHelp(
            "The longest stop at switchover, such as 100ms (default: 300ms).", valueName: "time"),
        transform: QuantityOption.duration)
    var downtime: Duration?

    @Option(
        help: ArgumentHelp(
            "Abort when it is not done after this long, such as 5m (default: never).", valueName: "time"),
        transform: QuantityOption.duration)
    var timeout: Duration?

    @Flag(
        help: "Drive the move from here, for hosts that cannot reach each other's libvirt. It ends with apus."
    )
    var direct = false

    @Flag(help: "Keep the definition on the source (shut off); by default it goes along.")
    var keepDefinition = false

    @Flag(help: "Check and show the plan; change nothing.")
    var dryRun = false

    func run() async throws {
        let began = ContinuousClock.now
        let signals = SignalWatch()
        let inventory = try common.readInventory()
        let destination = try inventory.host(named: to)
        let source = try from.map { try inventory.host(named: $0) }
        if let source, source == destination || source.uri == destination.uri {
            throw ApusError(
                .sameHost, "move \(guest)",
                "--from \(source.name) and --to \(destination.name) are the same host",
                hint: "Name another host with --to; apus hosts lists them.")
        }
        switch try await MoveSession.open(guest: guest, from: source, to: destination, inventory: inventory) {
        case .alreadyThere(let guest):
            MoveReporter(common: common).alreadyThere(guest)
        case .ready(let session):
            let facts = try await session.facts()
            let findings = Preflight.findings(for: facts, request: request)
            let plan = try MovePlan(facts: facts, request: request, findings: findings)
            if dryRun {
                MoveReporter(common: common).planned(plan)
            } else {
                let result = try await move(plan, session, began, signals)
                MoveReporter(common: common).moved(result)
            }
        }
    }

    private var request: MoveRequest {
        MoveRequest(
            control: direct ? .direct : .peerToPeer, keepDefinition: keepDefinition, bandwidth: bandwidth,
            downtimeLimit: downtime, timeout: timeout)
    }

    private func move(
        _ plan: MovePlan, _ session: MoveSession, _ began: ContinuousClock.Instant, _ signals: SignalWatch
    ) async throws(ApusError) -> MoveResult {
        let line = ProgressLine(guest: plan.guest.name, asJSON: common.json)
        let migration = LiveMigration(
            plan: plan, ports: session.ports(for: plan), began: began, progress: { line.show($0) })
        let watch = Task {
            for await _ in signals.received { await migration.requestAbort(.signal) }
        }
        signals.handOver()
        defer {
            watch.cancel()
            line.clear()
        }
        return try await migration.run()
    }
}
