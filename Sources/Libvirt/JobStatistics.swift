internal import CLibvirt

/// One reading of a domain's job.
///
/// Source: `virDomainGetJobStats` and the job-completed event; fields that this QEMU did not report are
/// `nil`.
package struct JobStatistics: Sendable, Equatable {
    /// What the job does. Source: `virDomainJobOperation`.
    package enum Operation: Sendable, Equatable {
        case unknown, start, save, restore, migrationIn, migrationOut, snapshot, snapshotRevert, dump, backup
        case other(Int)

        init(raw: Int32) {
            switch virDomainJobOperation(rawValue: UInt32(bitPattern: raw)) {
            case VIR_DOMAIN_JOB_OPERATION_UNKNOWN: self = .unknown
            case VIR_DOMAIN_JOB_OPERATION_START: self = .start
            case VIR_DOMAIN_JOB_OPERATION_SAVE: self = .save
            case VIR_DOMAIN_JOB_OPERATION_RESTORE: self = .restore
            case VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN: self = .migrationIn
            case VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT: self = .migrationOut
            case VIR_DOMAIN_JOB_OPERATION_SNAPSHOT: self = .snapshot
            case VIR_DOMAIN_JOB_OPERATION_SNAPSHOT_REVERT: self = .snapshotRevert
            case VIR_DOMAIN_JOB_OPERATION_DUMP: self = .dump
            case VIR_DOMAIN_JOB_OPERATION_BACKUP: self = .backup
            default: self = .other(Int(raw))
            }
        }
    }

    /// Where the job stands. Source: `virDomainJobType`.
    package enum Kind: Sendable, Equatable {
        case none, bounded, unbounded, completed, failed, cancelled
        case other(Int)

        init(raw: CInt) {
            switch virDomainJobType(rawValue: UInt32(bitPattern: raw)) {
            case VIR_DOMAIN_JOB_NONE: self = .none
            case VIR_DOMAIN_JOB_BOUNDED: self = .bounded
            case VIR_DOMAIN_JOB_UNBOUNDED: self = .unbounded
            case VIR_DOMAIN_JOB_COMPLETED: self = .completed
            case VIR_DOMAIN_JOB_FAILED: self = .failed
            case VIR_DOMAIN_JOB_CANCELLED: self = .cancelled
            default: self = .other(Int(raw))
            }
        }
    }

    package let kind: Kind
    package let values: [String: TypedValue]

    package init(kind: Kind, values: [String: TypedValue]) {
        self.kind = kind
        self.values = values
    }

    package var operation: Operation {
        guard case .int(let number) = values[VIR_DOMAIN_JOB_OPERATION] else { return .unknown }
        return Operation(raw: number)
    }

    /// Since the job started.
    package var elapsed: Duration? { milliseconds(VIR_DOMAIN_JOB_TIME_ELAPSED) }
    /// Expected while the job runs, QEMU's own measurement when it is complete.
    package var downtime: Duration? { milliseconds(VIR_DOMAIN_JOB_DOWNTIME) }
    package var dataProcessedBytes: UInt64? { values[VIR_DOMAIN_JOB_DATA_PROCESSED]?.unsigned }
    package var memoryTotalBytes: UInt64? { values[VIR_DOMAIN_JOB_MEMORY_TOTAL]?.unsigned }
    package var memoryProcessedBytes: UInt64? { values[VIR_DOMAIN_JOB_MEMORY_PROCESSED]?.unsigned }
    package var memoryRemainingBytes: UInt64? { values[VIR_DOMAIN_JOB_MEMORY_REMAINING]?.unsigned }
    package var memoryBytesPerSecond: UInt64? { values[VIR_DOMAIN_JOB_MEMORY_BPS]?.unsigned }
    /// By how much QEMU slows the guest's processors down.
    package var throttlePercent: Int? {
        guard case .int(let percent) = values[VIR_DOMAIN_JOB_AUTO_CONVERGE_THROTTLE] else { return nil }
        return Int(percent)
    }
    package var diskTotalBytes: UInt64? { values[VIR_DOMAIN_JOB_DISK_TOTAL]?.unsigned }
    package var diskProcessedBytes: UInt64? { values[VIR_DOMAIN_JOB_DISK_PROCESSED]?.unsigned }
    package var diskRemainingBytes: UInt64? { values[VIR_DOMAIN_JOB_DISK_REMAINING]?.unsigned }
    /// Pre-copy rounds begun so far, the first being 1.
    package var iteration: Int? {
        values[VIR_DOMAIN_JOB_MEMORY_ITERATION]?.unsigned.flatMap(Int.init(exactly:))
    }
    /// Pages dirtied per second, times their size.
    package var dirtyBytesPerSecond: UInt64? {
        guard let pages = values[VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE]?.unsigned else { return nil }
        return pages &* (values[VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE]?.unsigned ?? 4096)
    }

    private func milliseconds(_ name: String) -> Duration? {
        values[name]?.unsigned.map { .milliseconds(Int64(clamping: $0)) }
    }
}

extension DomainHandle {
    /// The job that runs now, or `nil` when none does.
    ///
    /// During a migration only the source host can tell.
    package borrowing func jobStatistics() throws(LibvirtError) -> JobStatistics? {
        let statistics = try jobStatistics(flags: 0)
        return statistics.kind == .none ? nil : statistics
    }

    /// What the last completed job ended with, kept for later readers.
    package borrowing func completedJobStatistics() throws(LibvirtError) -> JobStatistics? {
        let flags = VIR_DOMAIN_JOB_STATS_COMPLETED.rawValue | VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED.rawValue
        let statistics = try jobStatistics(flags: flags)
        return statistics.kind == .none ? nil : statistics
    }

    private borrowing func jobStatistics(flags: UInt32) throws(LibvirtError) -> JobStatistics {
        var kind: CInt = 0
        var raw: virTypedParameterPtr?
        var count: CInt = 0
        try check("read a guest's job", unsafe virDomainGetJobStats(self.raw, &kind, &raw, &count, flags))
        defer { unsafe virTypedParamsFree(raw, count) }
        return JobStatistics(
            kind: .init(raw: kind), values: unsafe TypedParameters.read(raw, count: count))
    }

    /// Aborts the job.
    ///
    /// Source: `virDomainAbortJob`; `virDomainAbortJobFlags` with `VIR_DOMAIN_ABORT_JOB_POSTCOPY` (since
    /// 8.5.0).
    ///
    /// - Parameter postCopy: ends only the connection of a post-copy, on the source: both sides then wait for
    ///   `.postCopyResume`. Without it, a job in post-copy is refused, where an abort would kill the guest.
    /// - Throws: `LibvirtError`, with `.operationInvalid` where no such job runs, `.noSupport`.
    package borrowing func abortJob(postCopy: Bool = false) throws(LibvirtError) {
        guard postCopy else {
            try check("abort a guest's job", unsafe virDomainAbortJob(raw))
            return
        }
        try check(
            "break the connection of a post-copy",
            unsafe virDomainAbortJobFlags(raw, VIR_DOMAIN_ABORT_JOB_POSTCOPY.rawValue))
    }
}
