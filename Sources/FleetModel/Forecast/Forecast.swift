/// All that a forecast rests on. What is `nil` is not known, and makes the ranges wider.
package struct ForecastInput: Sendable, Hashable, Codable {
    package enum Accelerator: String, Sendable, Hashable, Codable { case kvm, tcg }

    package let memory: ByteCount
    /// What the guest's QEMU process has in memory: pages that were never touched are zero, and cheap.
    package let resident: ByteCount?
    package let vcpus: Int
    package let accelerator: Accelerator
    package let dirty: DirtyProfile?
    package let link: LinkSpeed?
    /// The user's `--bandwidth`.
    package let bandwidthLimit: ByteRate?
    /// `nil` is QEMU's default of 300 ms.
    package let downtimeLimit: Duration?
    /// How long a move may take; `nil` asks whether it converges within 60 s and does not end it there.
    package let timeout: Duration?
    /// Other moves on the same link at the same time.
    package let concurrentMoves: Int
    /// What has to cross the link before the memory does, because the storage is not shared.
    package let disksToCopy: ByteCount
    /// How many connections multifd would use.
    package let connections: Int
    package let sourceQEMU: SoftwareVersion?
    package let destinationQEMU: SoftwareVersion?
    package let correction: PairCorrection?
    /// The last move of this very guest.
    package let lastMove: PastMove?
    /// What a relay makes of it; `nil` where there is to be none.
    package var relay: RelayRate?

    package init(
        memory: ByteCount, resident: ByteCount? = nil, vcpus: Int = 1, accelerator: Accelerator = .kvm,
        dirty: DirtyProfile? = nil, link: LinkSpeed? = nil, bandwidthLimit: ByteRate? = nil,
        downtimeLimit: Duration? = nil, timeout: Duration? = nil, concurrentMoves: Int = 0,
        disksToCopy: ByteCount = .zero, connections: Int = 4, sourceQEMU: SoftwareVersion? = nil,
        destinationQEMU: SoftwareVersion? = nil, correction: PairCorrection? = nil, lastMove: PastMove? = nil
    ) {
        self.memory = memory
        self.resident = resident
        self.vcpus = vcpus
        self.accelerator = accelerator
        self.dirty = dirty
        self.link = link
        self.bandwidthLimit = bandwidthLimit
        self.downtimeLimit = downtimeLimit
        self.timeout = timeout
        self.concurrentMoves = concurrentMoves
        self.disksToCopy = disksToCopy
        self.connections = connections
        self.sourceQEMU = sourceQEMU
        self.destinationQEMU = destinationQEMU
        self.correction = correction
        self.lastMove = lastMove
    }
}

/// A figure as a range: `low` ≤ `likely` ≤ `high`.
package struct Estimate<Value: Comparable & Sendable & Hashable & Codable>: Sendable, Hashable, Codable {
    package let low: Value
    package let likely: Value
    package let high: Value

    package init(low: Value, likely: Value, high: Value) {
        self.low = min(low, likely)
        self.likely = likely
        self.high = max(high, likely)
    }

    package func contains(_ value: Value) -> Bool { low <= value && value <= high }
}

/// What a move by one strategy would be like.
package struct StrategyForecast: Sendable, Hashable, Codable {
    package let strategy: MoveStrategy
    /// Command to activation. Of a move that does not converge: until its deadline ends it.
    package let total: Estimate<Duration>
    package let downtime: Estimate<Duration>
    package let wire: Estimate<ByteCount>
    package let rounds: Estimate<Int>
    /// How many of a hundred such moves are expected to lie within the ranges, as a share (0…1).
    package let confidence: Double
    /// Whether the guest switches over within the downtime limit before the deadline.
    package let converges: Bool
    /// One line for people.
    package let reason: String

    package init(
        strategy: MoveStrategy, total: Estimate<Duration>, downtime: Estimate<Duration>,
        wire: Estimate<ByteCount>, rounds: Estimate<Int>, confidence: Double, converges: Bool, reason: String
    ) {
        self.strategy = strategy
        self.total = total
        self.downtime = downtime
        self.wire = wire
        self.rounds = rounds
        self.confidence = confidence
        self.converges = converges
        self.reason = reason
    }
}

/// What a move would be like by each strategy, made before anything moves.
package struct Forecast: Sendable, Hashable, Codable {
    /// How much was known about the guest.
    package enum Basis: String, Sendable, Hashable, Codable {
        /// Its dirty rate was sampled.
        case sampled
        /// Its last move is known.
        case remembered
        /// Only its memory is known.
        case assumed
    }

    package let input: ForecastInput
    package let basis: Basis
    /// One for each of `MoveStrategy.allCases`, in that order.
    package let strategies: [StrategyForecast]

    package init(input: ForecastInput, basis: Basis, strategies: [StrategyForecast]) {
        self.input = input
        self.basis = basis
        self.strategies = strategies
    }

    package func strategy(_ strategy: MoveStrategy) -> StrategyForecast? {
        strategies.first { $0.strategy == strategy }
    }
}
