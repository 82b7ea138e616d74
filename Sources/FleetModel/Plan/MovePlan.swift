/// What a move will do, decided before it begins: written by `apus plan --json`, run by `apus migrate --plan`.
package struct MovePlan: Sendable, Hashable, Codable {
    /// The form of the document; another number is refused.
    package static let currentSchema = 1

    package let schema: Int
    package let guest: GuestIdentity
    package let source: Host
    package let destination: Host
    package var request: MoveRequest
    /// The guest stands still now and is to stand still on the destination.
    package let wasPaused: Bool
    /// Whether the guest has a definition that goes along.
    package let isPersistent: Bool
    /// Whether the destination had a definition of the guest before.
    package let wasDefinedThere: Bool
    package let method: TransferMethod
    /// Tells libvirt not to refuse storage that it does not know as shared, because it was proven to be.
    package let vouchesForStorage: Bool
    /// What the guest takes up on the destination.
    package let memory: ByteCount
    /// Every disk that is not empty.
    package let disks: [DiskPlan]
    /// In their order.
    package let preparations: [Preparation]
    package let conclusions: [Conclusion]
    /// What was chosen, and why; a line each.
    package let choices: [Choice]
    /// The strategies that were not chosen, and why.
    package let rejected: [RejectedStrategy]
    package let findings: [Finding]
    package let sourceQEMU: SoftwareVersion
    package let destinationQEMU: SoftwareVersion
    /// What the plan rests on: it is refused when this has changed.
    package let basis: PlanBasis
    /// Made before the move, and compared with it afterwards; `nil` when too little is known.
    package let forecast: Forecast?
    /// `nil` where it is not known what the destination has free.
    package var room: Room?
    /// What QEMU's connections go through; `nil` is straight from host to host.
    package var relay: RelayPlan?
    /// What goes along with a guest that does not run; `nil` is a live move.
    package var cold: ColdPlan?

    /// What the destination had left beside this guest when the plan was made.
    package struct Room: Sendable, Hashable, Codable {
        package let left: ByteCount
        /// The moves whose guests are counted already, by their ids.
        package let counted: [String]

        package init(left: ByteCount, counted: [String]) {
            self.left = left
            self.counted = counted
        }
    }

    package init(
        guest: GuestIdentity, source: Host, destination: Host, request: MoveRequest, wasPaused: Bool,
        isPersistent: Bool, wasDefinedThere: Bool, method: TransferMethod, vouchesForStorage: Bool,
        memory: ByteCount,
        disks: [DiskPlan], preparations: [Preparation], conclusions: [Conclusion], choices: [Choice],
        rejected: [RejectedStrategy], findings: [Finding], sourceQEMU: SoftwareVersion,
        destinationQEMU: SoftwareVersion, basis: PlanBasis, forecast: Forecast?
    ) {
        schema = MovePlan.currentSchema
        self.guest = guest
        self.source = source
        self.destination = destination
        self.request = request
        self.wasPaused = wasPaused
        self.isPersistent = isPersistent
        self.wasDefinedThere = wasDefinedThere
        self.method = method
        self.vouchesForStorage = vouchesForStorage
        self.memory = memory
        self.disks = disks
        self.preparations = preparations
        self.conclusions = conclusions
        self.choices = choices
        self.rejected = rejected
        self.findings = findings
        self.sourceQEMU = sourceQEMU
        self.destinationQEMU = destinationQEMU
        self.basis = basis
        self.forecast = forecast
    }

    package func host(_ side: Side) -> Host {
        side == .source ? source : destination
    }

    /// One decision.
    package struct Choice: Sendable, Hashable, Codable {
        /// What it is about: `strategy`, `downtime limit`.
        package let subject: String
        package let choice: String
        package let reason: String

        package init(_ subject: String, _ choice: String, because reason: String) {
            self.subject = subject
            self.choice = choice
            self.reason = reason
        }
    }

    /// A strategy that this move does not use.
    package struct RejectedStrategy: Sendable, Hashable, Codable {
        package let strategy: MoveStrategy
        package let reason: String

        package init(_ strategy: MoveStrategy, because reason: String) {
            self.strategy = strategy
            self.reason = reason
        }
    }

    /// Where the destination listens for the memory stream that no relay carries; `nil` leaves it to libvirt.
    package var migrationURI: String? {
        destination.migrationAddress.map { $0.contains(":") ? "tcp:[\($0)]" : "tcp:\($0)" }
    }

    /// The name that the destination's certificate has to bear, where the move is encrypted and that is known: libvirt
    /// checks the host of the migration's URI, unless it is told another.
    package var tlsName: String? {
        request.tls ? destination.tlsName ?? destination.migrationAddress : nil
    }

    /// How it is carried out, in a word: a strategy for a guest's memory, or `cold`.
    package var strategyName: String {
        cold == nil ? method.strategy.rawValue : request.isWarm ? "warm" : "cold"
    }

    /// The forecast of the strategy that was chosen.
    package var chosenForecast: StrategyForecast? { forecast?.strategy(method.strategy) }

    /// The steps, a line each, for people.
    package var steps: [String] {
        if let cold { return self.steps(cold) }
        var steps: [String] = []
        if let limit = request.downtimeLimit { steps.append("limit the downtime to \(limit.text)") }
        steps += stepsBefore
        let control =
            switch request.control {
            case .peerToPeer: "peer to peer over \(destination.peerURI ?? destination.uri)"
            case .direct: "driven by this process"
            }
        let limit = request.bandwidth.map { ", at most \($0)" } ?? ""
        let manner =
            method.isLive
            ? "while \(guest.name) \(wasPaused ? "is paused" : "runs")" : "while \(guest.name) is stopped"
        let encryption = request.tls ? ", encrypted by TLS" : ""
        steps.append("push memory \(manner)\(method.addition), \(control)\(encryption)\(limit)")
        steps.append(
            "stop it on \(source.name), push the rest, \(wasPaused ? "leave it paused" : "run it") on "
                + "\(destination.name)")
        if isPersistent {
            steps.append("define it on \(destination.name)")
            steps.append(
                request.keepDefinition
                    ? "keep the definition on \(source.name)" : "undefine it on \(source.name)")
        }
        steps.append("ask both hosts that it is on \(destination.name) alone")
        return steps + stepsAfter
    }
}

