import FleetModel

/// Facts with something of every kind in them, for documents that have to come back as they were.
enum SampleFacts {
    static var full: MoveFacts {
        var facts = MoveFacts(
            guest: guest("alpha"), hardware: hardware, cpu: .known(cpu), disks: disks,
            interfaces: interfaces, source: host("alpha"), destination: host("beta"), path: path,
            sameName: guest("beta"), sameUUID: nil)
        facts.residentMemory = .known(.mebibytes(300))
        return facts
    }

    private static func guest(_ host: String) -> Guest {
        Guest(
            identity: GuestIdentity(name: "web01", uuid: "aaaaaaaa-0000-0000-0000-000000000000"), host: host,
            state: GuestState(.suspended, reason: "other-9"), memory: .mebibytes(2048), vcpus: 2,
            isPersistent: true, activity: .migratingOut)
    }

    private static var hardware: GuestHardware {
        var hardware = GuestHardware()
        hardware.machine = "pc-q35-7.2"
        hardware.emulator = "/usr/bin/qemu-system-x86_64"
        hardware.hostDevices = [.init(kind: .sriov, address: "0000:3b:02.1", isTeamedTransient: true)]
        hardware.fileSystems = [.init(driver: "virtiofs", source: "/data", target: "data")]
        hardware.sharedMemory = [.init(name: "shm", isMaster: false)]
        hardware.paths = [.init(path: "/var/log/x", kind: .createdFile, use: "serial")]
        hardware.hugePages = [.init(size: .mebibytes(2), memory: .mebibytes(2048))]
        hardware.numaNodes = [0]
        hardware.pinnedProcessors = [1, 2]
        hardware.launchSecurity = "sev"
        hardware.tpm = .passthrough("/dev/tpm0")
        hardware.firmware = .init(loader: "/l", variables: "/v", template: "/t")
        hardware.timeStampFrequency = 2_600_000_000
        hardware.listenAddresses = ["0.0.0.0"]
        hardware.secrets = [.init(reference: "s", use: "disk vda")]
        hardware.agent = .disconnected
        return hardware
    }

    private static let cpu = CPUFacts(
        mode: .hostModel, definedMode: .hostPassthrough, model: "Skylake-Server", check: "partial",
        required: ["aes"], source: .fits, destination: .lacks(reason: "because", features: ["svm"]))

    private static var disks: [DiskFacts] {
        let chains: [[DiskFacts.Image]] = [
            [
                .init(location: .file("/a"), format: "qcow2", sharing: .proven("seen", libvirtAgrees: false)),
                .init(location: .block("/dev/b"), format: nil, sharing: .different("size")),
            ],
            [.init(location: .network("rbd://m/p"), format: "raw", sharing: .notProven("why"))],
            [.init(location: .other("vhost"), format: nil, sharing: .absent("gone"))],
        ]
        return chains.enumerated().map { number, chain in
            var disk = DiskFacts(target: "vd\(number)")
            disk.chain = chain
            disk.cache = "none"
            disk.capacity = .mebibytes(64)
            disk.writes = ByteRate(bytesPerSecond: 9)
            disk.otherUsers = ["db on beta"]
            disk.place =
                number == 0
                ? .known(
                    .init(path: "/a", exists: true, directoryExists: true, isWritable: false, free: .zero))
                : .notKnown("no shell")
            return disk
        }
    }

    private static let interfaces: [InterfaceFacts] = [
        .init(name: "52:54:00:00:00:01", connection: .bridge("br0")),
        .init(name: "52:54:00:00:00:02", connection: .network("front"), portGroup: "dmz"),
        .init(name: "52:54:00:00:00:03", connection: .none),
    ]

    private static let path = PathFacts(
        control: .init(address: "192.0.2.12", number: 16509, answer: .known(.open)),
        data: .init(address: "192.0.2.12", number: 49152, answer: .known(.unreachable("no route"))),
        clockOffset: .known(ClockOffset(offset: .milliseconds(-20), error: .milliseconds(2))))

    private static func host(_ name: String) -> HostFacts {
        var details = HostDetails()
        details.cpu = .known(
            HostCPU(
                architecture: "x86_64", model: "m", vendor: "v", features: ["aes"], microcode: "1",
                timeStampFrequency: 1, scalesTimeStamps: true))
        details.hypervisor = .known(
            .init(
                emulator: "/e", hasMachine: true, nearestMachine: nil, hasVirtualization: true,
                maximumProcessors: 255, emulatesTPM: true))
        details.availableMemory = .known(.mebibytes(8192))
        details.pages = [.init(size: ByteCount(4096), free: 12)]
        details.networks = .known([
            .init(name: "front", isActive: true, bridge: "virbr0", portGroups: ["dmz"])
        ])
        details.links = .known([.init(name: "br0", kind: .openVSwitch, mtu: 1500)])
        details.ownName = .known(.init(name: name, addresses: ["127.0.1.1"]))
        details.ports = .known(.init(used: 3))
        details.certificate = .known(.init(names: ["beta"], remaining: .seconds(-5)))
        details.pools = .known([.init(name: "default", type: "dir", isActive: true, directory: "/a")])
        details.tpmStateFileSystem = .notKnown("no shell")
        return HostFacts(
            host: Host(
                name: name, uri: "qemu+ssh://\(name)/system", peerURI: "qemu+tls://\(name)/system",
                migrationAddress: "192.0.2.12", remoteShell: ["ssh", name]), uuid: "u-\(name)",
            libvirtVersion: SoftwareVersion(9, 0, 0), hypervisorVersion: SoftwareVersion(7, 2, 22),
            processors: 8, memory: .mebibytes(16384), freeMemory: nil, details: details)
    }
}
