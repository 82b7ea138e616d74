/// What one simulated move did.
struct SimulatedCopy: Sendable {
    /// While the guest runs, in seconds.
    var running = 0.0
    /// What was left when the guest stopped, in bytes of memory.
    var left = 0.0
    /// Bytes on the wire, the last round's included once it is sent.
    var wire = 0.0
    var rounds = 0
    /// Whether the rest fitted into the downtime limit within the time given.
    var converged = false
    /// Whether a round left no less than the least before it.
    var stalled = false
}

/// QEMU's pre-copy, round by round, in steps of its own loop.
///
/// QEMU sends for 50 ms, then looks at what is left. When that falls below the threshold (its throughput
/// times the downtime limit), it asks the kernel what was dirtied meanwhile: that ends the round. It switches over
/// when the sum is still below the threshold. Source: `migration_iteration_run` in migration/migration.c and
/// `ram_save_pending`, `ram_save_iterate` in migration/ram.c of QEMU 7.2.
struct PreCopySimulation: Sendable {
    /// Bytes of memory that are not zero, and those that are.
    let data: Double
    let zeros: Double
    let curve: DirtyCurve
    /// Payload of the link, in bytes a second; positive and finite.
    let rate: Double
    let downtimeLimit: Double
    let iteration: Double
    /// How long the guest may go on running.
    let patience: Double
    /// QEMU slows the guest down when it does not converge.
    var throttles = false
    /// What a page costs that is sent again, as a share of its size: xbzrle's gain.
    var resend = 1.0
    /// A stall ends the simulation: the caller does something else then.
    var endsAtStall = false

    /// What QEMU expects to send within the downtime limit.
    private var threshold: Double { memoryRate * downtimeLimit }

    /// Memory sent in a second.
    private var memoryRate: Double { rate * ForecastConstants.pageSize / ForecastConstants.pageOnWire }

    /// Simulates the copy until the guest would stop.
    ///
    /// - Parameter most: ends after so many rounds, converged or not.
    /// - Returns: what was sent, and what is left.
    func run(rounds most: Int = 10_000) -> SimulatedCopy {
        var copy = firstRound()
        var left = copy.left
        var lowest = copy.left
        var sinceLowest = 0
        var throttle = 0.0
        var strikes = 0
        while left >= threshold {
            guard copy.running < patience, copy.rounds < most else { break }
            let sent = min(left, wholeSteps(of: left - threshold))
            let seconds = sent / memoryRate * resend
            copy.running += seconds
            copy.rounds += 1
            copy.wire += sent * ForecastConstants.pageOnWire / ForecastConstants.pageSize * resend
            let dirtied = curve.bytes(within: seconds * (1 - throttle))
            left = union(left - sent, dirtied, sent: sent, among: curve.workingSet)
            if throttles {
                strikes = dirtied > sent * ForecastConstants.throttleTrigger ? strikes + 1 : 0
                if strikes >= 2 {
                    strikes = 0
                    throttle = min(
                        ForecastConstants.throttleMost,
                        throttle == 0
                            ? ForecastConstants.throttleFirst : throttle + ForecastConstants.throttleStep)
                }
            } else if left < lowest {
                lowest = left
                sinceLowest = 0
            } else {
                sinceLowest += 1
                copy.stalled = true
                if endsAtStall { break }
                // The next rounds are these again: the rest of the patience passes like the last one.
                if sinceLowest >= 8 { skip(&copy, roundOf: seconds, sending: sent * resend) }
            }
        }
        copy.left = left
        copy.converged = left < threshold && copy.running < patience
        return copy
    }

    /// All of the memory once: zeros cost little, and some of them are still to come when the round ends.
    private func firstRound() -> SimulatedCopy {
        var copy = SimulatedCopy()
        let zerosLeft = min(zeros, threshold)
        let sent = min(data, wholeSteps(of: data - (threshold - zerosLeft)))
        let zeroWire = zeros / ForecastConstants.pageSize * ForecastConstants.zeroPageOnWire
        copy.running =
            sent / memoryRate + zeroWire / rate + (zeros - zerosLeft) / ForecastConstants.zeroScan
        copy.wire = sent * ForecastConstants.pageOnWire / ForecastConstants.pageSize + zeroWire
        copy.rounds = 1
        copy.left = union(
            data - sent, curve.bytes(within: copy.running), sent: sent, among: data)
        return copy
    }

    /// As much as it takes to fall below `bytes`: QEMU looks only after each step.
    private func wholeSteps(of bytes: Double) -> Double {
        let step = memoryRate * iteration
        return bytes < 0 ? 0 : ((bytes / step).rounded(.down) + 1) * step
    }

    /// What is dirty when `unsent` still was and `dirtied` became so; some pages are both.
    ///
    /// As many as chance has it, while the sender gains on the guest. The closer the guest comes to the
    /// sender's speed, the fewer: a writer that sweeps at that speed stays ahead of the sender.
    private func union(_ unsent: Double, _ dirtied: Double, sent: Double, among all: Double) -> Double {
        let apart = unsent + dirtied
        let most = max(all, unsent, dirtied)
        guard most > 0, sent > 0 else { return apart }
        let gain = (1 - dirtied / sent) / ForecastConstants.closeChase
        return min(most, apart - min(1, max(0, gain)) * unsent * dirtied / most)
    }

    private func skip(_ copy: inout SimulatedCopy, roundOf seconds: Double, sending bytes: Double) {
        let times = ((patience - copy.running) / seconds).rounded(.up)
        guard times > 0, times.isFinite else { return }
        copy.running += times * seconds
        copy.wire += times * bytes * ForecastConstants.pageOnWire / ForecastConstants.pageSize
        copy.rounds += Int(min(times, 1e6))
    }
}
