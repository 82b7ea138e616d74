/// What the link between two hosts carries, payload only.
package struct LinkSpeed: Sendable, Hashable, Codable {
    /// Where the figure is from.
    package enum Source: String, Sendable, Hashable, Codable {
        /// A short probe between the hosts, right before the forecast.
        case probe
        /// The throughput of the pair's last moves.
        case moves
    }

    package let rate: ByteRate
    package let source: Source

    package init(rate: ByteRate, source: Source) {
        self.rate = rate
        self.source = source
    }
}

/// What finished moves of a pair of hosts taught: added to, or multiplied with, what the model says.
package struct PairCorrection: Sendable, Hashable, Codable {
    /// From the command to the first byte of memory.
    package let before: Duration
    /// From the guest's first instruction on the destination to the end of the command.
    package let after: Duration
    /// Throughput of the transfer ÷ the link's speed by a probe; a speed that is from moves has it in it.
    package let speedRatio: Double
    /// How many moves it rests on.
    package let moves: Int

    /// What is no positive number counts as a `speedRatio` of 1.
    package init(before: Duration, after: Duration, speedRatio: Double, moves: Int) {
        self.before = before
        self.after = after
        self.speedRatio = speedRatio.isFinite && speedRatio > 0 ? speedRatio : 1
        self.moves = moves
    }
}

/// What a finished move measured, as far as the next forecast is concerned.
package struct PastMove: Sendable, Hashable, Codable {
    /// `nil` where no memory went from QEMU to QEMU: a cold or a warm move.
    package let strategy: MoveStrategy?
    package let total: Duration
    package let downtime: Duration?
    /// What QEMU sent.
    package let wire: ByteCount?
    /// What a relay made of it on the wire; `nil` without one.
    package var relayed: ByteCount?
    package let rounds: Int
    /// From the command to the first byte of memory: phases 0 and 1.
    package let before: Duration?
    /// The transfer of memory: phases 2 and 3.
    package let transfer: Duration?
    /// From the guest's first instruction on the destination to the end: phases 4 and 5.
    package let after: Duration?
    /// The guest's dirty rate as QEMU last saw it in the move.
    package let dirtyRate: ByteRate?
    /// The link's speed as the move's forecast assumed it.
    package let link: ByteRate?

    package init(
        strategy: MoveStrategy?, total: Duration, downtime: Duration? = nil, wire: ByteCount? = nil,
        rounds: Int, before: Duration? = nil, transfer: Duration? = nil, after: Duration? = nil,
        dirtyRate: ByteRate? = nil, link: ByteRate? = nil
    ) {
        self.strategy = strategy
        self.total = total
        self.downtime = downtime
        self.wire = wire
        self.rounds = rounds
        self.before = before
        self.transfer = transfer
        self.after = after
        self.dirtyRate = dirtyRate
        self.link = link
    }

    /// What crossed the link.
    package var crossed: ByteCount? { relayed ?? wire }
}
