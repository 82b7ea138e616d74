internal import CLibvirt

extension DomainHandle {
    /// Begins to copy a disk of a running guest into another image of its host, and then keeps both the same until the
    /// copy is ended. Source: `virDomainBlockCopy`.
    ///
    /// - Parameters:
    ///   - disk: the disk's target (`vda`).
    ///   - destination: a `<disk>` document that names the image, which is there and as large as the disk.
    ///   - onlyTop: whether the images below stay out, because the new image has them below itself.
    ///   - bandwidthBytesPerSecond: `nil` is no limit.
    /// - Throws: `LibvirtError`, with `.operationInvalid` where the guest does not run or the disk has a job already.
    package borrowing func beginBlockCopy(
        disk: String, to destination: String, onlyTop: Bool, bandwidthBytesPerSecond: UInt64?
    ) throws(LibvirtError) {
        var parameters = TypedParameters()
        if let bandwidthBytesPerSecond {
            try parameters.add(VIR_DOMAIN_BLOCK_COPY_BANDWIDTH, .uint64(bandwidthBytesPerSecond))
        }
        // Transient: the copy is not there after a restart of the guest, and only so may a guest with a definition
        // have one.
        var flags = VIR_DOMAIN_BLOCK_COPY_REUSE_EXT.rawValue | VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB.rawValue
        if onlyTop { flags |= VIR_DOMAIN_BLOCK_COPY_SHALLOW.rawValue }
        try check(
            "copy the disk \(disk)",
            unsafe virDomainBlockCopy(raw, disk, destination, parameters.raw, parameters.count, flags))
    }

    /// Ends a copy, and waits until it has ended. Source: `virDomainBlockJobAbort`.
    ///
    /// - Parameters:
    ///   - disk: the disk's target (`vda`).
    ///   - changesOver: whether the guest goes on with the copy, and its definition names it, where it named the old
    ///     image; else the copy is given up.
    /// - Throws: `LibvirtError`, with `.invalidArgument` where the disk has none, `.blockCopyActive` for one that is
    ///   not the same yet.
    package borrowing func endBlockCopy(disk: String, changesOver: Bool) throws(LibvirtError) {
        let flags = changesOver ? VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT.rawValue : 0
        try check(
            changesOver ? "change over to the copy of the disk \(disk)" : "end the copy of the disk \(disk)",
            unsafe virDomainBlockJobAbort(raw, disk, flags))
    }
}
