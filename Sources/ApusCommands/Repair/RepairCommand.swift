import ArgumentParser
import FleetModel
import FoundationEssentials
import Journal
import LibvirtFleet
import Migration
import Policy
import Synchronization

/// `apus repair`
struct RepairCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Brings moves that were left half-done to exactly one running guest.",
        discussion: """
            Example: apus repair web01

            For after a crash of apus, of libvirt, of a host or of the network: reads the journal, asks both hosts, \
            finishes the move or takes it back, and says what it saw and did. Safe to run twice and beside a move \
            under way. Where the hosts do not add up to one guest it touches nothing: exit status 3, with what was \
            seen and the commands to choose from.
            """)

    /// They are its own word, but for those of other guests than the one that is named.
    static let mentionsUnfinishedMoves = false

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions

    @Argument(help: "Only this guest: its name or UUID (default: every unfinished move).") var guest: String?

    @Flag(
        help: ArgumentHelp(
            "Keep the copy that runs now although the guest had run on the other host, and do without snapshots and "
                + "devices that cannot be given back (exit status 3 asks for it)."))
    var accept = false

    @Option(
        help: ArgumentHelp(
            "How long a post-copy whose connection broke is mended before it is left to a person (default: as the move "
                + "was told). libvirt may need two minutes to reach a host again that could not be reached.",
            valueName: "time"),
        transform: QuantityOption.duration)
    var recoverFor: Duration?

    @Flag(help: "Say what is unfinished and what both hosts say; change nothing.") var dryRun = false

    func run() async throws {
        let journal = try state.open()
        let all = try journal.unfinished()
        let unfinished = all.filter { left in
            guest == nil || left.move.guest.name == guest || left.move.guest.uuid == guest
        }
        let others = Set(all.map(\.move.id)).subtracting(unfinished.map(\.move.id))
        UnfinishedMoves(directory: state.directory, asJSON: common.json).mention(
            all.filter { others.contains($0.move.id) })
        var reports: [RepairReport] = []
        for left in unfinished {
            reports.append(await report(on: left, journal))
        }
        show(reports)
        let worst = reports.compactMap(\.error).map { ExitStatus($0.code) }.max { $0.severity < $1.severity }
        if let worst { throw worst }
    }

    private func report(on left: Journal.Unfinished, _ journal: Journal) async -> RepairReport {
        var report = RepairReport(left.move)
        let said = Said(quiet: common.json)
        do throws(ApusError) {
            guard !left.move.route.isHome else {
                try await repairHome(left, journal, &report, said)
                report.said = said.all
                return report
            }
            var plan = try Document.decode(
                MovePlan.self, Data(left.move.plan.utf8), path: journal.path, what: "the plan of a move")
            if let cold = plan.cold {
                let repair = ColdRepair(
                    id: left.move.id, plan: plan, cold: cold, owner: Journal.currentProcess(), log: journal)
                let onlyLooks = dryRun || left.isHeld
                report.note(
                    onlyLooks ? await repair.look() : try await repair.run(say: { said.say($0) }),
                    isRepaired: !onlyLooks)
                report.isHeld = left.isHeld
                report.said = said.all
                return report
            }
            if let recoverFor { plan.request.recoverFor = recoverFor }
            let repair = MoveRepair(
                id: left.move.id, plan: plan, owner: Journal.currentProcess(),
                ports: LibvirtMove(repairing: plan), log: journal,
                age: .seconds(max(0, Date().timeIntervalSince1970 - left.move.began)),
                acceptsWhatRuns: accept, say: { said.say($0) })
            if dryRun || left.isHeld {
                let settled = await repair.look()
                report.note(settled, plan)
                report.isHeld = left.isHeld
                return report
            }
            report.note(try await repair.run())
        } catch {
            report.error = error
        }
        report.said = said.all
        return report
    }

    /// A move of disks on one host.
    private func repairHome(
        _ left: Journal.Unfinished, _ journal: Journal, _ report: inout RepairReport, _ said: Said
    ) async throws(ApusError) {
        let plan = try Document.decode(
            HomePlan.self, Data(left.move.plan.utf8), path: journal.path, what: "the plan of a move")
        let repair = HomeRepair(plan)
        if dryRun || left.isHeld {
            report.note(try await repair.guest()?.state, isHeld: left.isHeld)
            return
        }
        let hasMoved = try await repair.run(
            left.move.id, by: Journal.currentProcess(), log: journal, say: { said.say($0) })
        report.note(try await repair.guest()?.state, hasMoved: hasMoved)
    }

    private func show(_ reports: [RepairReport]) {
        if common.json {
            Envelope(
                command: "repair", changed: reports.contains(where: \.isRepaired),
                result: RepairReports(repairs: reports), error: nil
            ).print()
            return
        }
        if reports.isEmpty {
            Console.print(
                guest.map { "No move of \($0) was left unfinished; nothing to do." }
                    ?? "No move was left unfinished; nothing to do.")
        }
        for report in reports {
            if let error = report.error {
                Console.note(Failure.text(error))
            } else {
                Console.print(report.text)
            }
        }
    }
}

/// What a repair says while it works: at once to a person, and collected for JSON.
private final class Said: Sendable {
    private let lines = Mutex<[String]>([])
    private let isQuiet: Bool

    init(quiet: Bool) { isQuiet = quiet }

    var all: [String] { lines.withLock { $0 } }

    func say(_ line: String) {
        lines.withLock { $0.append(line) }
        if !isQuiet { Console.note("apus: \(line)") }
    }
}

extension ExitStatus {
    /// What a run over several guests ends with: the worst of theirs.
    fileprivate var severity: Int {
        switch self {
        case .done: 0
        case .failed, .interrupted, .usage: 1
        case .blocked: 2
        case .needsPerson: 3
        }
    }
}
