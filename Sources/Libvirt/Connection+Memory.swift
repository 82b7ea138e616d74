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
