internal import CLibvirt

/// How a guest's memory is used, in bytes; `nil` where neither guest nor host tells.
///
/// Source: `virDomainMemoryStats`, which counts KiB. What the guest itself knows (unused, usable) needs a
/// balloon device with a driver that reports.
package struct MemoryStatistics: Sendable, Equatable {
    /// What the balloon leaves the guest.
    package let actualBytes: UInt64?
    /// What QEMU's process takes up on the host.
    package let residentBytes: UInt64?
    /// What the guest has not touched or has given back.
    package let unusedBytes: UInt64?
    /// What the guest could give to a program without swapping; caches count.
    package let usableBytes: UInt64?
}

extension DomainHandle {
    /// How the guest's memory is used.
    ///
    /// - Throws: `LibvirtError`, with `.operationInvalid` where the guest does not run, `.noSupport`.
    package borrowing func memoryStatistics() throws(LibvirtError) -> MemoryStatistics {
        let capacity = Int(VIR_DOMAIN_MEMORY_STAT_NR.rawValue)
        var statistics = [virDomainMemoryStatStruct](repeating: .init(), count: capacity)
        let count = try check(
            "read a guest's memory statistics",
            unsafe virDomainMemoryStats(raw, &statistics, UInt32(capacity), 0))
        func bytes(_ tag: virDomainMemoryStatTags) -> UInt64? {
            guard let entry = statistics.prefix(Int(count)).first(where: { $0.tag == tag.rawValue }) else {
                return nil
            }
            let (bytes, overflow) = entry.val.multipliedReportingOverflow(by: 1024)
            return overflow ? nil : bytes
        }
        return MemoryStatistics(
            actualBytes: bytes(VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON),
            residentBytes: bytes(VIR_DOMAIN_MEMORY_STAT_RSS),
            unusedBytes: bytes(VIR_DOMAIN_MEMORY_STAT_UNUSED),
            usableBytes: bytes(VIR_DOMAIN_MEMORY_STAT_USABLE))
    }
}
