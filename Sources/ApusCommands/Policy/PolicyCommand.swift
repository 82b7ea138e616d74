import ArgumentParser
import FleetModel
import LibvirtFleet

/// `apus policy`
struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Shows and sets what a guest's owner wants of its moves, kept in the guest's own metadata.",
        discussion: """
            Example: apus policy set db01 --priority 50 --anti-affinity db --window 'daily 22:00-06:00'

            It goes where the guest goes. What it leaves open is as the inventory says for the guest, its groups and all \
            guests.
            """,
        subcommands: [PolicyShowCommand.self, PolicySetCommand.self, PolicyUnsetCommand.self])
}

/// `apus policy show`
struct PolicyShowCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows a guest's policy, and what holds with the inventory's.",
        discussion: "Example: apus policy show db01")

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions

    @Argument(help: "The guest: its name or UUID.") var guest: String

    func run() async throws {
        let inventory = try common.readInventory()
        let reading = try await PolicyEditor(hosts: inventory.hosts).read(guest)
        let effective = inventory.policy(of: reading.guest.identity, own: reading.policy)
        let mistakes = inventory.mistakes(in: effective)
        if common.json {
            Envelope(
                command: "policy", changed: false,
                result: PolicyReport(reading.guest, reading.policy, effective, mistakes), error: nil
            ).print()
        } else {
            Console.print(PolicyTable(own: reading.policy, effective: effective).text)
            for mistake in mistakes { Console.note("apus: \(reading.guest.identity): \(mistake)") }
        }
    }
}

/// `apus policy set`
struct PolicySetCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Sets parts of a guest's policy; what is not named stays as it is.",
        discussion: """
            Example: apus policy set db01 --priority 50 --window 'mon-fri 22:00-06:00' --window 'sat,sun 00:00-24:00'

            An option with several values replaces all that were there. For a running guest both what runs and its \
            definition are changed; nothing restarts.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions

    @Argument(help: "The guest: its name or UUID.") var guest: String

    @Option(help: ArgumentHelp("Its convergence limits: a profile.", valueName: "name")) var profile: String?
    @Option(help: ArgumentHelp("The longest stop at switchover, such as 100ms.", valueName: "time"))
    var downtime: String?
    @Option(
        help: ArgumentHelp(
            "Higher ones leave a host first and are placed first: -1000 to 1000.", valueName: "number"))
    var priority: String?
    @Option(help: ArgumentHelp("yes: it stays where it is.", valueName: "yes|no")) var neverMove: String?
    @Option(help: ArgumentHelp("The only hosts that may have it.", valueName: "host")) var allow: [String] =
        []
    @Option(
        help: ArgumentHelp("Hosts that it is better off on, the best first.", valueName: "host"))
    var prefer: [String] = []
    @Option(help: ArgumentHelp("Groups whose guests stay on one host.", valueName: "group"))
    var affinity: [String] = []
    @Option(help: ArgumentHelp("Groups of which no two guests share a host.", valueName: "group"))
    var antiAffinity: [String] = []
    @Option(help: ArgumentHelp("When it may move: \(MoveWindow.expected).", valueName: "hours"))
    var window: [String] = []

    @Flag(help: "Take nothing over from what is there, not even if it cannot be read.") var anew = false
    @Flag(help: "Say what would be changed; change nothing.") var dryRun = false

    private var given: [(key: GuestPolicy.Key, values: [String])] {
        GuestPolicy.Key.allCases.map { key in
            let values: [String] =
                switch key {
                case .profile: [profile].compactMap(\.self)
                case .downtime: [downtime].compactMap(\.self)
                case .priority: [priority].compactMap(\.self)
                case .neverMove: [neverMove].compactMap(\.self)
                case .allow: allow
                case .prefer: prefer
                case .affinity: affinity
                case .antiAffinity: antiAffinity
                case .window: window
                }
            return (key, values)
        }
        .filter { !$0.values.isEmpty }
    }

    func validate() throws {
        guard !given.isEmpty else {
            throw ValidationError(
                "Say what to set: "
                    + GuestPolicy.Key.allCases.map { "--\($0.rawValue)" }.joined(separator: ", ") + ".")
        }
        var policy = GuestPolicy()
        do throws(GuestPolicy.Mistake) { try apply(to: &policy) } catch {
            throw ValidationError("--\(error.text).")
        }
    }

    private func apply(to policy: inout GuestPolicy) throws(GuestPolicy.Mistake) {
        for (key, values) in given { try policy.set(key, to: values) }
    }

    func run() async throws {
        let inventory = try common.readInventory()
        var wanted = GuestPolicy()
        try? apply(to: &wanted)
        if let mistake = inventory.mistakes(in: wanted).first {
            throw ApusError(
                .usage, "set the policy of \(guest)", mistake,
                hint: "Hosts and profiles are those of the inventory: apus hosts lists them.")
        }
        let change = try await PolicyEditor(hosts: inventory.hosts).change(
            guest, dryRun: dryRun, startsAnew: anew
        ) { policy throws(ApusError) in
            // It was validated: a mistake would have ended the command before.
            try? apply(to: &policy)
        }
        PolicyChangeReporter(common: common, dryRun: dryRun).report(change)
    }
}

/// `apus policy unset`
struct PolicyUnsetCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "unset", abstract: "Takes parts of a guest's policy away, or all of it.",
        discussion: "Example: apus policy unset db01 window priority")

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions

    @Argument(help: "The guest: its name or UUID.") var guest: String
    @Argument(
        help: ArgumentHelp(
            "What to leave open: \(GuestPolicy.Key.allCases.map(\.rawValue).joined(separator: ", ")); all of it where "
                + "nothing is named.", valueName: "part"))
    var part: [String] = []

    @Flag(help: "Say what would be changed; change nothing.") var dryRun = false

    func validate() throws {
        let known = GuestPolicy.Key.allCases.map(\.rawValue)
        for word in part where GuestPolicy.Key(rawValue: word) == nil {
            throw ValidationError(
                "A policy has no part '\(word)'. "
                    + (Spelling.suggestion(for: word, in: known)
                        ?? "There are \(known.joined(separator: ", "))."))
        }
    }

    func run() async throws {
        let inventory = try common.readInventory()
        let keys = part.compactMap(GuestPolicy.Key.init(rawValue:))
        let change = try await PolicyEditor(hosts: inventory.hosts).change(
            guest, dryRun: dryRun, startsAnew: keys.isEmpty
        ) { policy throws(ApusError) in
            for key in keys { try? policy.set(key, to: []) }
        }
        PolicyChangeReporter(common: common, dryRun: dryRun).report(change)
    }
}