/// How the memory is sent, as libvirt's parameters can say it.
package struct TransferMethod: Sendable, Hashable, Codable {
    /// In the words of the field.
    package var strategy = MoveStrategy.preCopy
    /// Whether the guest runs meanwhile.
    package var isLive = true
    /// Connections of multifd; `nil` is one plain stream.
    package var connections: Int?
    package var slowsGuestDown = false
    /// The cache of XBZRLE; `nil` leaves it out.
    package var xbzrleCache: ByteCount?
    package var allowsPostCopy = false
    /// Whether each write to a disk that is copied waits until it is on both hosts: slower for the guest, and
    /// never outrun by it.
    package var writesTwice = false

    package init() {}

    /// The method of a strategy.
    package init(_ strategy: MoveStrategy, connections: Int, cache: ByteCount) {
        self.strategy = strategy
        switch strategy {
        case .preCopy: break
        case .multifd: self.connections = connections
        case .autoConverge: slowsGuestDown = true
        case .xbzrle: xbzrleCache = cache
        case .postCopy, .postCopyFallback: allowsPostCopy = true
        case .stopAndCopy: isLive = false
        }
    }

    fileprivate var addition: String {
        var parts: [String] = []
        if let connections { parts.append(" over \(connections) connections") }
        if let xbzrleCache { parts.append(", with XBZRLE (cache \(xbzrleCache))") }
        if slowsGuestDown { parts.append(", slowing it down if it does not converge") }
        if strategy == .postCopy {
            parts.append(", switching to post-copy after the first round")
        } else if allowsPostCopy {
            parts.append(", with post-copy in reserve")
        }
        return parts.joined()
    }
}
