/// What the user asked of a move.
package struct MoveRequest: Sendable, Hashable, Codable {
    /// Who talks to the destination's libvirt. Source: libvirt's "Guest migration" page.
    package enum Control: String, Sendable, Hashable, Codable {
        /// The source's libvirt: the move survives this process.
        case peerToPeer = "peer-to-peer"
        /// This process: for hosts that cannot reach each other's libvirt; the move is cancelled when it
        /// dies.
        case direct
    }

    package let control: Control
    /// Whether the source keeps its (then shut-off) definition.
    package let keepDefinition: Bool
    /// `nil` is no limit.
    package let bandwidth: ByteRate?
    /// The longest stop that the switchover may take; `nil` is QEMU's default of 300 ms.
    package let downtimeLimit: Duration?
    /// After this long the move is aborted; `nil` is never.
    package let timeout: Duration?
    /// Whether post-copy may be planned.
    package let allowsPostCopy: Bool
    /// `nil` leaves the choice to the plan.
    package let strategy: MoveStrategy?
    /// Findings that the user lifts by name.
    package let ignored: [IgnoredFinding]
    /// What is done about a guest that writes faster than it can be sent.
    package let convergence: ConvergencePolicy
    /// How long a post-copy whose connection broke is waited for and mended.
    package var recoverFor: Duration
    /// Whether memory and disks are encrypted on their way.
    package let tls: Bool
    package let disks: DiskRequest
    /// Whether devices that the guest's policy lets go leave it for the move.
    package let detachesPassthrough: Bool
    /// Whether a guest that does not run is started when it has arrived.
    package var starts = false
    /// Whether memory and copied disks go through a relay.
    package var relaying = Relaying.auto
    /// Whether a guest that runs is saved for its move, and goes on from there: for one that cannot move live.
    package var isWarm = false
    /// Whether what the source's libvirt and QEMU wrote about a guest that does not run goes along.
    package var takesLogs = false

    package init(
        control: Control = .peerToPeer, keepDefinition: Bool = false, bandwidth: ByteRate? = nil,
        downtimeLimit: Duration? = nil, timeout: Duration? = nil, allowsPostCopy: Bool = true,
        strategy: MoveStrategy? = nil, ignored: [IgnoredFinding] = [],
        convergence: ConvergencePolicy = ConvergencePolicy(), recoverFor: Duration = .seconds(1800),
        tls: Bool = false, disks: DiskRequest = DiskRequest(), detachesPassthrough: Bool = false
    ) {
        self.control = control
        self.keepDefinition = keepDefinition
        self.bandwidth = bandwidth
        self.downtimeLimit = downtimeLimit
        self.timeout = timeout
        self.allowsPostCopy = allowsPostCopy
        self.strategy = strategy
        self.ignored = ignored
        self.convergence = convergence
        self.recoverFor = recoverFor
        self.tls = tls
        self.disks = disks
        self.detachesPassthrough = detachesPassthrough
    }
}

/// A finding that the user lifts: `CODE`, or `CODE=SUBJECT` for one disk or device alone.
package struct IgnoredFinding: Sendable, Hashable, Codable {
    package let code: Finding.Code
    package let subject: String?

    package init(code: Finding.Code, subject: String? = nil) {
        self.code = code
        self.subject = subject
    }

    package func covers(_ finding: Finding) -> Bool {
        finding.code == code && (subject == nil || subject == finding.subject)
    }
}
