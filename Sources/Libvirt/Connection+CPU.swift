internal import CLibvirt

/// What a host says of a processor that a guest is to be shown. Source: `virCPUCompareResult`.
package enum CPUComparison: Sendable, Equatable {
    /// The host lacks something; the reason is libvirt's sentence, which names the missing features.
    case incompatible(reason: String)
    case identical
    /// The host has all of it, and more.
    case superset
    /// The daemon answered with something that this build has no name for.
    case notTold(String)
}

/// One way of running guests on a host: QEMU's answer about processors depends on each of the four.
///
/// `nil` leaves the choice to the host.
package struct HypervisorKind: Sendable, Hashable {
    /// The program's path, such as `/usr/bin/qemu-system-x86_64`.
    package let emulator: String?
    /// Such as `x86_64`.
    package let architecture: String?
    /// Such as `pc-q35-7.2`.
    package let machine: String?
    /// `kvm` or `qemu`.
    package let virtualization: String?

    package init(emulator: String?, architecture: String?, machine: String?, virtualization: String?) {
        self.emulator = emulator
        self.architecture = architecture
        self.machine = machine
        self.virtualization = virtualization
    }
}

extension Connection {
    /// Compares a processor with what this host can show a guest. Source: `virConnectCompareHypervisorCPU`.
    ///
    /// - Parameters:
    ///   - xml: a `<cpu>` element alone, a guest's or a host's.
    ///   - kind: how the guest would be run here.
    /// - Returns: the comparison; a processor that does not fit is an answer, not an error.
    /// - Throws: `LibvirtError`, with `.noSupport`, `.argumentUnsupported` or `.configUnsupported` where the
    ///   driver or QEMU cannot tell, `.invalidArgument` for an emulator or machine that is not there.
    package func compareCPU(
        _ xml: String, for kind: HypervisorKind
    ) throws(LibvirtError) -> CPUComparison {
        let flags = VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE.rawValue
        let status = unsafe virConnectCompareHypervisorCPU(
            handle.raw, kind.emulator, kind.architecture, kind.machine, kind.virtualization, xml, flags)
        do throws(LibvirtError) {
            return try CPUComparison(raw: check("compare a processor with \(uri)", status))
        } catch {
            guard error.code == .cpuIncompatible else { throw error }
            return .incompatible(reason: error.message)
        }
    }

    /// The greatest processor that all of several have. Source: `virConnectBaselineHypervisorCPU`.
    ///
    /// - Parameters:
    ///   - documents: `<cpu>` elements, at least one: those of `virsh capabilities`, or of the `host-model`
    ///     mode in `virsh domcapabilities`, which is closer to what QEMU can really show.
    ///   - kind: how guests would be run, on this connection's host.
    ///   - expandFeatures: whether every feature is listed, not only what is beyond the model.
    ///   - migratable: whether features that forbid a migration are left out.
    /// - Returns: a `<cpu>` element as a guest's definition takes it.
    /// - Throws: `LibvirtError`, with `.invalidArgument` for no document, `.noSupport` or
    ///   `.configUnsupported` where the driver cannot, `.operationFailed` where nothing is common.
    package func baselineCPU(
        _ documents: [String], for kind: HypervisorKind, expandFeatures: Bool, migratable: Bool
    ) throws(LibvirtError) -> String {
        var flags: UInt32 = 0
        if expandFeatures { flags |= VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES.rawValue }
        if migratable { flags |= VIR_CONNECT_BASELINE_CPU_MIGRATABLE.rawValue }
        let baseline = unsafe withCStrings(documents) { texts in
            unsafe virConnectBaselineHypervisorCPU(
                handle.raw, kind.emulator, kind.architecture, kind.machine, kind.virtualization,
                texts, UInt32(clamping: documents.count), flags)
        }
        return try unsafe adopt("compute a common processor on \(uri)", baseline)
    }

    /// What guests of one kind can be given here: processors, machine, devices.
    ///
    /// Source: `virConnectGetDomainCapabilities`; an element that is left out of the kind is the host's
    /// choice.
    ///
    /// - Throws: `LibvirtError`, with `.noSupport` where the driver has none, `.invalidArgument` for an
    ///   emulator, architecture, machine or virtualisation that is not there.
    package func domainCapabilities(for kind: HypervisorKind) throws(LibvirtError) -> String {
        try unsafe adopt(
            "read what guests can be given on \(uri)",
            virConnectGetDomainCapabilities(
                handle.raw, kind.emulator, kind.architecture, kind.machine, kind.virtualization, 0))
    }
}

extension CPUComparison {
    init(raw: CInt) {
        switch virCPUCompareResult(raw) {
        case VIR_CPU_COMPARE_INCOMPATIBLE: self = .incompatible(reason: "libvirt does not say why")
        case VIR_CPU_COMPARE_IDENTICAL: self = .identical
        case VIR_CPU_COMPARE_SUPERSET: self = .superset
        default: self = .notTold("libvirt answered \(raw)")
        }
    }
}
