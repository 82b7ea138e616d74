import ArgumentParser
import FleetModel
import LibvirtFleet
import Policy

/// `apus check`
struct CheckCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Says everything that would stop or hurt a move, and forecasts it; moves nothing.",
        discussion: """
            Example: apus check web01 --to beta

            Without --to every host of the inventory is checked, and those that can take the guest are ranked. \
            Probe files that prove shared storage are removed again. Exit status 2 when something blocks.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions
    @OptionGroup var move: MoveOptions

    @Argument(help: "The guest: its name or UUID (with --from, libvirt's id too).") var guest: String?

    @Option(
        help: ArgumentHelp(
            "Where it would go: a host of the inventory, or a libvirt URI (default: every host).",
            valueName: "host"))
    var to: String?

    @Flag(help: "Leave the sample of the guest's writes out: about a second instead of several.")
    var quick = false

    @Option(help: ArgumentHelp("Judge facts that were saved before, without any host.", valueName: "file"))
    var facts: String?

    @Option(
        help: ArgumentHelp(
            "Write all that was read to a file, for --facts or a bug report (needs --to).", valueName: "file")
    )
    var saveFacts: String?

    func validate() throws {
        if facts != nil {
            guard guest == nil, to == nil, saveFacts == nil, move.from == nil else {
                throw ValidationError(
                    "--facts holds guest and hosts already: leave GUEST, --to, --from and --save-facts out.")
            }
        } else if guest == nil {
            throw ValidationError("Name a guest, or saved facts with --facts FILE.")
        }
        if saveFacts != nil, to == nil { throw ValidationError("--save-facts needs --to HOST.") }
    }

    func run() async throws {
        if let facts {
            let saved = try Document.read(MoveFacts.self, from: facts, what: "saved facts")
            guard saved.schema == MoveFacts.currentSchema else {
                throw Document.invalid(
                    facts, "saved facts",
                    "they have form \(saved.schema), this version reads \(MoveFacts.currentSchema)")
            }
            let request = try move.request(Inventory(hosts: []), of: GuestPolicy())
            try report(Verdict(facts: saved, findings: Preflight.findings(for: saved, request: request)))
            return
        }
        let signals = SignalWatch()
        let inventory = try common.readInventory()
        let journal = try state.open()
        let inquiry: @Sendable (GuestIdentity, GuestPolicy) throws(ApusError) -> Inquiry = {
            (guest, policy) throws(ApusError) in
            let policy = inventory.policy(of: guest, own: policy)
            return Inquiry(
                journal: journal, request: try move.request(inventory, of: policy), policy: policy,
                inventory: inventory)
        }
        let source = try move.from.map { try inventory.host(named: $0) }
        guard let to else {
            let search = DestinationSearch(inquiry: inquiry, quick: quick)
            let ranking = try await signals.guarding { () async throws(ApusError) in
                try await search.ranking(of: guest ?? "", from: source, in: inventory)
            }
            RankingReporter(common: common).report(ranking)
            if !ranking.candidates.contains(where: \.isPossible) { throw ExitStatus.blocked }
            return
        }
        let destination = try inventory.host(named: to)
        try MoveOptions.refuseSame(source, destination, guest ?? "")
        let verdict = try await signals.guarding { () async throws(ApusError) in
            try await check(guest ?? "", source, destination, inventory, inquiry)
        }
        guard let verdict else { return }
        try report(verdict)
    }

    private func check(
        _ guest: String, _ source: Host?, _ destination: Host, _ inventory: Inventory,
        _ inquiry: (GuestIdentity, GuestPolicy) throws(ApusError) -> Inquiry
    ) async throws(ApusError) -> Verdict? {
        switch try await MoveSession.open(guest: guest, from: source, to: destination, inventory: inventory) {
        case .alreadyThere(let guest):
            MoveReporter(common: common).alreadyThere(guest, command: "check")
            return nil
        case .ready(let session):
            let inquiry = try inquiry(session.guest.identity, await session.policy())
            let measuring: Inquiry.Measuring = quick ? .link : .all
            let facts = try await inquiry.facts(of: session, measuring)
            if let saveFacts { try Document.write(facts, to: saveFacts, what: "the facts") }
            var verdict = try await inquiry.verdict(facts, session, measuring)
            verdict.findings += Planner.convergence(verdict.facts, verdict.forecast)
            return verdict
        }
    }

    private func report(_ verdict: Verdict) throws {
        CheckReporter(common: common).report(verdict)
        if verdict.isBlocked { throw ExitStatus.blocked }
    }
}

/// What a check of one destination came to.
struct Verdict: Sendable {
    let facts: MoveFacts
    var findings: [Finding]
    var forecast: Forecast?
    /// What could not be measured for the forecast.
    var notes: [String] = []

    var isBlocked: Bool { findings.contains(where: \.blocks) }
}
