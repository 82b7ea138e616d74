import ArgumentParser
import FleetModel

/// How a move is to be: what check, plan and migrate have in common.
struct MoveOptions: ParsableArguments {
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

    @Flag(name: .customLong("no-postcopy"), help: "Never plan post-copy.")
    var noPostCopy = false

    @Option(
        help: ArgumentHelp(
            "Do it this way (pre-copy, multifd, auto-converge, xbzrle, post-copy-fallback, post-copy, "
                + "stop-and-copy) instead of choosing.",
            valueName: "name"),
        transform: Self.strategy)
    var strategy: MoveStrategy?

    @Option(
        help: ArgumentHelp(
            "Lift one blocker by its code, or for one disk or device: disk-not-proven=vda. Repeatable.",
            valueName: "code"),
        transform: Self.ignored)
    var ignore: [IgnoredFinding] = []

    @OptionGroup(title: "When a guest writes faster than it can be sent") var convergence: ConvergenceOptions

    @OptionGroup(title: "Disks that are not shared") var disks: DiskOptions

    @Flag(
        help:
            "Take devices out for the move that its policy lets go, and plug in what the destination has for them."
    )
    var detachPassthrough = false

    @Flag(
        help:
            "Encrypt memory and disks on their way, with the certificates of both hosts' qemu.conf (docs/tls.md)."
    )
    var tls = false

    @Option(
        help: ArgumentHelp(
            "Send memory and copied disks through a pair of apus processes that compress them (auto, always, never; "
                + "default: auto, where it is quicker).", valueName: "when"),
        transform: Self.relaying)
    var relay: Relaying?

    @Flag(help: "Start a guest that is shut off when it has arrived.")
    var start = false

    @Flag(
        help: ArgumentHelp(
            "Save a running guest, send it with its memory and let it go on: for one that cannot move live. It stands "
                + "still meanwhile."))
    var warm = false

    @Flag(help: "Take along what libvirt and QEMU wrote about a guest that is shut off.")
    var withLogs = false

    func validate() throws {
        if tls, relay == .always {
            throw ValidationError(
                "--tls with --relay always: what is encrypted does not compress; over ssh the relay is the encryption."
            )
        }
    }

    /// What was asked of the move of a guest; of what was not, what its policy says.
    ///
    /// - Throws: `ApusError` with `usage` for a profile that nobody knows.
    func request(_ inventory: Inventory, of guest: GuestPolicy) throws(ApusError) -> MoveRequest {
        var request = MoveRequest(
            control: direct ? .direct : .peerToPeer, keepDefinition: keepDefinition, bandwidth: bandwidth,
            downtimeLimit: downtime ?? guest.downtime, timeout: timeout, allowsPostCopy: !noPostCopy,
            strategy: strategy,
            ignored: ignore, convergence: try convergence.policy(inventory, of: guest),
            recoverFor: convergence.recoverFor ?? .seconds(1800), tls: tls, disks: disks.request,
            detachesPassthrough: detachPassthrough)
        request.starts = start
        request.takesLogs = withLogs
        request.isWarm = warm
        request.relaying = relay ?? .auto
        return request
    }

    /// Whether any of these was given: a plan that was made before already holds them all.
    var isEmpty: Bool {
        from == nil && convergence.profile == nil
            && (try? request(Inventory(hosts: []), of: GuestPolicy())) == MoveRequest()
    }

    /// Whether nothing was asked that only a move to another host can do.
    var isAboutDisksAlone: Bool {
        convergence.profile == nil
            && (try? request(Inventory(hosts: []), of: GuestPolicy()))
                == MoveRequest(
                    bandwidth: bandwidth, timeout: timeout, ignored: ignore, disks: disks.request)
    }

    /// - Throws: `ApusError` with `same-host`.
    static func refuseSame(_ source: Host?, _ destination: Host, _ guest: String) throws(ApusError) {
        guard let source, source == destination || source.uri == destination.uri else { return }
        throw ApusError(
            .sameHost, "move \(guest)",
            "--from \(source.name) and --to \(destination.name) are the same host",
            hint: "Name another host with --to; apus hosts lists them.")
    }

    private static func strategy(_ text: String) throws -> MoveStrategy {
        if let strategy = MoveStrategy(rawValue: text) { return strategy }
        let known = MoveStrategy.allCases.map(\.rawValue)
        throw ValidationError(
            "There is no strategy '\(text)'. "
                + (Spelling.suggestion(for: text, in: known) ?? "There are \(known.joined(separator: ", ")).")
        )
    }

    private static func relaying(_ text: String) throws -> Relaying {
        if let relaying = Relaying(rawValue: text) { return relaying }
        throw ValidationError(
            "There is no '\(text)' for --relay; there are \(Relaying.allCases.map(\.rawValue).joined(separator: ", "))."
        )
    }

    private static func ignored(_ text: String) throws -> IgnoredFinding {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        let name = parts.first ?? ""
        guard let code = Finding.Code(rawValue: name) else {
            let nearest = Spelling.suggestion(for: name, in: Finding.Code.allCases.map(\.rawValue))
            throw ValidationError("There is no finding '\(name)'. \(nearest ?? "docs/codes.md lists them.")")
        }
        guard code.canBeIgnored else {
            throw ValidationError("'\(name)' can never be ignored: a guest or its disks would be at risk.")
        }
        return IgnoredFinding(code: code, subject: parts.count > 1 ? parts[1] : nil)
    }
}
