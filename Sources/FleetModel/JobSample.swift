/// One reading of a running migration.
package struct JobSample: Sendable, Hashable, Codable {
    package let elapsed: Duration?
    /// Guest memory as QEMU counts it, device memory included.
    package let memoryTotal: ByteCount?
    package let memoryRemaining: ByteCount?
    /// What went over the migration's sockets so far.
    package let wire: ByteCount?
    package let throughput: ByteRate?
    package let dirtyRate: ByteRate?
    /// Pre-copy rounds begun so far; the first is 1.
    package let round: Int?
    /// Expected while the job runs, QEMU's measurement when it is over.
    package let downtime: Duration?
    /// By how much QEMU slows the guest's processors down, in per cent; 0 or `nil` is not at all.
    package let throttlePercent: Int?
    /// Of the disks that are copied along.
    package let diskTotal: ByteCount?
    package let diskRemaining: ByteCount?
    /// Each of them, while they are copied for the first time; `nil` when none is, or nobody asked.
    package var disks: [DiskProgress]?

    package init(
        elapsed: Duration? = nil, memoryTotal: ByteCount? = nil, memoryRemaining: ByteCount? = nil,
        wire: ByteCount? = nil, throughput: ByteRate? = nil, dirtyRate: ByteRate? = nil, round: Int? = nil,
        downtime: Duration? = nil, throttlePercent: Int? = nil, diskTotal: ByteCount? = nil,
        diskRemaining: ByteCount? = nil
    ) {
        self.elapsed = elapsed
        self.memoryTotal = memoryTotal
        self.memoryRemaining = memoryRemaining
        self.wire = wire
        self.throughput = throughput
        self.dirtyRate = dirtyRate
        self.round = round
        self.downtime = downtime
        self.throttlePercent = throttlePercent
        self.diskTotal = diskTotal
        self.diskRemaining = diskRemaining
    }

    /// How long the remaining memory takes at the present rate; `nil` while it shrinks slower than it grows.
    package var timeLeft: Duration? {
        guard let memoryRemaining, let throughput else { return nil }
        let net = Double(throughput.bytesPerSecond) - Double(dirtyRate?.bytesPerSecond ?? 0)
        guard net > 0 else { return nil }
        return .milliseconds(Int64((Double(memoryRemaining.bytes) / net * 1000).rounded()))
    }
}
