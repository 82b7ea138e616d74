import DomainXML
import FleetModel
import Libvirt

extension HostSurvey {
    /// What the host's libvirt tells.
    func libvirtDetails(_ capabilities: HostCapabilities?) async -> HostDetails {
        var details = HostDetails()
        let document = await domainCapabilities(guest.kind)
        if let capabilities {
            details.processors = capabilities.cells.flatMap(\.processors).sorted()
            details.numaNodes = capabilities.cells.map(\.id)
            details.pages = await freePages(capabilities.pageSizesBytes)
        }
        details.cpu = await hostCPU(capabilities, document)
        details.hypervisor = await hypervisor(capabilities, document)
        details.availableMemory = await link.read { (connection) throws(LibvirtError) in
            try await connection.availableMemoryBytes().map(ByteCount.init)
        }
        details.load = await load()
        details.networks = await networks()
        if guest.hardware.secrets.isEmpty {
            details.secrets = .known([])
        } else {
            details.secrets = await link.read { (connection) throws(LibvirtError) in
                try await connection.secrets().flatMap { [$0.uuid, $0.usageID] }
            }
        }
        return details
    }

    /// A libvirtd that has not yet examined its QEMU does so at the first question, for many seconds.
    private static let examination = Duration.seconds(60)

    func capabilities() async -> HostCapabilities? {
        guard
            let text = try? await link.ask(
                within: Self.examination,
                { (connection) throws(LibvirtError) in
                    try await connection.capabilities()
                })
        else { return nil }
        return try? HostCapabilities(parsing: text)
    }

    private func domainCapabilities(_ kind: HypervisorKind) async -> DomainCapabilities? {
        guard
            let text = try? await link.ask(
                within: Self.examination,
                { (connection) throws(LibvirtError) in
                    try await connection.domainCapabilities(for: kind)
                })
        else { return nil }
        return try? DomainCapabilities(parsing: text)
    }

    private func freePages(_ sizes: [UInt64]) async -> [HostDetails.Pages] {
        let wanted = sizes.map { UInt32(clamping: $0 / 1024) }
        let free = try? await link.ask { (connection) throws(LibvirtError) in
            try await connection.freePages(sizesKibibytes: wanted)
        }
        return (free ?? [:]).sorted { $0.key < $1.key }.map { size, count in
            HostDetails.Pages(size: ByteCount(UInt64(size) * 1024), free: count)
        }
    }

    /// The host's processor, with every feature by name where a guest is shown the host's own.
    private func hostCPU(
        _ capabilities: HostCapabilities?, _ document: DomainCapabilities?
    ) async -> Reading<HostCPU> {
        guard let processor = capabilities?.processor else {
            return .notKnown("\(link.host.name) gave no capabilities that could be read")
        }
        let hostModel = document?.processors.hostModel
        var features = hostModel?.features.filter(\.isRequired).map(\.name) ?? processor.features
        let isShown = guest.cpu?.mode == .hostPassthrough || guest.cpu?.mode == .maximum
        if isShown, let xml = hostModel?.xml {
            let kind = guest.kind
            let expanded = try? await link.ask { (connection) throws(LibvirtError) in
                try await connection.baselineCPU([xml], for: kind, expandFeatures: true, migratable: false)
            }
            if let expanded, let cpu = try? CPUDefinition(parsing: expanded) {
                features = cpu.features.filter(\.isRequired).map(\.name)
            }
        }
        return .known(
            HostCPU(
                architecture: processor.architecture, model: hostModel?.model ?? processor.model,
                vendor: hostModel?.vendor ?? processor.vendor, features: Set(features).sorted(),
                microcode: processor.microcodeVersion.map { "\($0)" },
                timeStampFrequency: processor.tscFrequencyHertz, scalesTimeStamps: processor.scalesTSC))
    }

    /// Whether the emulator, the machine type and the way of running are there.
    private func hypervisor(
        _ capabilities: HostCapabilities?, _ document: DomainCapabilities?
    ) async -> Reading<HostDetails.Hypervisor> {
        let hardware = guest.hardware
        guard let capabilities else {
            return .notKnown("\(link.host.name) gave no capabilities that could be read")
        }
        let kinds = capabilities.guests.filter { $0.architecture == hardware.architecture }
        let machines = Set(kinds.flatMap(\.machines).flatMap { [$0.name, $0.canonical].compactMap(\.self) })
        if let document {
            return .known(
                HostDetails.Hypervisor(
                    emulator: document.emulator, hasMachine: true, nearestMachine: nil,
                    hasVirtualization: true, maximumProcessors: document.maximumVirtualProcessors,
                    emulatesTPM: document.tpmBackends?.contains("emulator") ?? false))
        }
        // libvirt refused the whole; which part it was, its lists tell.
        let emulatorAlone = HypervisorKind(
            emulator: hardware.emulator, architecture: hardware.architecture, machine: nil,
            virtualization: "qemu")
        let plain = await domainCapabilities(emulatorAlone)
        let accelerators = kinds.flatMap(\.accelerators)
        let family = hardware.machine.lastIndex(of: "-").map { String(hardware.machine[..<$0]) }
        return .known(
            HostDetails.Hypervisor(
                emulator: plain?.emulator, hasMachine: machines.contains(hardware.machine),
                nearestMachine: family.flatMap { family in
                    machines.filter { $0.hasPrefix("\(family)-") }
                        .max { Self.version($0).lexicographicallyPrecedes(Self.version($1)) }
                },
                hasVirtualization: hardware.virtualization == "qemu"
                    || (hardware.virtualization == "kvm" && accelerators.contains(.kvm)),
                maximumProcessors: plain?.maximumVirtualProcessors,
                emulatesTPM: plain?.tpmBackends?.contains("emulator") ?? false))
    }

    /// The numbers in a machine type's name, so that 7.10 is newer than 7.2.
    private static func version(_ machine: String) -> [Int] {
        (machine.split(separator: "-").last ?? "").split(separator: ".").map { Int($0) ?? 0 }
    }

    /// The moves that the host takes part in, whoever runs them.
    private func load() async -> HostDetails.Load {
        var load = HostDetails.Load()
        let domains: [DomainSummary]
        do throws(ApusError) {
            domains = try await link.ask { (connection) throws(LibvirtError) in try await connection.domains()
            }
        } catch {
            load.unread = error.detail
            return load
        }
        for domain in domains {
            switch domain.job {
            case .migrationOut:
                load.outgoing += 1
                load.moving.append(domain.uuid)
            case .migrationIn:
                load.incoming += 1
                load.moving.append(domain.uuid)
                load.reservedMemory = ByteCount(load.reservedMemory.bytes + domain.memoryBytes)
            default: break
            }
        }
        return load
    }

    private func networks() async -> Reading<[HostDetails.Network]> {
        let usesNetworks = guest.interfaces.contains { interface in
            guard case .network = interface.connection else { return false }
            return true
        }
        guard usesNetworks else { return .known([]) }
        return await link.read { (connection) throws(LibvirtError) in
            try await connection.networks().map { network in
                HostDetails.Network(
                    name: network.name, isActive: network.isActive, bridge: network.bridge,
                    portGroups: (try? NetworkDefinition(parsing: network.xml))?.portGroups ?? [])
            }
        }
    }
}
