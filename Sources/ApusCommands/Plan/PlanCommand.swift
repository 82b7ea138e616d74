import ArgumentParser
import FleetModel
import LibvirtFleet
import Policy

/// `apus plan`
struct PlanCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Shows how a move would be done, why, and what it would cost; moves nothing.",
        discussion: """
            Example: apus plan web01 --to beta --json > p.json && apus migrate --plan p.json

            The saved plan is run exactly, and refused when the facts it rests on have changed.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions
    @OptionGroup var move: MoveOptions

    @Argument(help: "The guest: its name or UUID (with --from, libvirt's id too).") var guest: String

    @Option(
        help: ArgumentHelp("Where it goes: a host of the inventory, or a libvirt URI.", valueName: "host"))
    var to: String

    @Flag(help: "Leave the sample of the guest's writes out: about a second instead of several.")
    var quick = false

    func run() async throws {
        let signals = SignalWatch()
        let inventory = try common.readInventory()
        let destination = try inventory.host(named: to)
        let source = try move.from.map { try inventory.host(named: $0) }
        try MoveOptions.refuseSame(source, destination, guest)
        let journal = try state.open()
        let plan = try await signals.guarding { () async throws(ApusError) -> MovePlan? in
            switch try await MoveSession.open(
                guest: guest, from: source, to: destination, inventory: inventory)
            {
            case .alreadyThere(let guest):
                MoveReporter(common: common).alreadyThere(guest, command: "plan")
                return nil
            case .ready(let session):
                let policy = inventory.policy(
                    of: session.guest.identity, own: try await session.policy())
                let inquiry = Inquiry(
                    journal: journal, request: try move.request(inventory, of: policy), policy: policy,
                    inventory: inventory)
                return try await inquiry.plan(session, quick ? .link : .all)
            }
        }
        guard let plan else { return }
        PlanReporter(common: common).report(plan, command: "plan")
    }
}

/// Shows a plan, to a person or in JSON.
struct PlanReporter {
    let common: CommonOptions

    func report(_ plan: MovePlan, command: String) {
        if common.json {
            Envelope(command: command, changed: false, result: PlanReport(plan), error: nil).print()
        } else {
            Console.print(text(plan))
        }
    }

    private func text(_ plan: MovePlan) -> String {
        var lines = ["\(plan.guest) would move from \(plan.source.name) to \(plan.destination.name):"]
        lines += plan.steps.enumerated().map { "  \($0.offset + 1). \($0.element)" }
        lines.append("Because:")
        lines += plan.choices.map { "  \($0.subject): \($0.choice) (\($0.reason))" }
        if !plan.rejected.isEmpty { lines.append("Not chosen:") }
        lines += plan.rejected.map { "  \($0.strategy.rawValue): \($0.reason)" }
        let strategy = plan.method.strategy
        if let forecast = plan.forecast, let text = ForecastText(forecast, strategy: strategy) {
            lines.append("Forecast, \(strategy.rawValue):")
            lines += text.lines().map { "  \($0)" }
        }
        if !plan.findings.isEmpty { lines.append(GroupedFindings(plan.findings).text()) }
        return lines.joined(separator: "\n")
    }
}

/// What a move would do, in JSON; `plan` is the document that `apus migrate --plan` runs.
struct PlanReport: Encodable {
    let guest: String
    let source: String
    let destination: String
    let strategy: String
    let steps: [String]
    let choices: [MovePlan.Choice]
    let rejected: [MovePlan.RejectedStrategy]
    let findings: [FindingReport]
    let forecast: ForecastReport?
    let plan: MovePlan

    init(_ plan: MovePlan) {
        guest = plan.guest.name
        source = plan.source.name
        destination = plan.destination.name
        strategy = plan.strategyName
        steps = plan.steps
        choices = plan.choices
        rejected = plan.rejected
        findings = plan.findings.map(FindingReport.init)
        forecast = plan.forecast.map(ForecastReport.init)
        self.plan = plan
    }
}

/// A plan as `apus plan --json` wrote it, envelope and all.
struct SavedPlan: Decodable {
    private struct Outer: Decodable {
        struct Inner: Decodable { let plan: MovePlan? }
        struct Refusal: Decodable { let code: String }
        let schema: Int
        let command: String
        let result: Inner?
        let error: Refusal?
    }

    let plan: MovePlan

    init(from decoder: any Decoder) throws {
        let outer = try Outer(from: decoder)
        guard let plan = outer.result?.plan else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: outer.error.map {
                        "it holds no plan: apus plan was refused one (\($0.code))"
                    } ?? "it holds no plan"))
        }
        self.plan = plan
    }

    /// - Throws: `ApusError` with `document-invalid`.
    static func read(_ path: String) throws(ApusError) -> MovePlan {
        let plan = try Document.read(SavedPlan.self, from: path, what: "a plan").plan
        guard plan.schema == MovePlan.currentSchema else {
            throw Document.invalid(
                path, "a plan",
                "it has form \(plan.schema), this version runs \(MovePlan.currentSchema)")
        }
        return plan
    }
}
