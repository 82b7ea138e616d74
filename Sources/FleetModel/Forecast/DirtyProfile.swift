/// How much of a running guest's memory changed within a period: one measurement of QEMU's.
package struct DirtySample: Sendable, Hashable, Codable {
    /// How QEMU counted. Source: `DirtyRateMeasureMode` in QEMU's qapi/migration.json.
    package enum Mode: String, Sendable, Hashable, Codable {
        /// Checksums of 512 random pages a GiB, taken twice: any accelerator, not exact.
        case pageSampling = "page-sampling"
        /// KVM's dirty log: exact, since QEMU 6.2; the guest pays for the log while it is on.
        case dirtyBitmap = "dirty-bitmap"
    }

    package let period: Duration
    /// Distinct bytes that changed within the period: a page that is written twice counts once.
    package let dirtied: ByteCount
    package let mode: Mode
    /// The guest memory that the pages were drawn from.
    package let memory: ByteCount

    package init(period: Duration, dirtied: ByteCount, mode: Mode, memory: ByteCount) {
        self.period = period
        self.dirtied = dirtied
        self.mode = mode
        self.memory = memory
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
