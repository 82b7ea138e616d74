import FleetModel

extension PreflightCase {
    static let storage = shared + copied + notCopied + placed + targets

    private static let shared = [
        PreflightCase("nothing against a shared disk and an empty drive", [:]) {
            $0.disks = [Sample.disk(), DiskFacts(target: "sda")]
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
    ]

    /// Copied along while the guest runs.
    private static let copied = [
        PreflightCase("a disk that is not there", [.diskNotShared: .note]) {
            $0.disks = [Sample.disk(.absent("no such file"))]
        },
        PreflightCase("a disk with images below it, all to be copied in one", [.diskNotShared: .note]) {
            $0.disks = [chain(.absent("no such file"), on: .absent("no such file"))]
        },
        PreflightCase(
            "an old cache of a disk that is copied", [.versionDowngrade: .warning, .diskNotShared: .note]
        ) {
            $0.disks = [Sample.disk(.absent("no such file")) { $0.cache = nil }]
            $0.destination.qemu = SoftwareVersion(3, 1, 0)
        },
        PreflightCase("an open chain of a disk that is copied", [.diskNotShared: .note]) {
            $0.disks = [Sample.disk(.absent("no such file")) { $0.isChainComplete = false }]
        },
        PreflightCase(
            "snapshots and checkpoints of a disk that is copied",
            [.snapshotsPresent: .blocker, .checkpointsPresent: .blocker, .diskNotShared: .note]
        ) {
            $0.disks = [Sample.disk(.absent("no such file"))]
            $0.hardware.snapshots = Sample.snapshots
            $0.hardware.checkpoints = 1
        },
        PreflightCase(
            "nothing against a shared disk that goes elsewhere", [:], request: place("/new/web01.qcow2")
        ) {
            $0.disks = [
                Sample.disk(.proven("seen", libvirtAgrees: false)) {
                    $0.place = .known(Sample.place("/new/web01.qcow2"))
                }
            ]
        },
        PreflightCase(
            "nothing against a disk of unknown sharing that goes elsewhere", [:], request: place("/new/")
        ) {
            $0.disks = [
                Sample.disk(.notProven("no serial"), at: .block("/dev/vg0/web01")) {
                    $0.place = .known(Sample.place("/new/web01"))
                }
            ]
        },
        PreflightCase(
            "a block device that goes to a pool", [.diskNotShared: .note],
            request: MoveRequest(disks: request { $0.places["vda"] = .pool("default") })
        ) {
            $0.disks = [
                Sample.disk(.absent("no such device"), at: .block("/dev/vg0/web01")) {
                    $0.place = .known(Sample.place("/images/web01"))
                }
            ]
        },
    ]

    /// Not shared, and not to be copied.
    private static let notCopied =
        [
            PreflightCase(
                "a disk that is not there, and must not be copied", [.diskNotShared: .blocker],
                request: MoveRequest(disks: request { $0.copying = .never })
            ) { $0.disks = [Sample.disk(.different("a probe file made on alpha is not seen on beta"))] },
            PreflightCase("a block device that is not there", [.diskNotShared: .blocker]) {
                $0.disks = [Sample.disk(.absent("no such device"), at: .block("/dev/vg0/web01"))]
            },
            PreflightCase("a shared disk on an image of one host alone", [.diskNotShared: .blocker]) {
                $0.disks = [chain(.proven("seen", libvirtAgrees: true), on: .absent("gone"))]
            },
            PreflightCase("no pool and no remote-shell to make an image with", [.diskNotShared: .blocker]) {
                $0.disks = [Sample.disk(.absent("no such file"))]
                $0.destination.details.pools = .known([])
                $0.destination.remoteShell = nil
            },
        ]
        + [
            Uncopyable("a shareable disk") { $0.isShareable = true },
            Uncopyable("an encrypted disk") { $0.isEncrypted = true },
            Uncopyable("a SCSI unit") { $0.device = .lun },
            Uncopyable("a disk of unknown size") { $0.capacity = nil },
            Uncopyable("a disk in another format") {
                $0.chain = [
                    DiskFacts.Image(location: .file("/a.vmdk"), format: "vmdk", sharing: .absent("gone"))
                ]
            },
        ].map { row in
            PreflightCase("\(row.description) that is not there", [.diskNotShared: .blocker]) {
                $0.disks = [Sample.disk(.absent("no such file"), row.change)]
            }
        }

    private struct Uncopyable: Sendable {
        let description: String
        let change: @Sendable (inout DiskFacts) -> Void

        init(_ description: String, _ change: @escaping @Sendable (inout DiskFacts) -> Void) {
            self.description = description
            self.change = change
        }
    }

    /// What is wrong with a `--disk`.
    private static let placed = [
        PreflightCase(
            "a pool that is not there", [.diskPlaceUnusable: .blocker],
            request: MoveRequest(disks: request { $0.places["vda"] = .pool("defualt") })
        ) { $0.disks = [Sample.disk()] },
        PreflightCase(
            "a pool that is not started", [.diskPlaceUnusable: .blocker],
            request: MoveRequest(disks: request { $0.places["vda"] = .pool("fast") })
        ) {
            $0.disks = [Sample.disk()]
            $0.destination.details.pools = .known([
                HostDetails.Pool(name: "fast", type: "dir", isActive: false, directory: "/fast")
            ])
        },
        PreflightCase(
            "a pool without a directory", [.diskPlaceUnusable: .blocker],
            request: MoveRequest(disks: request { $0.places["vda"] = .pool("vg0") })
        ) {
            $0.disks = [Sample.disk(.absent("no such file"))]
            $0.destination.details.pools = .known([
                HostDetails.Pool(name: "vg0", type: "logical", isActive: true, directory: nil)
            ])
        },
        PreflightCase(
            "a pool where nobody could tell which there are", [.diskPlaceUnusable: .blocker],
            request: MoveRequest(disks: request { $0.places["vda"] = .pool("fast") })
        ) {
            $0.disks = [Sample.disk()]
            $0.destination.details.pools = .notKnown("its libvirt did not answer")
        },
        PreflightCase(
            "two disks that would go to one file", [.diskPlaceUnusable: .blocker, .diskNotShared: .note],
            request: MoveRequest(disks: request { $0.places["vdb"] = .path("/images//web01.qcow2") })
        ) {
            $0.disks = [Sample.disk(.absent("no such file")), Sample.disk()]
            $0.disks[1].target = "vdb"
            $0.disks[1].place = .known(Sample.place("/images//web01.qcow2"))
        },
        PreflightCase(
            "a disk that is only read", [.diskPlaceUnusable: .blocker], request: place("/new/")
        ) { $0.disks = [Sample.disk { $0.isReadOnly = true }] },
        PreflightCase(
            "a disk that the guest has not", [.diskPlaceUnusable: .blocker], request: place("/new/")
        ) {
            $0.disks = [Sample.disk { $0.target = "vdb" }]
        },
        PreflightCase("a disk for a guest without", [.diskPlaceUnusable: .blocker], request: place("/new/")) {
            _ in
        },
        PreflightCase(
            "facts of another place", [.diskPlaceUnusable: .blocker], request: place("/new/web01.qcow2")
        ) { $0.disks = [Sample.disk(.absent("no such file"))] },
    ]

    private static let targets = [
        PreflightCase("a target in the way", [.targetExists: .blocker, .diskNotShared: .note]) {
            $0.disks = [to(Sample.place(exists: true))]
        },
        PreflightCase(
            "no directory for a target", [.targetDirectoryMissing: .blocker, .diskNotShared: .note]
        ) {
            $0.disks = [to(Sample.place(directoryExists: false))]
        },
        PreflightCase("a target on a read-only mount", [.targetNotWritable: .blocker, .diskNotShared: .note])
        {
            $0.disks = [to(Sample.place(isWritable: false))]
        },
        PreflightCase("no room for a target", [.targetSpaceShort: .blocker, .diskNotShared: .note]) {
            $0.disks = [to(Sample.place(free: .mebibytes(4095)))]
        },
        PreflightCase(
            "no room for the second of two targets",
            [.targetSpaceShort: .blocker, .diskNotShared: .note, .diskNotShared: .note]
        ) {
            let place = Sample.place(free: .mebibytes(6144))
            $0.disks = [to(place), to(place)]
            $0.disks[1].target = "vdb"
            $0.disks[1].chain = [
                DiskFacts.Image(
                    location: .file("/images/web01-b.qcow2"), format: "qcow2",
                    sharing: .absent("no such file"))
            ]
            $0.disks[1].place = .known(Sample.place("/images/web01-b.qcow2", free: .mebibytes(6144)))
        },
        PreflightCase(
            "no room for all of a target at once", [.targetSpaceShort: .blocker, .diskNotShared: .note],
            request: MoveRequest(disks: request { $0.preallocation = .full })
        ) { $0.disks = [to(Sample.place(free: .mebibytes(6144)))] },
        PreflightCase("a target that nobody looked at", [.notKnown: .warning, .diskNotShared: .note]) {
            $0.disks = [Sample.disk(.absent("no such file")) { $0.place = .notKnown("no remote-shell") }]
        },
    ]

    // MARK: Disks and requests

    static func request(_ change: (inout DiskRequest) -> Void) -> DiskRequest {
        var request = DiskRequest()
        change(&request)
        return request
    }

    /// `--disk vda=PATH`
    private static func place(_ path: String) -> MoveRequest {
        MoveRequest(disks: request { $0.places["vda"] = .path(path) })
    }

    private static func to(_ place: DiskFacts.Place) -> DiskFacts {
        Sample.disk(.absent("no such file")) { $0.place = .known(place) }
    }

    /// A disk of 10 GiB of which 4 GiB are written, on a base of 2 GiB.
    static func chain(_ top: DiskFacts.Sharing, on base: DiskFacts.Sharing) -> DiskFacts {
        Sample.disk(top) {
            $0.chain.append(
                DiskFacts.Image(
                    location: .file("/images/base.raw"), format: "raw", sharing: base, size: .mebibytes(2048))
            )
        }
    }
}
