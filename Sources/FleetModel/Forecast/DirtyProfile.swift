/// How much of a running guest's memory changed within a period: one measurement of QEMU's.
package struct DirtySample: Sendable, Hashable, Codable {
    /// How QEMU counted. Source: `DirtyRateMeasureMode` in QEMU's qapi/migration.json.
    package enum Mode: String, Sendable, Hashable, Codable {
        /// Checksums of 512 random pages a GiB, taken twice: any accelerator, not exact.
        case pageSampling = "page-sampling"
        /// KVM's dirty log: exact, since QEMU 6.2; the guest pays for the log while it is on.
        case dirtyBitmap = "dirty-bitmap"
        /// Pages of the guest's memory, read again and again: any accelerator, and below a second.
        case pageReading = "page-reading"
    }

    package let period: Duration
    /// Distinct bytes that changed within the period: a page that is written twice counts once.
    package let dirtied: ByteCount
    package let mode: Mode
    /// The guest memory that the pages were drawn from.
    package let memory: ByteCount
    /// How many pages were looked at, where that is known: the counting error's n.
    package let pages: Int?

    package init(period: Duration, dirtied: ByteCount, mode: Mode, memory: ByteCount, pages: Int? = nil) {
        self.period = period
        self.dirtied = dirtied
        self.mode = mode
        self.memory = memory
        self.pages = pages
    }

    /// From libvirt's `dirtyrate.megabytes_per_second`, which is cut to whole MiB/s: half of one is put back.
    ///
    /// A rate of 0 stays 0: an idle guest is likelier than one that dirties half a MiB/s.
    package init(period: Duration, mebibytesPerSecond: UInt64, mode: Mode, memory: ByteCount) {
        let rate = mebibytesPerSecond == 0 ? 0 : Double(min(mebibytesPerSecond, 1 << 40)) + 0.5
        let dirtied = min(rate * 0x1p20 * max(0, period.seconds), Double(memory.bytes))
        self.init(period: period, dirtied: ByteCount(UInt64(max(0, dirtied))), mode: mode, memory: memory)
    }
}

/// How a guest's distinct dirty bytes grow with time, as samples over several periods.
///
/// One rate would not do: a guest that rewrites 100 MiB again and again dirties 100 MiB in one second and
/// 100 MiB in ten.
package struct DirtyProfile: Sendable, Hashable, Codable {
    /// In the order in which they were taken; periods may repeat.
    package let samples: [DirtySample]

    package init(_ samples: [DirtySample]) { self.samples = samples }

    package init(from decoder: any Decoder) throws { samples = try [DirtySample](from: decoder) }
    package func encode(to encoder: any Encoder) throws { try samples.encode(to: encoder) }
}

/// One page of a guest's memory as it was read at several times.
package struct PageTrace: Sendable, Hashable, Codable {
    package struct Reading: Sendable, Hashable, Codable {
        /// When it was read, on any clock that all readings share.
        package let time: Duration
        /// Equal for equal content.
        package let digest: UInt64

        package init(time: Duration, digest: UInt64) {
            self.time = time
            self.digest = digest
        }
    }

    /// In the order of their times.
    package let readings: [Reading]

    package init(_ readings: [Reading]) { self.readings = readings }
}

/// The next thing to measure about a guest before its move is forecast.
package enum SamplingStep: Sendable, Hashable {
    /// `virDomainStartDirtyRateCalc` over a whole number of seconds.
    case calculate(seconds: Int, mode: DirtySample.Mode)
    /// `virDomainMemoryPeek`: blocks spread evenly over the memory, read twice, a second apart; then those
    /// that changed, at most `kept` of them, again and again for `window`. Each of their pages that changed
    /// in that second gives a `PageTrace`.
    case readPages(blocks: Int, blockSize: ByteCount, kept: Int, window: Duration)
}
