import ArgumentParser
import FleetModel
import FoundationEssentials
import Journal
import LibvirtFleet

/// `apus set`
struct SetCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Changes how fast, or how smoothly, a guest's move under way is.",
        discussion: """
            Example: apus set web01 --bandwidth 50MiB/s

            Works on every move that libvirt carries out, whoever started it, and on cold moves of this controller. A guest \
            that is not being moved: exit status 0, nothing changed.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions

    @Argument(help: "The guest: its name or UUID.") var guest: String

    @Option(
        help: ArgumentHelp("At most this much traffic, such as 100MiB/s, or none.", valueName: "rate"),
        transform: Self.bandwidth)
    var bandwidth: BandwidthLimit?

    @Option(
        help: ArgumentHelp("The longest stop at switchover, such as 100ms.", valueName: "time"),
        transform: QuantityOption.duration)
    var downtime: Duration?

    @Flag(help: "Say what would be changed; change nothing.") var dryRun = false

    func validate() throws {
        if bandwidth == nil, downtime == nil {
            throw ValidationError("Say what to change: --bandwidth RATE, --downtime TIME, or both.")
        }
    }

    func run() async throws {
        let hosts = try common.readInventory().hosts
        if let cold = try coldMove(), try set(cold) { return }
        let change = MoveLimitChange(bandwidth: bandwidth, downtime: downtime)
        let tuned = try await MoveTuner(hosts: hosts).change(change, of: guest, dryRun: dryRun)
        if common.json {
            Envelope(
                command: "set", changed: tuned?.hasChanged == true && !dryRun,
                result: tuned.map(TunedMoveReport.init), error: nil
            ).print()
        } else {
            Console.print(tuned.map(text) ?? "\(guest) is not being moved; nothing to do.")
        }
    }

    private struct ColdMoveUnderWay {
        let journal: Journal
        let move: MoveRecord
        let plan: MovePlan
    }

    /// A cold move of the guest by another process of this controller: libvirt knows nothing of it.
    private func coldMove() throws(ApusError) -> ColdMoveUnderWay? {
        // Moves that libvirt carries out need no journal.
        guard let journal = try? Journal.openReadOnly(directory: state.directory) else { return nil }
        for left in try journal.unfinished() where left.isHeld && left.move.isUnfinished {
            guard left.move.guest.name == guest || left.move.guest.uuid == guest,
                let plan = try? Document.decode(
                    MovePlan.self, Data(left.move.plan.utf8), path: journal.path, what: "the plan of a move"),
                plan.cold != nil
            else { continue }
            return ColdMoveUnderWay(journal: journal, move: left.move, plan: plan)
        }
        return nil
    }

    /// Says in the journal what the process that sends is to be held to: it looks there every five seconds.
    ///
    /// - Returns: `false` where the move has ended meanwhile.
    private func set(_ cold: ColdMoveUnderWay) throws(ApusError) -> Bool {
        let guest = cold.move.guest
        guard let bandwidth, downtime == nil else {
            throw ApusError(
                .usage, "set the downtime of \(guest)", "\(guest) does not run while it moves",
                hint: "Set its --bandwidth.")
        }
        let wanted = try cold.journal.wantedLimit(of: cold.move.id)
        let before = if let wanted { wanted.rate } else { cold.plan.request.bandwidth }
        let hasChanged = before != bandwidth.rate
        if hasChanged, !dryRun {
            guard try state.open().want(bandwidth, of: cold.move.id) else { return false }
        }
        if common.json {
            Envelope(
                command: "set", changed: hasChanged && !dryRun,
                result: TunedMoveReport(cold.move, before, bandwidth.rate), error: nil
            ).print()
        } else {
            let move = "The move of \(guest) away from \(cold.move.source)"
            Console.print(
                hasChanged
                    ? "\(move)\(dryRun ? " would be changed (--dry-run)" : " is changed within five seconds"): bandwidth "
                        + "\(Self.text(before)) → \(Self.text(bandwidth.rate))."
                    : "\(move) is held to that already; nothing to do.")
        }
        return true
    }

    private func text(_ tuned: TunedMove) -> String {
        var changes: [String] = []
        if tuned.after.bandwidth != tuned.before.bandwidth {
            changes.append(
                "bandwidth \(Self.text(tuned.before.bandwidth)) → \(Self.text(tuned.after.bandwidth))")
        }
        if tuned.after.downtime != tuned.before.downtime {
            changes.append("downtime \(tuned.before.downtime.text) → \(tuned.after.downtime.text)")
        }
        let move = "The move of \(tuned.guest.identity) away from \(tuned.guest.host)"
        let done =
            changes.isEmpty
            ? "\(move) is held to that already; nothing to do."
            : "\(move)\(dryRun ? " would be changed (--dry-run)" : " was changed"): "
                + changes.joined(separator: ", ") + "."
        guard tuned.isPostCopy, downtime != nil else { return done }
        return done + " It has switched over already: there is no stop left to be limited."
    }

    private static func text(_ rate: ByteRate?) -> String { rate.map { "\($0)" } ?? "without limit" }

    private static func bandwidth(_ text: String) throws -> BandwidthLimit {
        text == "none" ? .unlimited : .atMost(try QuantityOption.rate(text))
    }
}

private struct TunedMoveReport: Encodable {
    let guest: String
    let source: String
    /// `nil` is no limit.
    let bandwidthBytesPerSecond: UInt64?
    let previousBandwidthBytesPerSecond: UInt64?
    /// `nil` for a guest that does not run.
    let downtimeLimitSeconds: Double?
    let previousDowntimeLimitSeconds: Double?
    let postCopy: Bool

    init(_ move: MoveRecord, _ before: ByteRate?, _ after: ByteRate?) {
        guest = move.guest.name
        source = move.source
        bandwidthBytesPerSecond = after?.bytesPerSecond
        previousBandwidthBytesPerSecond = before?.bytesPerSecond
        (downtimeLimitSeconds, previousDowntimeLimitSeconds, postCopy) = (nil, nil, false)
    }

    init(_ tuned: TunedMove) {
        guest = tuned.guest.identity.name
        source = tuned.guest.host
        bandwidthBytesPerSecond = tuned.after.bandwidth?.bytesPerSecond
        previousBandwidthBytesPerSecond = tuned.before.bandwidth?.bytesPerSecond
        downtimeLimitSeconds = tuned.after.downtime.seconds
        previousDowntimeLimitSeconds = tuned.before.downtime.seconds
        postCopy = tuned.isPostCopy
    }
}
