import FleetModel

/// What QEMU's downtime limit has to be for the user's to be kept.
///
/// QEMU switches over when what is left would take no longer than its limit at its own estimate of the throughput.
/// The guest stands still for longer than that: the estimate may be a peak, and the handshake, the devices' state and
/// the start on the destination come on top.
struct DowntimeLadder: Sendable {
    /// The user's limit, in seconds.
    let promise: Double
    /// Of it, what does not depend on what is left to send.
    let reserved: Double
    private(set) var rung = 0
    /// What QEMU was told, and when.
    private(set) var inForce: Duration
    private(set) var setAt = 0.0
    /// When the last rung was reached.
    private(set) var toppedAt: Double?

    /// The first rung.
    ///
    /// - Parameters:
    ///   - limit: the user's; `nil` is QEMU's default.
    ///   - switchover: what the stop takes beside the sending; `nil` where nothing was measured.
    init(limit: Duration?, switchover: Duration?) {
        promise = max(0, limit?.seconds ?? ForecastConstants.downtimeLimit)
        reserved = max(
            ForecastConstants.switchoverQuiet,
            switchover?.seconds
                ?? min(
                    ForecastConstants.switchoverBusy,
                    max(ForecastConstants.switchover, promise * ConvergenceConstants.reservedShare)))
        inForce = .zero
        inForce = self.limit(trust: ConvergenceConstants.assumedTrust)
    }

    /// Seconds of the stop that may go into sending memory.
    var forMemory: Double {
        min(promise, max(ConvergenceConstants.shortestLimit, promise - reserved))
    }

    var isTop: Bool { rung == ConvergenceConstants.rungs.count - 1 }

    /// What this rung is in QEMU's terms: whole milliseconds, never above the user's limit; `trust` is measured ÷
    /// estimated throughput.
    func limit(trust: Double) -> Duration {
        let seconds = forMemory * ConvergenceConstants.rungs[rung] * trust
        let kept = min(
            promise, ConvergenceConstants.longestLimit, max(ConvergenceConstants.shortestLimit, seconds))
        guard kept >= 0.001 else { return .microseconds(Int64(kept * 1e6)) }
        // What is a whole number but for its last digit stays that number.
        return .milliseconds(Int64((kept * 1000 + 1e-3).rounded(.down)))
    }

    /// Goes up to a rung.
    ///
    /// - Returns: whether that is higher than before.
    mutating func climb(to rung: Int, at now: Double) -> Bool {
        let rung = min(rung, ConvergenceConstants.rungs.count - 1)
        guard rung > self.rung else { return false }
        self.rung = rung
        if isTop { toppedAt = now }
        return true
    }

    /// The lowest rung under which so much may be left, given what the last one allows.
    func rung(covering left: Double, of affordable: Double) -> Int? {
        ConvergenceConstants.rungs.firstIndex { $0 * affordable >= left }
    }

    mutating func told(_ limit: Duration, at now: Double) {
        inForce = limit
        setAt = now
    }
}
