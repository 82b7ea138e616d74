package import FleetModel

/// What to measure about a running guest, step by step, so that its forecast is good and the guest little
/// disturbed: 5 s, and where a second is too coarse, some 2.5 s more.
package struct SamplingSchedule: Sendable {
    /// Whether QEMU and libvirt count by KVM's dirty log: KVM, QEMU 6.2 and libvirt 8.1 or newer.
    private let countsExactly: Bool
    private let input: ForecastInput

    /// - Parameters:
    ///   - input: what is known without sampling; its `dirty` is not looked at.
    ///   - countsExactly: whether the source's QEMU and libvirt take the dirty-bitmap mode.
    package init(_ input: ForecastInput, countsExactly: Bool) {
        self.input = input
        self.countsExactly = countsExactly && input.accelerator == .kvm
    }

    /// The schedule for a guest on its source: KVM's dirty log is exact where QEMU can count it (6.2) and
    /// libvirt can ask for it (8.1).
    package init(_ input: ForecastInput, _ facts: MoveFacts) {
        self.init(
            input,
            countsExactly: facts.source.hypervisorVersion >= SoftwareVersion(6, 2, 0)
                && facts.source.libvirtVersion >= SoftwareVersion(8, 1, 0))
    }

    /// The next step after these samples; `nil` when they are enough.
    package func next(after samples: [DirtySample]) -> SamplingStep? {
        let mode: DirtySample.Mode = countsExactly ? .dirtyBitmap : .pageSampling
        // Page sampling draws new pages each time: short ones, repeated, cost no more than one long one.
        let periods = countsExactly ? [1, 4] : [1, 1, 1, 4]
        let taken = samples.filter { $0.mode != .pageReading }.count
        if taken < periods.count { return .calculate(seconds: periods[taken], mode: mode) }
        guard !samples.contains(where: { $0.mode == .pageReading }), mattersBelowOneSecond(samples) else {
            return nil
        }
        return .readPages(blocks: 96, blockSize: ByteCount(1 << 16), kept: 16, window: .milliseconds(1200))
    }

    /// Whether the guest rewrites its working set within a second, and the move hangs on how much faster: the
    /// link takes the set in less than a second, but not within the downtime limit.
    private func mattersBelowOneSecond(_ samples: [DirtySample]) -> Bool {
        let profile = SampledProfile(samples)
        guard let knee = profile.saturation else { return false }
        let scenario = Scenario(input, .likely)
        let rate = scenario.rate(connections: 1)
        return knee.bytes > rate * scenario.downtimeLimit * 0.8 && knee.bytes < rate * knee.seconds * 1.1
    }
}

extension DirtySample {
    /// Samples below a second, from pages that were read again and again.
    ///
    /// The share of the pages that differ after a time is the share of the working set that is dirtied within
    /// it.
    ///
    /// - Parameters:
    ///   - traces: only of pages that changed within that of `whole`.
    ///   - whole: a period over which the dirtied bytes are known.
    /// - Returns: a sample for one, two, four … readings apart, as long as the shares still grow.
    package static func reading(_ traces: [PageTrace], within whole: DirtySample) -> [DirtySample] {
        var samples: [DirtySample] = []
        var lag = 1
        while true {
            var (pairs, changed, time) = (0, 0, 0.0)
            for readings in traces.map(\.readings) where readings.count > lag {
                for index in lag..<readings.count {
                    pairs += 1
                    changed += readings[index].digest == readings[index - lag].digest ? 0 : 1
                    time += (readings[index].time - readings[index - lag].time).seconds
                }
            }
            let period = Duration.microseconds(
                Int64(min(1e12, max(0, time / Double(max(1, pairs)) * 1e6)).rounded()))
            guard pairs > 0, period > .zero, period < whole.period else { return samples }
            let share = Double(changed) / Double(pairs)
            samples.append(
                DirtySample(
                    period: period, dirtied: ByteCount(UInt64(Double(whole.dirtied.bytes) * share)),
                    mode: .pageReading, memory: whole.memory, pages: traces.count))
            guard share < 0.9 else { return samples }
            lag *= 2
        }
    }
}
