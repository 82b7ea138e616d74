import FleetModel

/// One reading of what is known: the likely one, or one of the two that a range ends at.
struct Scenario: Sendable {
    /// How dark the reading is.
    enum Mood: Sendable, CaseIterable { case bright, likely, dark }

    let data: Double
    let zeros: Double
    let curve: DirtyCurve
    /// QEMU's bytes that this move gets carried in a second: the link's payload, or what a relay makes of it.
    let linkRate: Double
    /// What crosses the wire of a byte of QEMU's.
    let wireRatio: Double
    let bandwidthLimit: Double?
    let downtimeLimit: Double
    let deadline: Double
    let disks: Double
    let before: Double
    let after: Double
    let switchover: Double
    /// What the pulling of memory makes of the link, as a share.
    let pull: Double
    /// What xbzrle leaves of a page that it knows, as a share.
    let xbzrleGain: Double

    init(_ input: ForecastInput, _ mood: Mood) {
        let memory = Double(input.memory.bytes)
        let used =
            input.resident.map { max(0, Double($0.bytes) - ForecastConstants.processOverhead) } ?? memory
        data = min(memory, input.resident == nil ? memory * Self.pick(mood, 0.3, 0.8, 1) : used)
        zeros = memory - data
        curve = Self.curve(input, data: data, mood)
        disks = Double(input.disksToCopy.bytes)
        linkRate = Self.carried(input, mood)
        wireRatio = input.relay.map { min(1, $0.ratio * Self.pick(mood, 0.95, 1, 1.1)) } ?? 1
        bandwidthLimit = input.bandwidthLimit.map { max(1, Double($0.bytesPerSecond)) }
        downtimeLimit = max(0.001, input.downtimeLimit?.seconds ?? ForecastConstants.downtimeLimit)
        switchover = Self.pick(
            mood, ForecastConstants.switchoverQuiet, ForecastConstants.switchover,
            ForecastConstants.switchoverBusy)
        pull = Self.pick(
            mood, ForecastConstants.pullBest, ForecastConstants.pull, ForecastConstants.pullWorst)
        xbzrleGain = Self.pick(mood, 0.1, 0.6, 1)
        // Without a timeout nothing ends a big guest's move after 60 s.
        let once = (data + disks) / min(linkRate, bandwidthLimit ?? .infinity)
        deadline =
            input.timeout.map { max(0, $0.seconds) }
            ?? max(ForecastConstants.deadline, once * ForecastConstants.patience)
        let correction = input.correction
        before =
            (max(0, correction?.before.seconds ?? ForecastConstants.before)
                + (input.relay == nil ? 0 : ForecastConstants.relayStart)) * Self.pick(mood, 0.9, 1, 2.5)
        after = max(0, correction?.after.seconds ?? ForecastConstants.after) * Self.pick(mood, 0.9, 1, 1.5)
    }

    /// Payload a second, over so many connections.
    func rate(connections: Int) -> Double {
        let most = ForecastConstants.streamRate * Double(max(1, min(255, connections)))
        return max(1, min(linkRate, most, bandwidthLimit ?? .infinity))
    }

    private static func pick<Value>(_ mood: Mood, _ bright: Value, _ likely: Value, _ dark: Value) -> Value {
        switch mood {
        case .bright: bright
        case .likely: likely
        case .dark: dark
        }
    }

    /// Through a relay: the link carries more of what is smaller, as far as both ends can work on it.
    private static func carried(_ input: ForecastInput, _ mood: Mood) -> Double {
        let link = linkRate(input, mood)
        guard let relay = input.relay else { return link }
        return max(
            1,
            min(
                link / relay.ratio / pick(mood, 0.95, 1, 1.1),
                Double(relay.most.bytesPerSecond) * pick(mood, 1.5, 1, 0.5)))
    }

    private static func linkRate(_ input: ForecastInput, _ mood: Mood) -> Double {
        let rate: Double
        switch input.link?.source {
        case .probe: rate = Double(input.link?.rate.bytesPerSecond ?? 0) * pick(mood, 1.03, 1, 0.97)
        case .moves: rate = Double(input.link?.rate.bytesPerSecond ?? 0) * pick(mood, 1.08, 1, 0.9)
        case nil: rate = ForecastConstants.assumedLink * pick(mood, 10, 1, 0.1)
        }
        let ratio = input.link?.source == .probe ? input.correction?.speedRatio ?? 1 : 1
        let moves = Double(max(0, min(10_000, input.concurrentMoves)) + 1)
        return max(1, rate * max(0.05, min(2, ratio)) / moves)
    }

    private static func curve(_ input: ForecastInput, data: Double, _ mood: Mood) -> DirtyCurve {
        let memory = Double(input.memory.bytes)
        if let samples = input.dirty?.samples, !samples.isEmpty {
            return DirtyCurve(SampledProfile(samples).points(mood), limit: data)
        }
        if let last = input.lastMove, let dirtied = rate(of: last, data: data) {
            return DirtyCurve(
                [.init(seconds: 1, bytes: dirtied * pick(mood, 0.6, 1, 1.6))], limit: data)
        }
        let rate = memory * ForecastConstants.assumedDirtyShare * pick(mood, 0, 1, 10)
        return DirtyCurve([.init(seconds: 1, bytes: rate)], limit: data)
    }

    /// What the guest dirtied a second in its last move: as QEMU saw it, else from what was sent again.
    private static func rate(of last: PastMove, data: Double) -> Double? {
        if let rate = last.dirtyRate { return Double(rate.bytesPerSecond) }
        guard let wire = last.wire, let transfer = last.transfer?.seconds, transfer > 0 else { return nil }
        return max(0, Double(wire.bytes) - data) / transfer
    }
}
