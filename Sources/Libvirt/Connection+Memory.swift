internal import CLibvirt

extension Connection {
    /// Free pages of the whole host, all NUMA cells together. Source: `virNodeGetFreePages`.
    ///
    /// - Parameter sizesKibibytes: the sizes that are asked for, as the capabilities document names them.
    /// - Returns: how many pages are free, by size in KiB.
    /// - Throws: `LibvirtError`, with `.noSupport` where the driver cannot tell, `.operationFailed` for a
    ///   size that the host does not have.
    package func freePages(sizesKibibytes: [UInt32]) throws(LibvirtError) -> [UInt32: UInt64] {
        guard !sizesKibibytes.isEmpty else { return [:] }
        var sizes = sizesKibibytes
        var counts = [UInt64](repeating: 0, count: sizes.count)
        // Cell -1 is the host as a whole.
        try check(
            "count the free pages of \(uri)",
            unsafe virNodeGetFreePages(
                handle.raw, UInt32(clamping: sizes.count), &sizes, -1, 1, &counts, 0))
        return Dictionary(zip(sizes, counts)) { first, _ in first }
    }
}

extension Connection {
    /// What programs could still get: free memory, and what caches would give back.
    ///
    /// - Returns: bytes; `nil` where the driver does not tell.
    /// - Throws: `LibvirtError`, with `.noSupport` where the driver has no such call.
    ///   Source: `virNodeGetMemoryStats` of all cells (free, buffers, cached).
    package func availableMemoryBytes() throws(LibvirtError) -> UInt64? {
        let everyCell = VIR_NODE_MEMORY_STATS_ALL_CELLS.rawValue
        var count: CInt = 0
        try check(
            "read the memory of \(uri)",
            unsafe virNodeGetMemoryStats(handle.raw, everyCell, nil, &count, 0))
        guard count > 0 else { return nil }
        var list = [virNodeMemoryStats](repeating: virNodeMemoryStats(), count: Int(count))
        try check(
            "read the memory of \(uri)",
            unsafe virNodeGetMemoryStats(handle.raw, everyCell, &list, &count, 0))
        var kibibytes: UInt64 = 0
        var isTold = false
        for entry in list {
            let name = unsafe withUnsafeBytes(of: entry.field) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard ["free", "buffers", "cached"].contains(name) else { continue }
            isTold = true
            kibibytes += entry.value
        }
        return isTold ? kibibytes * 1024 : nil
    }
}
