import DomainXML
import FleetModel
import Libvirt

/// A guest's definition, put into the words of a check.
struct GuestReading: Sendable {
    /// A path that a host must have, and where to look for it.
    struct NeededPath: Sendable, Hashable {
        let path: String
        /// The path itself, or for a file that QEMU creates, its directory.
        let looked: String
    }

    let hardware: GuestHardware
    let interfaces: [InterfaceFacts]
    var disks: [DiskDefinition]
    let cpu: CPUDefinition?
    /// How the next start would name its processor.
    let definedMode: CPUFacts.Mode
    let kind: HypervisorKind
    let settings: GuestSettings

    /// - Parameters:
    ///   - live: what runs now.
    ///   - migratable: the form that the other host gets; its `<cpu>` is the guest's true one.
    ///   - inactive: what the next start would use; `nil` for a guest without a definition.
    ///   - snapshots: those that libvirt knows.
    ///   - checkpoints: how many libvirt knows.
    ///   - isAutostarted: whether its host starts it.
    /// - Throws: `XMLError` with `missing` for a disk without a target.
    init(
        live: GuestDefinition, migratable: GuestDefinition?, inactive: GuestDefinition?,
        snapshots: [GuestHardware.Snapshot], checkpoints: Int, isAutostarted: Bool = false
    ) throws(XMLError) {
        var hardware = GuestHardware(live)
        hardware.snapshots = snapshots
        hardware.checkpoints = checkpoints
        self.hardware = hardware
        interfaces = live.interfaces.enumerated().map { InterfaceFacts($0.element, number: $0.offset) }
        disks = try live.disks
        settings = GuestSettings(
            isAutostarted: isAutostarted, metadata: live.metadata, definitionMetadata: inactive?.metadata)
        cpu = (migratable ?? live).cpu
        definedMode = CPUFacts.Mode((inactive ?? live).cpu?.mode)
        kind = HypervisorKind(
            emulator: hardware.emulator, architecture: hardware.architecture, machine: hardware.machine,
            virtualization: hardware.virtualization)
    }

    /// Every path that the destination must have.
    var neededPaths: [NeededPath] {
        let firmware = [hardware.firmware?.loader, hardware.firmware?.template].compactMap(\.self)
        return hardware.paths.map { need in
            NeededPath(
                path: need.path, looked: need.kind == .createdFile ? Path.directory(of: need.path) : need.path
            )
        } + firmware.map { NeededPath(path: $0, looked: $0) }
    }
}

/// Paths as text.
enum Path {
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// Without doubled and trailing slashes.
    static func normal(_ path: String) -> String {
        "/" + path.split(separator: "/").joined(separator: "/")
    }
}

extension CPUFacts.Mode {
    init(_ mode: CPUDefinition.Mode?) {
        switch mode {
        case nil: self = .unspecified
        case .custom: self = .custom
        case .hostModel: self = .hostModel
        case .hostPassthrough: self = .hostPassthrough
        case .maximum: self = .maximum
        case .other: self = .other
        }
    }
}

extension GuestHardware {
    fileprivate init(_ guest: GuestDefinition) {
        self.init()
        architecture = guest.architecture ?? architecture
        machine = guest.machine ?? ""
        emulator = guest.emulator
        virtualization =
            switch guest.accelerator {
            case .kvm: "kvm"
            case .qemu: "qemu"
            case .other(let name): name
            }
        hostDevices = Self.hostDevices(guest)
        releases = Self.releases(guest)
        fileSystems = guest.fileSystems.map {
            FileSystem(driver: $0.driver.name, source: $0.source ?? "", target: $0.target ?? "")
        }
        sharedMemory = guest.sharedMemory.map {
            SharedMemory(name: $0.name ?? "", isMaster: $0.role == .master)
        }
        paths = Self.paths(guest)
        redirectedDevices = guest.characterDevices.count { $0.kind == .redirdev }
        agent = Self.agent(guest)
        readMemory(guest)
        pinnedProcessors = Self.pinned(guest)
        launchSecurity = guest.launchSecurity
        tpm = guest.tpm.map { tpm in
            switch tpm.backend {
            case .emulator: .emulator(version: tpm.version)
            case .passthrough(let device): .passthrough(device ?? "")
            case .other(let name): .other(name)
            }
        }
        firmware = guest.firmware.map {
            Firmware(loader: $0.loader, variables: $0.variablesPath, template: $0.variablesTemplate)
        }
        timeStampFrequency = guest.timers.first { $0.name == "tsc" }?.frequencyHertz
        hasInvariantTimeStamps = guest.hasInvariantTSC
        listenAddresses = guest.graphics.flatMap(\.listeners).filter { $0.type == "address" }
            .compactMap(\.address)
        secrets = guest.secretReferences.map {
            SecretNeed(reference: $0.uuid ?? $0.usage ?? "", use: $0.purpose.use)
        }
    }

    private static func hostDevices(_ guest: GuestDefinition) -> [HostDevice] {
        let assigned = guest.hostDevices.map { device in
            let kind: HostDevice.Kind =
                switch device.kind {
                case .usb: .usb
                case .pci: .pci
                case .mdev: .mdev
                case .scsi, .scsiHost: .scsi
                case .other: .other
                }
            return HostDevice(
                kind: kind, address: device.address ?? "",
                isTeamedTransient: device.teaming?.kind == .transient, alias: device.alias)
        }
        let plugged = guest.interfaces.compactMap { interface -> HostDevice? in
            let isTransient = interface.teaming?.kind == .transient
            switch interface.connection {
            case .hostDevice(let address):
                return HostDevice(
                    kind: .sriov, address: address, isTeamedTransient: isTransient, alias: interface.alias)
            case .vdpa(let device):
                return HostDevice(
                    kind: .vdpa, address: device, isTeamedTransient: isTransient, alias: interface.alias)
            default: return nil
            }
        }
        return assigned + plugged + guest.inputPaths.map { HostDevice(kind: .evdev, address: $0) }
    }

