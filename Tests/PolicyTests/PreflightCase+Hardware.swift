import FleetModel

extension PreflightCase {
    static let devices = [
        PreflightCase("a PCI device", [.hostDevice: .blocker]) {
            $0.hardware.hostDevices = [GuestHardware.HostDevice(kind: .pci, address: "0000:3b:00.0")]
        },
        PreflightCase("a device that may leave, and was not asked to", [.hostDevice: .blocker]) {
            $0.hardware.hostDevices = [
                GuestHardware.HostDevice(kind: .pci, address: "0000:3b:00.0", alias: "hostdev0")
            ]
            $0.hardware.releases = [GuestHardware.Release(alias: "hostdev0", name: "0000:3b:00.0")]
        },
        PreflightCase(
            "a device that may leave and one that may not", [.hostDevice: .blocker, .hostDevice: .note],
            request: MoveRequest(detachesPassthrough: true)
        ) {
            $0.hardware.hostDevices = [
                GuestHardware.HostDevice(kind: .pci, address: "0000:3b:00.0", alias: "hostdev0"),
                GuestHardware.HostDevice(kind: .mdev, address: "c2177883", alias: "hostdev1"),
            ]
            $0.hardware.releases = [GuestHardware.Release(alias: "hostdev0", name: "0000:3b:00.0")]
        },
        PreflightCase(
            "a device that may leave a guest that stands still", [.hostDevice: .blocker],
            request: MoveRequest(detachesPassthrough: true)
        ) {
            $0.state = GuestState(.paused, reason: "user")
            $0.hardware.hostDevices = [
                GuestHardware.HostDevice(kind: .pci, address: "0000:3b:00.0", alias: "hostdev0")
            ]
            $0.hardware.releases = [GuestHardware.Release(alias: "hostdev0", name: "0000:3b:00.0")]
        },
        PreflightCase(
            "other devices of the host, each",
            [
                .hostDevice: .blocker, .hostDevice: .blocker, .hostDevice: .blocker,
            ]
        ) {
            $0.hardware.hostDevices = [.mdev, .vdpa, .sriov].map {
                GuestHardware.HostDevice(kind: $0, address: "0000:3b:02.\($0.rawValue.count)")
            }
        },
        PreflightCase("a teamed function", [.hostDeviceTeamed: .note]) {
            $0.hardware.hostDevices = [
                GuestHardware.HostDevice(kind: .sriov, address: "0000:3b:02.1", isTeamedTransient: true)
            ]
        },
        PreflightCase("a shared directory", [.hostFileSystem: .blocker]) {
            $0.hardware.fileSystems = [
                GuestHardware.FileSystem(driver: "virtiofs", source: "/srv/data", target: "data")
            ]
        },
        PreflightCase("shared memory of a peer, not of a master", [.sharedMemory: .blocker]) {
            $0.hardware.sharedMemory = [
                GuestHardware.SharedMemory(name: "ring0", isMaster: false),
                GuestHardware.SharedMemory(name: "ring1", isMaster: true),
            ]
        },
        PreflightCase("memory without a fixed place", [.memoryDeviceLoose: .blocker]) {
            $0.hardware.loosePlugs = 1
        },
        PreflightCase("redirected devices", [.redirectedDevice: .note]) {
            $0.hardware.redirectedDevices = 2
        },
        PreflightCase("missing paths of both kinds", [.pathMissing: .blocker, .pathMissing: .blocker]) {
            $0.hardware.paths = [
                GuestHardware.PathNeed(path: "/dev/ttyS1", kind: .existing, use: "serial 0"),
                GuestHardware.PathNeed(path: "/srv/log/web01.log", kind: .createdFile, use: "console 0"),
            ]
        },
        PreflightCase("nothing against paths that are there", [:]) {
            $0.hardware.paths = [
                GuestHardware.PathNeed(path: "/dev/ttyS1", kind: .existing, use: "serial 0"),
                GuestHardware.PathNeed(path: "/srv/log/web01.log", kind: .createdFile, use: "console 0"),
            ]
            $0.destination.details.presentPaths = .known(["/dev/ttyS1", "/srv/log"])
        },
        PreflightCase("an address of the source alone", [.listenAddressMissing: .blocker]) {
            $0.hardware.listenAddresses = ["192.0.2.11", "0.0.0.0", "::", "127.0.0.1", "::1", ""]
        },
        PreflightCase("a TPM of the host's own", [.tpmPassthrough: .blocker]) {
            $0.hardware.tpm = .passthrough("/dev/tpm0")
        },
        PreflightCase("no TPM emulator", [.tpmUnsupported: .blocker]) {
            $0.hardware.tpm = .emulator(version: "2.0")
            $0.destination.details.hypervisor = .known(Sample.Machine.hypervisor(emulatesTPM: false))
        },
        PreflightCase("a TPM of another kind", [.tpmUnsupported: .blocker]) {
            $0.hardware.tpm = .other("external")
        },
        PreflightCase("TPM state on shared storage", [.tpmStateShared: .warning]) {
            $0.hardware.tpm = .emulator(version: "2.0")
            $0.source.details.tpmStateFileSystem = .known("nfs4")
            $0.destination.details.tpmStateFileSystem = .known("nfs4")
        },
        PreflightCase(
            "TPM state on shared storage under an old libvirt",
            [.tpmStateShared: .blocker, .versionDowngrade: .warning]
        ) {
            $0.hardware.tpm = .emulator(version: "2.0")
            $0.source.details.tpmStateFileSystem = .known("fuse.glusterfs")
            $0.destination.libvirt = SoftwareVersion(8, 9, 0)
        },
        PreflightCase("nothing against TPM state of each host's own", [:]) {
            $0.hardware.tpm = .emulator(version: nil)
            $0.source.details.tpmStateFileSystem = .known("ext4")
            $0.destination.details.tpmStateFileSystem = .known("xfs")
        },
    ]
}
