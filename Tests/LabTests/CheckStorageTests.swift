import FoundationEssentials
import LabSupport
import Testing

extension LabTests {
    @Test("what a copy of a disk would meet is named: no directory, a file of that name, no room", .ownLab)
    func copyTargets() async throws {
        let lab = try await Lab.up()
        try await Lab.with("host1", Self.makeImage, mending: "rm -rf /srv/apus-test") {
            try await LabGuest.with("idle", Device.file(Self.image), on: lab) { guest in
                let none = try await lab.check(guest)
                none.expect(
                    "disk-not-shared", "note", on: "host2", saying: Self.image, guest.name, "vdb", "copied")
                none.expect("target-directory-missing", on: "host2", saying: "/srv/apus-test", "vdb")

                // Same path, same size, same content, and not the same storage.
                try await Lab.with("host2", Self.makeImage, mending: "rm -rf /srv/apus-test") {
                    let twin = try await lab.check(guest)
                    twin.expect(
                        "disk-not-shared", "note", on: "host2", saying: "did not appear", Self.image)
                    twin.expect("target-exists", on: "host2", saying: Self.image)
                    let move = try await lab.apus("migrate", guest.name, "--to", "host2", "--json")
                    #expect(move.status == 2, "\(move.said)")
                    #expect(try await guest.places() == ["host1": "running"])
                }
                try await Lab.with(
                    "host2",
                    """
                    mkdir /srv/apus-test; mount -t tmpfs -o size=1M full /srv/apus-test
                    head -c 2M /dev/zero 2>/dev/null >/srv/apus-test/full || true
                    """, mending: "umount /srv/apus-test; rmdir /srv/apus-test"
                ) {
                    try await lab.check(guest)
                        .expect("target-space-short", on: "host2", saying: "0 B are free", "vdb")
                    let full = try await lab.apus("migrate", guest.name, "--to", "host2", "--json")
                    #expect(full.status == 2, "\(full.said)")
                    try await Lab.run(
                        on: "host2", "rm /srv/apus-test/full; mount -o remount,ro /srv/apus-test")
                    try await lab.check(guest)
                        .expect("target-not-writable", on: "host2", saying: Self.image, "vdb")
                }
            }
        }
    }

    private static let image = "/srv/apus-test/a.img"
    private static let makeImage =
        "mkdir /srv/apus-test && truncate -s 1M \(image) && "
        + "printf data | dd of=\(image) conv=notrunc status=none"

    @Test(
        "a directory that is shared without libvirt's knowledge is proven to be, and the move works", .ownLab)
    func sharedUnseen() async throws {
        let lab = try await Lab.up()
        let common = "/tmp/apus-test-\(UInt32.random(in: 0 ... .max))"
        let mount = "mkdir -p \(common) /srv/apus-test; mount --bind \(common) /srv/apus-test"
        let unmount = "umount /srv/apus-test; rmdir /srv/apus-test; rm -rf \(common)"
        try await Lab.with("host1", "\(mount); truncate -s 1M \(Self.image)", mending: unmount) {
            try await Lab.with("host2", mount, mending: unmount) {
                try await LabGuest.with("idle", Device.file(Self.image), on: lab) { guest in
                    let answer = try await lab.check(guest)
                    answer.expect(
                        "disk-share-unrecognized", "note", on: "host1", saying: Self.image, guest.name,
                        "host2")
                    #expect(answer.blockers.isEmpty)
                    let virsh = try await guest.virsh(
                        on: "host1", "migrate", guest.name, "qemu+tcp://192.0.2.12/system", "--live", "--p2p")
                    #expect(virsh.error.contains("unsafe"), "libvirt knows this storage: \(virsh.said)")

                    let move = try await lab.apus("migrate", guest.name, "--to", "host2", "--json")
                    #expect(move.status == 0, "\(move.said)")
                    #expect(try await guest.places() == ["host2": "running"])
                    #expect(try FileManager.default.contentsOfDirectory(atPath: common) == ["a.img"])
                }
            }
        }
    }

    @Test("storage that libvirt knows as shared is proven and worth no word", .ownLab)
    func sharedKnown() async throws {
        let lab = try await Lab.up()
        try await Lab.with("host1", "truncate -s 1M /srv/shared/t.img", mending: "rm -f /srv/shared/t.img") {
            try await LabGuest.with("idle", Device.file("/srv/shared/t.img"), on: lab) { guest in
                let answer = try await lab.check(guest)
                #expect(answer.codes.subtracting(Self.always).isEmpty, "\(answer.findings)")
            }
        }
    }

