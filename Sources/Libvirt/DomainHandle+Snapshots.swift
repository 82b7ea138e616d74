internal import CLibvirt

extension DomainHandle {
    /// How many snapshots libvirt keeps of the guest, 0 where the driver has none.
    ///
    /// Source: `virDomainSnapshotNum`.
    package borrowing func snapshotCount() throws(LibvirtError) -> Int {
        try Self.count("count a guest's snapshots", unsafe virDomainSnapshotNum(raw, 0))
    }

    /// How many checkpoints libvirt keeps of the guest, 0 where the driver has none.
    ///
    /// Source: `virDomainListAllCheckpoints`.
    package borrowing func checkpointCount() throws(LibvirtError) -> Int {
        try Self.count("count a guest's checkpoints", unsafe virDomainListAllCheckpoints(raw, nil, 0))
    }

    private static func count(_ operation: String, _ status: CInt) throws(LibvirtError) -> Int {
        do throws(LibvirtError) {
            return Int(try check(operation, status))
        } catch  where error.code == .noSupport {
            return 0
        }
    }
}
