internal import CLibvirt

/// How fast a guest writes to its memory, as QEMU measured it.
///
/// Source: `virDomainListGetStats` with `VIR_DOMAIN_STATS_DIRTYRATE`; QEMU's migration/dirtyrate.c.
package struct DirtyRate: Sendable, Equatable {
    /// Source: `virDomainDirtyRateStatus`.
    package enum Status: Sendable, Equatable {
        case unstarted, measuring, measured
    }

    /// How it is measured; the raw values are libvirt's words.
    package enum Mode: String, Sendable, CaseIterable {
        /// 512 pages of each GiB are compared with themselves. Cheap, works everywhere, counts a page that
        /// was written back to what it was as clean.
        case pageSampling = "page-sampling"
        /// Every write is logged; the guest slows down meanwhile, and a migration needs the same log.
        case dirtyBitmap = "dirty-bitmap"
        /// As above, for each processor; the guest must have been started with a dirty ring.
        case dirtyRing = "dirty-ring"

        var flags: UInt32 {
            switch self {
            case .pageSampling: VIR_DOMAIN_DIRTYRATE_MODE_PAGE_SAMPLING.rawValue
            case .dirtyBitmap: VIR_DOMAIN_DIRTYRATE_MODE_DIRTY_BITMAP.rawValue
            case .dirtyRing: VIR_DOMAIN_DIRTYRATE_MODE_DIRTY_RING.rawValue
            }
        }
    }

    package let status: Status
    /// `nil` where the daemon does not say, or uses a word unknown here.
    package let mode: Mode?
    /// For how long pages were watched.
    package let period: Duration?
    /// MiB of unique pages dirtied, per second of the period; `nil` until it is measured.
    package let mebibytesPerSecond: UInt64?
}

extension DomainHandle {
    /// Starts measuring, and returns at once. Source: `virDomainStartDirtyRateCalc`.
    ///
    /// - Parameters:
    ///   - period: 1 s to 60 s; a fraction of a second is rounded up.
    ///   - mode: how.
    /// - Throws: `LibvirtError`, with `.operationInvalid` where the guest does not run, `.noSupport`,
    ///   `.configUnsupported` for a period out of range, `.operationUnsupported` or `.internalError` where
    ///   QEMU refuses: the mode does not fit, or a measurement runs already.
    package borrowing func startDirtyRate(
        period: Duration, mode: DirtyRate.Mode
    ) throws(LibvirtError) {
        let (seconds, attoseconds) = period.components
        let whole = seconds.addingReportingOverflow(attoseconds > 0 ? 1 : 0)
        try check(
            "measure how fast a guest writes to its memory",
            unsafe virDomainStartDirtyRateCalc(
                raw, whole.overflow ? CInt.max : CInt(clamping: whole.partialValue), mode.flags))
    }

    /// The last measurement, or how far it is.
    ///
    /// - Throws: `LibvirtError`, with `.noSupport` or `.argumentUnsupported` where the driver has none,
    ///   `.noDomain` where the guest went away.
    package borrowing func dirtyRate() throws(LibvirtError) -> DirtyRate {
        let operation = "read how fast a guest writes to its memory"
        var domains: [virDomainPtr?] = unsafe [raw, nil]
        var records: UnsafeMutablePointer<virDomainStatsRecordPtr?>?
        let count = try check(
            operation,
            unsafe virDomainListGetStats(
                &domains, VIR_DOMAIN_STATS_DIRTYRATE.rawValue, &records,
                VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS.rawValue))
        defer { unsafe virDomainStatsRecordListFree(records) }
        guard count > 0, let record = unsafe records?[0] else {
            throw LibvirtError(
                operation: operation, code: .noDomain, domain: 0, message: "the guest is no longer there")
        }
        let values = unsafe TypedParameters.read(record.pointee.params, count: record.pointee.nparams)
        return try DirtyRate(values, during: operation)
    }
}

extension DirtyRate {
    /// - Throws: `.internalError` for a status that this build has no name for.
    init(_ values: [String: TypedValue], during operation: String) throws(LibvirtError) {
        let number = values["dirtyrate.calc_status"]?.unsigned ?? 0
        switch virDomainDirtyRateStatus(UInt32(clamping: number)) {
        case VIR_DOMAIN_DIRTYRATE_UNSTARTED: status = .unstarted
        case VIR_DOMAIN_DIRTYRATE_MEASURING: status = .measuring
        case VIR_DOMAIN_DIRTYRATE_MEASURED: status = .measured
        default:
            throw LibvirtError(
                operation: operation, code: .internalError, domain: 0,
                message: "the daemon reports the status \(number), which is unknown here")
        }
        if case .string(let word) = values["dirtyrate.calc_mode"] {
            mode = Mode(rawValue: word)
        } else {
            mode = nil
        }
        period = values["dirtyrate.calc_period"]?.unsigned.map { .seconds(Int64(clamping: $0)) }
        mebibytesPerSecond = values["dirtyrate.megabytes_per_second"]?.unsigned
    }
}
