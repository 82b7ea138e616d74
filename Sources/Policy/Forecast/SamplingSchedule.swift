package import FleetModel

/// How the writes of a running guest are best measured: which periods, and how QEMU counts.
package struct SamplingSchedule: Sendable, Hashable {
    package let periods: [Duration]
    package let mode: DirtySample.Mode

    /// KVM's dirty log is exact where QEMU can count it (6.2) and libvirt can ask for it (8.1); else page
    /// sampling.
    package init(_ facts: MoveFacts) {
        let host = facts.source
        let hasLog =
            facts.hardware.virtualization == "kvm" && host.hypervisorVersion >= SoftwareVersion(6, 2, 0)
            && host.libvirtVersion >= SoftwareVersion(8, 1, 0)
        mode = hasLog ? .dirtyBitmap : .pageSampling
        periods = [.seconds(1), .seconds(1), .seconds(2)]
    }
}
