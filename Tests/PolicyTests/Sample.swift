import FleetModel

/// A healthy pair of hosts and a running guest, to be bent by each test.
struct Sample: Sendable {
    var state = GuestState(.running, reason: "booted")
    var activity: GuestActivity?
    var memory = ByteCount.mebibytes(2048)
    var vcpus = 2
    var hardware = Sample.hardware
    var cpu = Reading.known(Sample.cpu())
    var disks: [DiskFacts] = []
    var interfaces: [InterfaceFacts] = []
    var source = Machine("alpha", address: "192.0.2.11")
    var destination = Machine("beta", address: "192.0.2.12")
    var control: Reading<PathFacts.Port>? = .known(.open)
    var data: Reading<PathFacts.Port>? = .known(.refused)
    var clock = Reading.known(ClockOffset(offset: .milliseconds(20), error: .milliseconds(10)))
    var sameName: Guest?
    var sameUUID: Guest?
    /// Of a guest that does not run.
    var cold: ColdFacts?
    /// Of a live move that is to be relayed.
    var relay: Carriers?
    var policy: PolicyFacts?
    var isDestinationMarked: Bool?
    var resident: ByteCount?
    var memorySample: Reading<MemorySample>?
    /// Other moves under way.
    var reservations: [Reservation] = []

    func with(_ change: (inout Sample) -> Void) -> Sample {
        var copy = self
        change(&copy)
        return copy
    }

    static let identity = GuestIdentity(name: "web01", uuid: "aaaaaaaa-0000-0000-0000-000000000000")

    static func guest(
        _ identity: GuestIdentity = identity, on host: String, _ state: GuestState
    ) -> Guest {
        Guest(
            identity: identity, host: host, state: state, memory: .mebibytes(2048), vcpus: 2,
            isPersistent: true, activity: nil)
    }

    /// What a guest that is shut off has besides its disks, with apus on both hosts.
    static func cold(
        _ files: [ColdFacts.File] = [], sender: Reading<String> = .known("0.1.0"),
        receiver: Reading<String> = .known("0.1.0")
    ) -> ColdFacts {
        var cold = ColdFacts(files: .known(files), carriers: Carriers(sender: sender, receiver: receiver))
        cold.there = .known([])
        return cold
    }

    /// The guest shut off, with a disk that the destination does not have.
    mutating func shutOff(_ change: (inout DiskFacts) -> Void = { _ in }) {
        state = GuestState(.shutOff, reason: "shutdown")
        cold = Self.cold()
        disks = [Self.disk(.absent("no such file"), change)]
    }

    static let tpmState = "/var/lib/libvirt/swtpm/\(identity.uuid)/tpm2/tpm2-00.permall"

    /// The guest shut off, its disk shared, with a TPM's state of the content `same` that the destination has too, with
    /// this content.
    mutating func leave(_ digest: String?) {
        shutOff()
        disks = [Self.disk()]
        func state(_ digest: String?) -> ColdFacts.File {
            ColdFacts.File(kind: .tpm, path: Self.tpmState, size: ByteCount(6144), digest: digest)
        }
        cold = Self.cold([state("same")])
        cold?.there = .known([state(digest)])
    }

    /// Two, the second made upon the first.
    static let snapshots = [
        GuestHardware.Snapshot(name: "before-upgrade"),
        GuestHardware.Snapshot(name: "after-upgrade", parent: "before-upgrade", isCurrent: true),
    ]

    static var hardware: GuestHardware {
        var hardware = GuestHardware()
        hardware.machine = "pc-q35-7.2"
        hardware.emulator = "/usr/bin/qemu-system-x86_64"
        return hardware
    }

    static func cpu(
        mode: CPUFacts.Mode = .custom, defined: CPUFacts.Mode? = nil, check: String? = "partial",
        source: CPUFacts.Verdict = .fits, destination: CPUFacts.Verdict = .fits
    ) -> CPUFacts {
        CPUFacts(
            mode: mode, definedMode: defined ?? mode, model: mode == .custom ? "Skylake-Server" : nil,
            check: check, required: [], source: source, destination: destination)
    }

    static func hostCPU(
        _ features: [String] = ["aes", "avx2", "sse4.2"], microcode: String = "50654",
        frequency: UInt64? = 2_600_000_000, scales: Bool? = false
    ) -> HostCPU {
        HostCPU(
            architecture: "x86_64", model: "Skylake-Server", vendor: "Intel", features: features,
            microcode: microcode, timeStampFrequency: frequency, scalesTimeStamps: scales)
    }

    /// A disk whose image, `/images/web01.qcow2` unless named, is shared as it says.
    static func disk(
        _ sharing: DiskFacts.Sharing = .proven("a probe file was seen on both", libvirtAgrees: true),
        at location: DiskFacts.Location = .file("/images/web01.qcow2"),
        _ change: (inout DiskFacts) -> Void = { _ in }
    ) -> DiskFacts {
        var disk = DiskFacts(target: "vda")
        disk.chain = [DiskFacts.Image(location: location, format: "qcow2", sharing: sharing)]
        disk.cache = "none"
        disk.capacity = .mebibytes(10240)
        disk.allocation = .mebibytes(4096)
        if case .file(let path) = location { disk.place = sharing.isProven ? nil : .known(place(path)) }
        change(&disk)
        return disk
    }

