internal import CLibvirt

extension DomainHandle {
    /// A piece of a running guest's memory, as the guest itself would see it at physical addresses.
    ///
    /// - Parameters:
    ///   - address: the first byte.
    ///   - count: bytes; libvirt's wire carries 4 MiB at most.
    /// - Returns: the bytes; where there is no memory, zeros or an error, as QEMU likes.
    /// - Throws: `LibvirtError`, with `.operationDenied` on a read-only connection.
    ///   Source: `virDomainMemoryPeek`.
    package borrowing func memory(at address: UInt64, count: Int) throws(LibvirtError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try check(
            "read a guest's memory",
            unsafe virDomainMemoryPeek(
                raw, CUnsignedLongLong(address), count, &bytes, UInt32(VIR_MEMORY_PHYSICAL.rawValue)))
        return bytes
    }
}
