import FoundationEssentials
import Glibc
import LabSupport
import Synchronization
import Testing

/// Moves of guests whose disk is on their host alone.
extension LabTests {
    private static let images = "/var/lib/libvirt/images"

    /// The guest's disk as its file says, whole to the last record.
    static func expectWhole(
        _ guest: LabGuest, at location: SourceLocation = #_sourceLocation
    ) async throws {
        let first = try await Lab.command(["guest", "records", guest.name])
        #expect(first.status == 0, "\(first.said)", sourceLocation: location)
        // It goes on writing where it is.
        let deadline = ContinuousClock.now.advanced(by: .seconds(30))
        var later = first
        while later.output == first.output, ContinuousClock.now < deadline {
            later = try await Lab.command(["guest", "records", guest.name])
        }
        #expect(later.status == 0 && later.output != first.output, "\(later.said)", sourceLocation: location)
    }

    /// What is in a directory of a host.
    private static func files(_ directory: String, on host: String) async throws -> [String] {
        try await Lab.run(on: host, "ls -A '\(directory)'").split(separator: "\n").map(String.init)
    }

    /// A guest that writes records to a disk of host1's own, with what its copies leave on host2 cleared away.
    static func withDisk(
        _ format: String = "raw", _ options: [String] = [],
        _ body: @Sendable (Lab, LabGuest, _ image: String) async throws -> Void
    ) async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("disk", ["--disk-format", format] + options, on: lab) { guest in
            try await body(lab, guest, "\(images)/\(guest.name).\(format)")
        }
    }

    @Test(
        "a disk that is not shared is copied while the guest writes to it, and arrives whole", .ownLab,
        arguments: ["raw", "qcow2"])
    func copied(format: String) async throws {
        try await Self.withDisk(format) { lab, guest, image in
            try await lab.check(guest).expect(
                "disk-not-shared", "note", on: "host2", saying: image, guest.name, "vda", "copied")
            let dry = try await lab.apus("migrate", guest.name, "--to", "host2", "--dry-run")
            #expect(dry.status == 0 && dry.output.contains("create \(image)"), "\(dry.said)")
            #expect(try await !Self.files(Self.images, on: "host2").contains { $0.hasPrefix(guest.name) })

            let move = try await lab.apus("migrate", guest.name, "--to", "host2", "--preallocate", "--json")
            #expect(move.status == 0, "\(move.said)")
            #expect(try await guest.places() == ["host2": "running"])
            try await Self.expectWhole(guest)
            let room = try await Lab.run(on: "host2", "stat -c '%b * %B - %s' \(image)")
            #expect(try await Lab.run(on: "host2", "echo $((\(room)))").hasPrefix("-") == false, "\(room)")
            // A copy is a volume like any other, and what it was made from is kept.
            let volumes = try await guest.virsh(on: "host2", "vol-list", "default")
            #expect(volumes.output.contains(image), "\(volumes.said)")
            #expect(try await Self.files(Self.images, on: "host1").contains { image.hasSuffix($0) })

            // The old image stands in the way of the way back, and is not touched.
            let back = try await lab.apus("migrate", guest.name, "--to", "host1", "--json")
            #expect(back.status == 2 && back.output.contains("target-exists"), "\(back.said)")
            try await Lab.run(on: "host1", "rm '\(image)'")
            let again = try await lab.apus("migrate", guest.name, "--to", "host1", "--direct", "--json")
            #expect(again.status == 0, "\(again.said)")
            try await Self.expectWhole(guest)
        }
    }

    @Test(
        "a copy goes to another pool, or to a directory in none; the source's image goes when asked", .ownLab)
    func elsewhere() async throws {
        try await Self.withDisk { lab, guest, image in
            let fast = "/srv/apus-fast"
            try await Lab.with("host2", "mkdir \(fast)", mending: "rm -rf \(fast)") {
                try await Lab.undoing(
                    {
                        let made = try await guest.virsh(
                            on: "host2", "pool-create-as", "fast", "dir", "--target", fast)
                        try #require(made.status == 0, "\(made.said)")
                        let wrong = try await lab.apus(
                            "migrate", guest.name, "--to", "host2", "--disk", "vda=pool:fsat", "--json")
                        #expect(
                            wrong.status == 2 && wrong.output.contains("Did you mean fast?"), "\(wrong.said)")

                        let move = try await lab.apus(
                            "migrate", guest.name, "--to", "host2", "--disk", "vda=pool:fast",
                            "--remove-source-disks", "--json")
                        #expect(move.status == 0, "\(move.said)")
                        try await Self.expectWhole(guest)
                        let file = "\(fast)/\(guest.name).raw"
                        #expect(try await guest.xml(on: "host2").contains("'\(file)'"))
                        let resting = try await guest.virsh(on: "host2", "dumpxml", "--inactive", guest.name)
                        #expect(resting.output.contains("'\(file)'"), "\(resting.said)")
                        #expect(
                            try await !Self.files(Self.images, on: "host1").contains { image.hasSuffix($0) })

                        // Back into a directory that no pool has: made over the remote shell.
                        try await Lab.with(
                            "host1", "mkdir /srv/apus-plain", mending: "rm -rf /srv/apus-plain"
                        ) {
                            let back = try await lab.apus(
                                "migrate", guest.name, "--to", "host1", "--disk", "vda=/srv/apus-plain/",
                                "--remove-source-disks", "--json")
                            #expect(back.status == 0, "\(back.said)")
                            try await Self.expectWhole(guest)
                            #expect(
                                try await guest.xml(on: "host1").contains(
                                    "'/srv/apus-plain/\(guest.name).raw'"))
                            #expect(try await Self.files(fast, on: "host2") == [])
                            try await guest.require("destroy", guest.name)
                        }
                    }, by: { try await guest.virsh(on: "host2", "pool-destroy", "fast") })
            }
        }
    }

    @Test(
        "of a chain only what the guest wrote is copied where the base is the same, else all of it in one",
        .ownLab)
    func chain() async throws {
        let lab = try await Lab.up()
        let base = "\(Self.images)/apus-base.qcow2"
        let make =
            "qemu-img create -q -f qcow2 \(base) 64M && qemu-io -c 'write -P 7 32M 1M' \(base) >/dev/null"
        try await Lab.with("host1", make, mending: "rm -f \(base)") {
            try await LabGuest.with("disk", ["--disk-format", "qcow2", "--no-start"], on: lab) { guest in
                let image = "\(Self.images)/\(guest.name).qcow2"
                try await Lab.run(
                    on: "host1", "rm \(image); qemu-img create -q -f qcow2 -b \(base) -F qcow2 \(image)")
                try await Lab.require("guest", "start", guest.name, "--on", "host1")
                @Sendable func backing(on host: String) async throws -> Bool {
                    try await Lab.run(on: host, "qemu-img info -U \(image)").contains("backing file:")
                }
                @Sendable func expectPattern(on host: String) async throws {
                    let read = try await Lab.run(on: host, "qemu-io -r -U -c 'read -P 7 32M 1M' \(image)")
                    #expect(!read.contains("failed"), "\(read)")
                }
                // Made in the same way it is the same, byte for byte.
                try await Lab.with("host2", make, mending: "rm -f \(base)") {
                    let plan = try await lab.apus("migrate", guest.name, "--to", "host2", "--dry-run")
                    #expect(plan.output.contains("only what the guest wrote"), "\(plan.said)")
                    let move = try await lab.apus(
                        "migrate", guest.name, "--to", "host2", "--remove-source-disks", "--json")
                    #expect(move.status == 0, "\(move.said)")
                    try await Self.expectWhole(guest)
                    #expect(try await backing(on: "host2"))
                    try await expectPattern(on: "host2")

                    try await Lab.with("host1", "mv \(base) \(base).away", mending: "mv \(base).away \(base)")
                    {
                        let back = try await lab.apus("migrate", guest.name, "--to", "host1", "--json")
                        #expect(back.status == 0, "\(back.said)")
                        try await Self.expectWhole(guest)
                        #expect(try await !backing(on: "host1"))
                        try await expectPattern(on: "host1")
                    }
                }
            }
        }
    }

    @Test("a block device is copied into a pool", .ownLab)
    func blockDevice() async throws {
        let lab = try await Lab.up()
        try await Lab.undoing(
            {
                try await Lab.require("block", "add", "host1", "apusdisk", "--size", "8M")
                try await LabGuest.with("idle", Device.block("/dev/apusdisk"), on: lab) { guest in
                    try await lab.check(guest).expect(
                        "disk-not-shared", on: "host2", saying: "/dev/apusdisk", "needs a place", guest.name)
                    let move = try await lab.apus(
                        "migrate", guest.name, "--to", "host2", "--disk", "vdb=pool:default",
                        "--remove-source-disks",
                        "--json")
                    #expect(move.status == 0, "\(move.said)")
                    #expect(try await guest.places() == ["host2": "running"])
                    #expect(try await guest.xml(on: "host2").contains("file='\(Self.images)/apusdisk'"))
                    try await Lab.run(on: "host1", "[ -b /dev/apusdisk ]")
                }
            },
            by: {
                try await Lab.require("block", "remove", "host1", "apusdisk")
                try await Lab.run(on: "host2", "rm -f \(Self.images)/apusdisk")
            })
    }

    @Test("a destination that fills up ends the move; the guest writes on and nothing is left there", .ownLab)
    func full() async throws {
        try await Self.withDisk("qcow2") { lab, guest, _ in
            let small = "/srv/apus-small"
            try await Lab.with(
                "host2", "mkdir \(small); mount -t tmpfs -o size=256k small \(small)",
                mending: "umount \(small); rmdir \(small)"
            ) {
                let short = try await lab.apus(
                    "migrate", guest.name, "--to", "host2", "--disk", "vda=\(small)/", "--json")
                #expect(short.status == 2 && short.output.contains("target-space-short"), "\(short.said)")
                let move = try await lab.apus(
                    "migrate", guest.name, "--to", "host2", "--disk", "vda=\(small)/", "--ignore",
                    "target-space-short", "--json")
                #expect(move.status == 1, "\(move.said)")
                let error = try #require(try MoveAnswer(move).error)
                #expect(
                    error.detail.contains("vda") && error.detail.contains("No space left"), "\(move.said)")
                #expect(error.hint?.contains("host2") == true, "\(move.said)")
                #expect(try await guest.places() == ["host1": "running"])
                #expect(try await Self.files(small, on: "host2") == [])
                try await Self.expectWhole(guest)
            }
        }
    }

    @Test(
        "a destination that goes silent just as a disk's copy begins does not stop the guest for long",
        .ownLab,
        // Of the first word on; and of the first word on that says what is to be copied.
        arguments: ["", "ip length gt 60 "])
    func silent(dropped: String) async throws {
        try await Self.withDisk { lab, guest, _ in
            try await Lab.with(
                "host2",
                """
                nft add table inet apustest
                nft add chain inet apustest input '{ type filter hook input priority 0; }'
                nft add rule inet apustest input tcp dport 49152-49215 \(dropped)drop
                """, mending: "nft delete table inet apustest"
            ) {
                let isOver = Mutex(false)
                async let pause = Self.longestPause(of: guest) { isOver.withLock { $0 } }
                let began = ContinuousClock.now
                let move = try await lab.apus(
                    "migrate", guest.name, "--to", "host2", "--json", "--ignore", "data-port-unreachable")
                isOver.withLock { $0 = true }
                #expect(move.status == 1, "\(move.said)")
                // TCP alone would try for two minutes, and the guest would stand.
                #expect(began.duration(to: .now) < .seconds(60))
                #expect(try await pause < .seconds(10))
            }
            let story = try await lab.apus("show", guest.name)
            #expect(story.output.contains("did not answer when host1 began to copy disks"), "\(story.said)")
            #expect(try await guest.places() == ["host1": "running"])
            #expect(try await !Self.files(Self.images, on: "host2").contains { $0.hasPrefix(guest.name) })
            try await Self.expectWhole(guest)
        }
    }

    /// The longest time in which the guest wrote no record, as often as its disk can be read.
    private static func longestPause(
        of guest: LabGuest, until isOver: @Sendable () -> Bool
    ) async throws -> Duration {
        var (last, since, longest) = ("", ContinuousClock.now, Duration.zero)
        while true {
            let records = try await Lab.command(["guest", "records", guest.name])
            try #require(records.status == 0, "\(records.said)")
            longest = max(longest, since.duration(to: .now))
            if records.output != last { (last, since) = (records.output, .now) }
            if isOver() { return longest }
        }
    }

    @Test("--copy-disks never refuses a move with a disk that is not shared, and names it", .ownLab)
    func never() async throws {
        try await Self.withDisk { lab, guest, image in
            let move = try await lab.apus(
                "migrate", guest.name, "--to", "host2", "--copy-disks", "never", "--json")
            #expect(move.status == 2, "\(move.said)")
            try CheckAnswer(move).expect("disk-not-shared", on: "host2", saying: image, "--copy-disks never")
            #expect(try await guest.places() == ["host1": "running"])
        }
    }

    @Test("Ctrl-C while a disk is copied takes the copy away again; the progress tells of each disk", .ownLab)
    func interrupted() async throws {
        try await Self.withDisk { lab, guest, _ in
            let move = lab.startApus(
                "migrate", guest.name, "--to", "host2", "--bandwidth", "2MiB/s", "--json")
            for await line in move.errorLines where line.contains("\"target\":\"vda\"") { break }
            await move.send(SIGINT)
            let outcome = try await move.outcome()
            #expect(outcome.status == 130, "\(outcome.said)")
            #expect(try await guest.places() == ["host1": "running"])
            #expect(try await !Self.files(Self.images, on: "host2").contains { $0.hasPrefix(guest.name) })
            let volumes = try await guest.virsh(on: "host2", "vol-list", "default")
            #expect(!volumes.output.contains(guest.name), "\(volumes.said)")
            try await Self.expectWhole(guest)
        }
    }

    @Test("an image that another guest names stays, and the move says so", .ownLab)
    func stillNamed() async throws {
        try await Self.withDisk { lab, guest, image in
            let other = Device.file(image) + ["--no-start"]
            try await LabGuest.with("idle", other, on: lab) { twin in
                let move = try await lab.apus(
                    "migrate", guest.name, "--to", "host2", "--remove-source-disks", "--json")
                #expect(move.status == 0, "\(move.said)")
                #expect(move.output.contains("in use by \(twin.name)"), "\(move.said)")
                #expect(try await Self.files(Self.images, on: "host1").contains { image.hasSuffix($0) })
                try await Self.expectWhole(guest)
            }
        }
    }
}