    /// The devices that the guest's policy lets go; libvirt takes care of those that are teamed.
    private static func releases(_ guest: GuestDefinition) -> [Release] {
        (guest.policy?.detachments ?? []).flatMap { detachment in
            guest.devices(meant: detachment.device).compactMap { device -> Release? in
                guard let alias = device.attribute("name", at: "alias"),
                    device.attribute("type", at: "teaming") != "transient"
                else { return nil }
                return Release(
                    alias: alias, name: device.deviceName,
                    replacements: detachment.attachments.mapValues { element in
                        element.map { .element($0.serialized()) } ?? .nothing
                    })
            }
        }.reduce(into: []) { known, release in
            if !known.contains(where: { $0.alias == release.alias }) { known.append(release) }
        }
    }

    /// What serial lines, consoles and channels are tied to on the host.
    private static func paths(_ guest: GuestDefinition) -> [PathNeed] {
        var needs: [PathNeed] = []
        for device in guest.characterDevices {
            let use = device.targetName.map { "\(device.kind.rawValue) \($0)" } ?? device.kind.rawValue
            if let log = device.logPath { needs.append(PathNeed(path: log, kind: .createdFile, use: use)) }
            guard let path = device.path, !isLibvirts(path) else { continue }
            switch device.type {
            case "dev", "pipe", "random": needs.append(PathNeed(path: path, kind: .existing, use: use))
            case "file": needs.append(PathNeed(path: path, kind: .createdFile, use: use))
            case "unix":
                let kind: PathNeed.Kind = device.sourceMode == "connect" ? .existing : .createdFile
                needs.append(PathNeed(path: path, kind: kind, use: use))
            default: break
            }
        }
        if let variables = guest.firmware?.variablesPath {
            needs.append(PathNeed(path: variables, kind: .createdFile, use: "firmware"))
        }
        // A serial line and its console are one device.
        var seen: Set<String> = []
        return needs.filter { seen.insert($0.path).inserted }
    }

    /// Sockets that libvirt makes by itself, and random devices that every host has.
    private static func isLibvirts(_ path: String) -> Bool {
        path == "/dev/urandom" || path == "/dev/random" || path.hasPrefix("/var/lib/libvirt/qemu/channel/")
            || path.hasPrefix("/run/libvirt/qemu/channel/")
    }

    private static func agent(_ guest: GuestDefinition) -> Agent {
        let channels = guest.root.all("devices/channel/target")
        guard let target = channels.first(where: { $0["name"] == "org.qemu.guest_agent.0" }) else {
            return .none
        }
        return target["state"] == "connected" ? .connected : .disconnected
    }

    private mutating func readMemory(_ guest: GuestDefinition) {
        let memory = ByteCount((try? guest.memoryBytes) ?? 0)
        hugePages = (guest.memoryBacking?.hugePages ?? []).prefix(1).map {
            HugePages(size: $0.sizeBytes.map(ByteCount.init), memory: memory)
        }
        loosePlugs = guest.memoryDevices.count {
            ($0.model == .dimm || $0.model == .nvdimm) && !$0.hasSlotAndBase
        }
        guard let tuning = guest.numaTuning else { return }
        let strict = [(tuning.mode, tuning.nodeSet)] + tuning.cells.map { ($0.mode, $0.nodeSet) }
        numaNodes = strict.filter { ($0.0 ?? "strict") == "strict" }
            .compactMap { $0.1.flatMap(CPUSet.init(parsing:)) }
            .reduce(into: Set<Int>()) { $0.formUnion($1.members) }.sorted()
    }

    private static func pinned(_ guest: GuestDefinition) -> [Int] {
        guard let pinning = guest.processorPinning else { return [] }
        let sets =
            [pinning.processors, pinning.emulator].compactMap(\.self) + pinning.pins.map(\.set)
            + pinning.ioThreads.map(\.set)
        return sets.compactMap(CPUSet.init(parsing:)).reduce(into: Set<Int>()) { $0.formUnion($1.members) }
            .sorted()
    }
}

extension GuestDefinition.SecretReference.Purpose {
    fileprivate var use: String {
        switch self {
        case .diskEncryption(let disk): "the encryption of disk \(disk)"
        case .diskAuthentication(let disk): "the server of disk \(disk)"
        case .hostDeviceAuthentication: "a SCSI device's server"
        case .tpmEncryption: "the TPM's state"
        }
    }
}

extension FileSystemDefinition.Driver {
    fileprivate var name: String {
        switch self {
        case .path: "9p"
        case .virtiofs: "virtiofs"
        case .other(let name): name
        }
    }
}

extension InterfaceFacts {
    fileprivate init(_ definition: InterfaceDefinition, number: Int) {
        let connection: Connection =
            switch definition.connection {
            case .bridge(let name):
                definition.virtualPortType == "openvswitch" ? .openVSwitch(name) : .bridge(name)
            case .network(let name): .network(name)
            case .direct(let device, _): .macvtap(device)
            case .vhostUser(let socket): .vhostUser(socket)
            case .user, .ethernet, .hostDevice, .vdpa: .none
            case .other(let type): .other(type)
            }
        self.init(
            name: definition.mac ?? "interface \(number)", connection: connection,
            portGroup: definition.portGroup)
    }
}
