internal import CLibvirt

/// A job on one disk of a guest. Source: `virDomainGetBlockJobInfo`.
package struct BlockJob: Sendable, Equatable {
    /// Source: `virDomainBlockJobType`.
    package enum Kind: Sendable, Equatable {
        case pull, copy, commit, activeCommit, backup
        case other(Int)
    }

    package let kind: Kind
    /// How far it came, in units that only mean something against `end`.
    package let current: UInt64
    /// Where it is complete; a mirror that has caught up stands there until it is ended.
    package let end: UInt64
}

/// The size of a disk of a guest, in bytes. Source: `virDomainGetBlockInfo`.
package struct BlockInformation: Sendable, Equatable {
    /// What the guest sees.
    package let capacityBytes: UInt64
    /// What is allocated, as far as the host can tell.
    package let allocationBytes: UInt64
    /// What the file or device takes up: the size of the container, last offset for a block device.
    package let physicalBytes: UInt64
}

/// What a guest read from and wrote to a disk since it started, in bytes. Source: `virDomainBlockStats`.
package struct BlockStatistics: Sendable, Equatable {
    package let readBytes: UInt64
    package let writtenBytes: UInt64
}

extension DomainHandle {
    /// The job that works on a disk.
    ///
    /// - Parameter disk: the disk's target (`vda`) or the path of its source.
    /// - Returns: the job, `nil` when there is none.
    /// - Throws: `LibvirtError`, with `.operationInvalid` where the guest does not run, `.invalidArgument`
    ///   for a disk that it has not, `.noSupport`.
    package borrowing func blockJob(disk: String) throws(LibvirtError) -> BlockJob? {
        var info = virDomainBlockJobInfo()
        let found = try check(
            "read the job on the disk \(disk)", unsafe virDomainGetBlockJobInfo(raw, disk, &info, 0))
        guard found > 0 else { return nil }
        return BlockJob(kind: .init(raw: info.type), current: UInt64(info.cur), end: UInt64(info.end))
    }

    /// The size of a disk.
    ///
    /// - Parameter disk: the disk's target (`vda`) or the path of its source.
    /// - Returns: the size, as the daemon finds it now.
    /// - Throws: `LibvirtError`, with `.invalidArgument` for a disk that the guest has not, `.noSupport`.
    package borrowing func blockInformation(disk: String) throws(LibvirtError) -> BlockInformation {
        var info = virDomainBlockInfo()
        try check(
            "read the size of the disk \(disk)", unsafe virDomainGetBlockInfo(raw, disk, &info, 0))
        return BlockInformation(
            capacityBytes: info.capacity, allocationBytes: info.allocation, physicalBytes: info.physical)
    }

    /// How much went from and to a disk.
    ///
    /// - Parameter disk: the disk's target (`vda`) or the path of its source.
    /// - Returns: the counters; one that the driver does not keep is 0.
    /// - Throws: `LibvirtError`, with `.operationInvalid` where the guest does not run, `.invalidArgument` for a
    ///   disk that it has not, `.noSupport`.
    package borrowing func blockStatistics(disk: String) throws(LibvirtError) -> BlockStatistics {
        var statistics = virDomainBlockStatsStruct()
        try check(
            "read the counters of the disk \(disk)",
            unsafe virDomainBlockStats(
                raw, disk, &statistics, MemoryLayout<virDomainBlockStatsStruct>.stride))
        // -1 is "not kept".
        return BlockStatistics(
            readBytes: UInt64(clamping: statistics.rd_bytes),
            writtenBytes: UInt64(clamping: statistics.wr_bytes))
    }
}

extension BlockJob.Kind {
    init(raw: CInt) {
        switch virDomainBlockJobType(UInt32(bitPattern: raw)) {
        case VIR_DOMAIN_BLOCK_JOB_TYPE_PULL: self = .pull
        case VIR_DOMAIN_BLOCK_JOB_TYPE_COPY: self = .copy
        case VIR_DOMAIN_BLOCK_JOB_TYPE_COMMIT: self = .commit
        case VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT: self = .activeCommit
        case VIR_DOMAIN_BLOCK_JOB_TYPE_BACKUP: self = .backup
        default: self = .other(Int(raw))
        }
    }
}
