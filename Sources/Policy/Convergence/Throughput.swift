import FleetModel

/// What the link really gives, learned from the bytes that went over it.
///
/// QEMU switches over by its throughput of the last 0.1 s, which on a loaded host may be a peak; here it is
/// measured over windows that are longer.
struct Throughput: Sendable {
    private struct Reading {
        let at: Double
        let sent: Double
        let remaining: Double?
        let round: Int?
    }

    private struct Rate {
        let at: Double
        let bytes: Double
    }

    /// The first is the last one that is a window old, once there is one.
    private var readings: [Reading] = []
    private var windows: [Rate] = []
    private var estimates: [Rate] = []
    /// Between the last two samples: bytes, and the seconds from one's arrival to the other's.
    private var step = (bytes: 0.0, seconds: 0.0)
    private var arrived = 0.0
    private var drained = 0.0
    private var total = 0.0
    private var lastEstimate: Double?

    /// Bytes of memory that were sent so far.
    var sent: Double { readings.last?.sent ?? 0 }

    /// Bytes a second; QEMU's own estimate until a window was measured.
    var rate: Double? {
        guard !windows.isEmpty else { return lastEstimate }
        return windows.reduce(0) { $0 + $1.bytes } / Double(windows.count)
    }

    /// The slowest window of the last seconds.
    var slowest: Double? { windows.map(\.bytes).min() }
    /// The most that QEMU took the link for within the last seconds.
    var highestEstimate: Double? { estimates.map(\.bytes).max() ?? lastEstimate }

    /// How much of what QEMU expects of the link it can be relied on to give.
    var trust: Double {
        guard let slowest, let highestEstimate, highestEstimate > 0, let first = windows.first,
            let last = windows.last
        else { return ConvergenceConstants.assumedTrust }
        let measured = max(ConvergenceConstants.leastTrust, slowest / highestEstimate)
        let wasWatched = last.at - first.at >= ConvergenceConstants.watchTime
        return min(wasWatched ? 1 : ConvergenceConstants.assumedTrust, measured)
    }

    /// Bytes that were sent within so many seconds before the last sample, which reach no further back than to
    /// the one before it.
    func sent(within seconds: Double) -> Double {
        guard step.seconds > 0 else { return 0 }
        return step.bytes * min(1, max(0, seconds) / step.seconds)
    }

    /// Bytes that the pages of zeros take on the wire: all that is not in use.
    func zeros(beside memory: ByteCount) -> Double {
        max(0, total - Double(memory.bytes)) / ForecastConstants.pageSize * ForecastConstants.zeroPageOnWire
    }

    /// Takes a sample in.
    ///
    /// - Parameters:
    ///   - sample: its own time counts where it has one: an answer may be late.
    ///   - arrival: seconds since the transfer began.
    mutating func note(_ sample: JobSample, at arrival: Double) {
        let reading = Reading(
            at: sample.elapsed?.seconds ?? arrival, sent: sent(sample),
            remaining: sample.memoryRemaining.map { Double($0.bytes) }, round: sample.round)
        step = (max(0, reading.sent - self.sent), arrival - arrived)
        arrived = arrival
        if let last = readings.last, reading.at < last.at || reading.sent < last.sent { readings = [] }
        let estimate = sample.throughput.map { Double($0.bytesPerSecond) }.flatMap { $0 > 0 ? $0 : nil }
        lastEstimate = estimate ?? lastEstimate
        total = sample.memoryTotal.map { Double($0.bytes) } ?? total
        readings.append(reading)
        while readings.count > 2, reading.at - readings[1].at >= ConvergenceConstants.window {
            readings.removeFirst()
        }
        guard let rate = Self.rate(from: readings[0], to: reading) else { return }
        windows.append(Rate(at: reading.at, bytes: rate))
        windows.removeAll { reading.at - $0.at > ConvergenceConstants.windowMemory }
        if let estimate { estimates.append(Rate(at: reading.at, bytes: estimate)) }
        estimates.removeAll { reading.at - $0.at > ConvergenceConstants.estimateMemory }
    }

    /// Without the disks that are copied along; from what is left, where the wire is not counted.
    private mutating func sent(_ sample: JobSample) -> Double {
        if let wire = sample.wire {
            let copied = (sample.diskTotal?.bytes ?? 0).subtractingReportingOverflow(
                sample.diskRemaining?.bytes ?? 0)
            return max(0, Double(wire.bytes) - (copied.overflow ? 0 : Double(copied.partialValue)))
        }
        if let last = readings.last, last.round == sample.round, let before = last.remaining,
            let remaining = sample.memoryRemaining
        {
            drained += max(0, before - Double(remaining.bytes))
        }
        return drained
    }

    /// `nil` where the window is too short, or says nothing of the link because pages of zeros were looked at:
    /// they are not sent.
    private static func rate(from: Reading, to: Reading) -> Double? {
        let seconds = to.at - from.at
        let bytes = to.sent - from.sent
        guard seconds >= ConvergenceConstants.window, bytes > 0 else { return nil }
        if from.round == to.round, let before = from.remaining, let after = to.remaining {
            let looking = (before - after - bytes) / ForecastConstants.zeroScan
            guard looking <= ConvergenceConstants.zeroShare * seconds else { return nil }
        } else if from.round != to.round, from.round ?? 0 < 2 {
            return nil
        }
        return bytes / seconds
    }
}