    @Test("a block device of the same name is never taken for the same device", .ownLab)
    func blockDevices() async throws {
        let lab = try await Lab.up()
        try await Self.withBlockDevice(on: "host1", "64M") {
            try await LabGuest.with("idle", Device.block("/dev/apustest"), on: lab) { guest in
                try await lab.check(guest).expect(
                    "disk-not-shared", on: "host2", saying: "/dev/apustest", "vdb", guest.name)
                try await Self.withBlockDevice(on: "host2", "32M") {
                    let answer = try await lab.check(guest, "--ignore", "disk-not-proven")
                    answer.expect("disk-not-shared", on: "host2", saying: "64 MiB", "32 MiB")
                }
                try await Self.withBlockDevice(on: "host2", "64M") {
                    try await lab.check(guest).expect(
                        "disk-not-proven", on: "host2", saying: "/dev/apustest", "vdb", guest.name, "WWN")
                    #expect(
                        try await lab.check(guest, "--ignore", "disk-not-proven=vdc").blockers
                            == ["disk-not-proven"])
                    let lifted = try await lab.check(guest, "--ignore", "disk-not-proven=vdb")
                    #expect(lifted.findings.contains { $0.code == "disk-not-proven" && $0.ignored })

                    let refused = try await lab.apus("migrate", guest.name, "--to", "host2")
                    #expect(refused.status == 2, "\(refused.said)")
                    let move = try await lab.apus(
                        "migrate", guest.name, "--to", "host2", "--ignore", "disk-not-proven=vdb", "--json")
                    #expect(move.status == 0, "\(move.said)")
                    #expect(
                        try CheckAnswer(move).findings.contains { $0.code == "disk-not-proven" && $0.ignored }
                    )
                    let back = try await lab.apus(
                        "migrate", guest.name, "--to", "host1", "--ignore", "disk-not-proven")
                    #expect(back.status == 0, "\(back.said)")
                }
            }
        }
    }

    private static func withBlockDevice(
        on host: String, _ size: String, _ body: @Sendable () async throws -> Void
    ) async throws {
        try await Lab.undoing(
            {
                try await Lab.require("block", "add", host, "apustest", "--size", size)
                try await body()
            }, by: { try await Lab.require("block", "remove", host, "apustest") })
    }

    @Test("a disk that another running guest has open is named, and cannot be ignored", .ownLab)
    func diskInUse() async throws {
        let lab = try await Lab.up()
        try await Self.withBlockDevice(on: "host1", "8M") {
            let number = try await Lab.run(on: "host1", "stat -c '0x%t 0x%T' /dev/apustest")
            // The very same device on both hosts, as on a SAN.
            try await Lab.with(
                "host2", "mknod /dev/apustest b \(number)", mending: "rm -f /dev/apustest"
            ) {
                let disk = Device.block("/dev/apustest")
                try await LabGuest.with("idle", disk, on: lab) { guest in
                    try await LabGuest.with("idle", disk + ["--on", "host2"], on: lab) { other in
                        try await lab.check(guest, "--ignore", "disk-not-proven").expect(
                            "disk-in-use", on: "host1", saying: guest.name, other.name, "/dev/apustest",
                            "host2")
                        let ignoring = try await lab.apus(
                            "check", guest.name, "--to", "host2", "--ignore", "disk-in-use")
                        #expect(ignoring.status == 64, "\(ignoring.said)")
                        #expect(ignoring.error.contains("never be ignored"), "\(ignoring.said)")
                    }
                }
            }
        }
    }

    @Test("snapshots, a checkpoint, a disk's job and what ties a guest to its host are named", .ownLab)
    func tiedGuest() async throws {
        let lab = try await Lab.up()
        let options =
            Device.file("/srv/shared/t.qcow2", format: "qcow2") + [
                "--device",
                "<filesystem type='mount'><source dir='/srv/shared'/><target dir='data'/></filesystem>",
                "--device",
                "<shmem name='ring0' role='peer'><model type='ivshmem-plain'/>"
                    + "<size unit='M'>1</size></shmem>",
            ]
        try await Lab.with(
            "host1", "qemu-img create -q -f qcow2 /srv/shared/t.qcow2 8M",
            mending: "rm -f /srv/shared/t*.qcow2"
        ) {
            try await LabGuest.with("idle", options, on: lab) { guest in
                try await guest.require(
                    "checkpoint-create-as", guest.name, "c1", "--diskspec", "vda,checkpoint=no", "--diskspec",
                    "vdb")
                try await guest.require(
                    "blockcopy", guest.name, "vdb", "/srv/shared/t-copy.qcow2", "--transient-job",
                    "--bandwidth", "1",
                    "--bytes")
                let busy = try await lab.check(guest)
                busy.expect("checkpoints-present", "warning", on: "host1", saying: guest.name, "1 checkpoint")
                busy.expect("block-job-active", on: "host1", saying: guest.name, "vdb", "copy")
                busy.expect("host-file-system", on: "host1", saying: guest.name, "/srv/shared")
                busy.expect("shared-memory", on: "host1", saying: guest.name, "ring0")

                try await guest.require("blockjob", guest.name, "vdb", "--abort")
                try await guest.require("checkpoint-delete", guest.name, "c1", "--metadata")
                try await guest.require(
                    "snapshot-create-as", guest.name, "s1", "--disk-only", "--diskspec", "vda,snapshot=no",
                    "--diskspec", "vdb,file=/srv/shared/t-s1.qcow2")
                let snapped = try await lab.check(guest)
                snapped.expect("snapshots-present", "note", on: "host1", saying: guest.name, "1 snapshot")
                // The backing file lies on the same shared storage, whatever each host's cache says of it.
                #expect(!snapped.codes.contains("disk-not-shared"), "\(snapped.findings)")
            }
        }
    }
}
