import ArgumentParser
import FleetModel
import LibvirtFleet

/// `apus set`
struct SetCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Changes how fast, or how smoothly, a guest's move under way is.",
        discussion: """
            Example: apus set web01 --bandwidth 50MiB/s

            Works on every move that libvirt carries out, whoever started it. A guest that is not being moved: \
            exit status 0, nothing changed.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions

    @Argument(help: "The guest: its name or UUID.") var guest: String

    @Option(
        help: ArgumentHelp("At most this much traffic, such as 100MiB/s, or none.", valueName: "rate"),
        transform: Self.bandwidth)
    var bandwidth: MoveLimitChange.Bandwidth?

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

    private static func bandwidth(_ text: String) throws -> MoveLimitChange.Bandwidth {
        text == "none" ? .unlimited : .atMost(try QuantityOption.rate(text))
    }
}

private struct TunedMoveReport: Encodable {
    let guest: String
    let source: String
    /// `nil` is no limit.
    let bandwidthBytesPerSecond: UInt64?
    let previousBandwidthBytesPerSecond: UInt64?
    let downtimeLimitSeconds: Double
    let previousDowntimeLimitSeconds: Double
    let postCopy: Bool

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