    /// A good place for a copy.
    static func place(
        _ path: String = "/images/web01.qcow2", exists: Bool = false, directoryExists: Bool = true,
        isWritable: Bool = true, free: ByteCount = .mebibytes(102_400)
    ) -> DiskFacts.Place {
        DiskFacts.Place(
            path: path, exists: exists, directoryExists: directoryExists, isWritable: isWritable, free: free)
    }

    static func reservation(
        _ guest: String, from source: String = "alpha", to destination: String = "beta",
        memory: ByteCount = .mebibytes(1)
    ) -> Reservation {
        Reservation(
            move: guest, guest: GuestIdentity(name: guest, uuid: guest), source: source,
            destination: destination,
            memory: memory, owner: ProcessMark(pid: 4711, started: 1, boot: ""), since: 0)
    }

    /// One of the two hosts.
    struct Machine: Sendable {
        let name: String
        let address: String
        var uuid: String?
        var uri: String
        var peerURI: String?
        var migrationAddress: String?
        var tlsName: String?
        var remoteShell: [String]? = ["ssh", "root@host"]
        var peerShell: [String]?
        var libvirt = SoftwareVersion(9, 0, 0)
        var qemu = SoftwareVersion(7, 2, 22)
        var processors = 8
        var memory = ByteCount.mebibytes(16384)
        var freeMemory: ByteCount? = .mebibytes(1024)
        var details: HostDetails

        init(_ name: String, address: String) {
            self.name = name
            self.address = address
            uuid = "11111111-0000-0000-0000-\(name)"
            uri = "qemu+ssh://\(name)/system"
            peerURI = "qemu+tls://\(name).example/system"
            migrationAddress = address
            details = Self.details(name, address)
        }

        var facts: HostFacts {
            HostFacts(
                host: Host(
                    name: name, uri: uri, peerURI: peerURI, migrationAddress: migrationAddress,
                    remoteShell: remoteShell, peerShell: peerShell, tlsName: tlsName), uuid: uuid,
                libvirtVersion: libvirt,
                hypervisorVersion: qemu, processors: processors, memory: memory, freeMemory: freeMemory,
                details: details)
        }

        private static func details(_ name: String, _ address: String) -> HostDetails {
            var details = HostDetails()
            details.cpu = .known(hostCPU())
            details.hypervisor = .known(hypervisor())
            details.processors = Array(0..<8)
            details.numaNodes = [0]
            details.availableMemory = .known(.mebibytes(8192))
            details.pages = [
                HostDetails.Pages(size: ByteCount(4096), free: 2_000_000),
                HostDetails.Pages(size: .mebibytes(2), free: 1024),
            ]
            details.networks = .known([
                HostDetails.Network(name: "front", isActive: true, bridge: "virbr0", portGroups: ["dmz"])
            ])
            details.links = .known([
                HostDetails.Link(name: "br0", kind: .bridge, mtu: 9000),
                HostDetails.Link(name: "ovs0", kind: .openVSwitch, mtu: 1500),
                HostDetails.Link(name: "eno1", kind: .other, mtu: 9000),
                HostDetails.Link(name: "virbr0", kind: .bridge, mtu: 1500),
            ])
            details.addresses = .known([address])
            details.ownName = .known(HostDetails.OwnName(name: "\(name).example", addresses: [address]))
            details.ports = .known(HostDetails.PortRange(used: 1))
            details.certificate = .known(
                HostDetails.Certificate(names: ["\(name).example"], remaining: .seconds(300 * 86400)))
            details.secrets = .known([])
            details.pools = .known([
                HostDetails.Pool(name: "default", type: "dir", isActive: true, directory: "/images")
            ])
            details.presentPaths = .known([])
            details.tpmStateFileSystem = .known("ext4")
            return details
        }

        static func hypervisor(
            emulator: String? = "/usr/bin/qemu-system-x86_64", hasMachine: Bool = true,
            hasVirtualization: Bool = true, maximumProcessors: Int? = 288, emulatesTPM: Bool = true
        ) -> HostDetails.Hypervisor {
            HostDetails.Hypervisor(
                emulator: emulator, hasMachine: hasMachine, nearestMachine: "pc-q35-7.1",
                hasVirtualization: hasVirtualization, maximumProcessors: maximumProcessors,
                emulatesTPM: emulatesTPM)
        }
    }

    var facts: MoveFacts {
        var facts = MoveFacts(
            guest: Guest(
                identity: Self.identity, host: source.name, state: state, memory: memory, vcpus: vcpus,
                isPersistent: true, activity: activity),
            hardware: hardware, cpu: cpu, disks: disks, interfaces: interfaces, source: source.facts,
            destination: destination.facts,
            path: PathFacts(
                control: control.map {
                    PathFacts.Probe(address: "beta.example", number: 16514, answer: $0)
                },
                data: data.map {
                    PathFacts.Probe(address: destination.address, number: 49152, answer: $0)
                }, clockOffset: clock),
            sameName: sameName, sameUUID: sameUUID)
        facts.count(reservations)
        facts.cold = cold
        facts.relay = relay
        facts.policy = policy
        facts.isDestinationMarked = isDestinationMarked
        facts.memorySample = memorySample
        if let resident { facts.residentMemory = .known(resident) }
        return facts
    }
}

extension DiskFacts.Sharing {
    fileprivate var isProven: Bool {
        if case .proven = self { true } else { false }
    }
}
