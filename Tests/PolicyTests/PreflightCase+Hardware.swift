import FleetModel

extension PreflightCase {
    static let storage = [
        PreflightCase("nothing against a shared disk and an empty drive", [:]) {
            $0.disks = [Sample.disk(), DiskFacts(target: "sda")]
        },
        PreflightCase("a look-alike", [.diskNotShared: .blocker]) {
            $0.disks = [Sample.disk(.different("a probe file made on alpha is not seen on beta"))]
        },
        PreflightCase("a disk that is not there", [.diskNotShared: .blocker]) {
            $0.disks = [Sample.disk(.absent("no such file"))]
        },
        PreflightCase("a backing image of one host alone", [.diskNotShared: .blocker]) {
            var disk = Sample.disk()
            disk.chain.append(
                DiskFacts.Image(location: .file("/images/base.raw"), format: "raw", sharing: .absent("gone")))
            $0.disks = [disk]
        },
        PreflightCase("a block device that nobody can tell", [.diskNotProven: .blocker]) {
            $0.disks = [Sample.disk(.notProven("it has no WWN and no serial"), at: .block("/dev/vg0/web01"))]
        },
        PreflightCase("shared storage that libvirt does not recognize", [.diskShareUnrecognized: .note]) {
            $0.disks = [
                Sample.disk(.proven("a probe file made on alpha is seen on beta", libvirtAgrees: false))
            ]
        },
        PreflightCase("a CD-ROM that is not there", [.mediumMissing: .blocker]) {
            $0.disks = [
                Sample.disk(.absent("no such file"), at: .file("/iso/debian.iso")) {
                    $0.target = "sda"
                    $0.device = .cdrom
                    $0.isReadOnly = true
                }
            ]
        },
        PreflightCase("a read-only disk that differs", [.mediumMissing: .blocker]) {
            $0.disks = [Sample.disk(.different("other content")) { $0.isReadOnly = true }]
        },
        PreflightCase("a read-only disk that nobody can tell", [.notKnown: .warning]) {
            $0.disks = [Sample.disk(.notProven("no remote-shell")) { $0.isReadOnly = true }]
        },
        PreflightCase("an image that another guest writes to", [.diskInUse: .blocker]) {
            $0.disks = [Sample.disk { $0.otherUsers = ["web02 on beta"] }]
        },
        PreflightCase("nothing against users of an image that is meant to be shared", [:]) {
            $0.disks = [
                Sample.disk {
                    $0.otherUsers = ["web02 on beta"]
                    $0.isShareable = true
                },
                Sample.disk {
                    $0.otherUsers = ["web02 on beta"]
                    $0.isReadOnly = true
                },
            ]
        },
        PreflightCase("a transient disk", [.diskTransient: .blocker]) {
            $0.disks = [Sample.disk { $0.isTransient = true }]
        },
        PreflightCase("a block job", [.blockJobActive: .blocker]) {
            $0.disks = [Sample.disk { $0.job = "commit" }]
        },
        PreflightCase("a chain without an end", [.diskChainOpen: .warning]) {
            $0.disks = [Sample.disk { $0.isChainComplete = false }]
        },
        PreflightCase(
            "a cache that old QEMU keeps", [.diskCacheUnsafe: .blocker, .versionDowngrade: .warning]
        ) {
            $0.disks = [Sample.disk { $0.cache = nil }]
            $0.destination.qemu = SoftwareVersion(3, 1, 0)
        },
        PreflightCase("a cache that is unsafe anywhere", [.diskCacheUnsafe: .note]) {
            $0.disks = [Sample.disk { $0.cache = "unsafe" }]
        },
        PreflightCase("nothing against write-back with a QEMU that drops it", [:]) {
            $0.disks = [Sample.disk { $0.cache = "writeback" }]
        },
        PreflightCase("a target in the way", [.diskNotShared: .blocker, .targetExists: .blocker]) {
            $0.disks = [
                copied(
                    DiskFacts.Place(
                        exists: true, directoryExists: true, isWritable: true, free: .mebibytes(8192)))
            ]
        },
        PreflightCase(
            "no directory for a target", [.diskNotShared: .blocker, .targetDirectoryMissing: .blocker]
        ) {
            $0.disks = [
                copied(DiskFacts.Place(exists: false, directoryExists: false, isWritable: false, free: .zero))
            ]
        },
        PreflightCase(
            "a target on a read-only mount", [.diskNotShared: .blocker, .targetNotWritable: .blocker]
        ) {
            $0.disks = [
                copied(
                    DiskFacts.Place(
                        exists: false, directoryExists: true, isWritable: false, free: .mebibytes(8192)))
            ]
        },
        PreflightCase("no room for a target", [.diskNotShared: .blocker, .targetSpaceShort: .blocker]) {
            $0.disks = [
                copied(
                    DiskFacts.Place(
                        exists: false, directoryExists: true, isWritable: true, free: .mebibytes(4095)))
            ]
        },
        PreflightCase(
            "no room for the second of two targets",
            [.diskNotShared: .blocker, .diskNotShared: .blocker, .targetSpaceShort: .blocker]
        ) {
            let disk = copied(
                DiskFacts.Place(
                    exists: false, directoryExists: true, isWritable: true, free: .mebibytes(6144)))
            $0.disks = [disk, disk]
            $0.disks[1].target = "vdb"
        },
        PreflightCase(
            "a target of unknown size and one that nobody looked at",
            [
                .diskNotShared: .blocker, .diskNotShared: .blocker, .notKnown: .warning,
                .notKnown: .warning,
            ]
        ) {
            var disk = copied(
                DiskFacts.Place(exists: false, directoryExists: true, isWritable: true, free: .zero))
            disk.allocation = nil
            $0.disks = [disk, disk]
            $0.disks[1].target = "vdb"
            $0.disks[1].place = .notKnown("no remote-shell")
        },
    ]

    /// A disk of 4 GiB that is not shared.
    private static func copied(_ place: DiskFacts.Place) -> DiskFacts {
        Sample.disk(.absent("no such file")) {
            $0.allocation = .mebibytes(4096)
            $0.place = .known(place)
        }
    }

    static let devices = [
        PreflightCase("a PCI device", [.hostDevice: .blocker]) {
            $0.hardware.hostDevices = [GuestHardware.HostDevice(kind: .pci, address: "0000:3b:00.0")]
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
