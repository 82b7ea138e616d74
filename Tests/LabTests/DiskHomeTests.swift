import FoundationEssentials
import Glibc
import LabSupport
import Testing

/// Disks that move on the host of their guest.
extension LabTests {
    private static let fast = "/srv/apus-home"

    /// A guest that writes records to host1's default pool, and another pool there, `home`.
    private static func withPool(
        _ format: String, _ body: @Sendable (Lab, LabGuest, _ image: String) async throws -> Void
    ) async throws {
        let lab = try await Lab.up()
        try await Lab.with("host1", "mkdir \(fast)", mending: "rm -rf \(fast)") {
            try await LabGuest.with("disk", ["--disk-format", format], on: lab) { guest in
                try await Lab.undoing(
                    {
                        try await guest.require("pool-create-as", "home", "dir", "--target", fast)
                        try await body(lab, guest, "/var/lib/libvirt/images/\(guest.name).\(format)")
                    },
                    by: { try await guest.require("pool-destroy", "home") })
            }
        }
    }

    private static func files(_ directory: String) async throws -> [String] {
        try await Lab.run(on: "host1", "ls -A '\(directory)'").split(separator: "\n").map(String.init)
    }

    @Test(
        "a disk moves to another pool under its running guest, which then is defined with it there", .ownLab,
        arguments: ["raw", "qcow2"])
    func home(format: String) async throws {
        try await Self.withPool(format) { lab, guest, image in
            let dry = try await lab.apus("migrate", guest.name, "--disk", "vda=pool:home", "--dry-run")
            #expect(dry.status == 0 && dry.output.contains("vda would move to \(Self.fast)/"), "\(dry.said)")
            #expect(try await Self.files(Self.fast) == [])

            let move = try await lab.apus(
                "migrate", guest.name, "--disk", "vda=pool:home", "--remove-source-disks", "--json")
            #expect(move.status == 0, "\(move.said)")
            let file = "\(Self.fast)/\(guest.name).\(format)"
            #expect(move.output.contains("\"changed\":true") && move.output.contains(file), "\(move.said)")
            for form in [[], ["--inactive"]] {
                let xml = try await Program(
                    ["virsh", "-c", try await HostList(lab).uri(of: "host1"), "dumpxml", guest.name] + form
                ).run()
                #expect(xml.output.contains("file='\(file)'") && !xml.output.contains(image), "\(xml.said)")
            }
            #expect(try await !Self.files("/var/lib/libvirt/images").contains { image.hasSuffix($0) })
            try await Self.expectWhole(guest)
            let story = try await lab.apus("show", guest.name)
            #expect(story.output.hasPrefix("Disks of \(guest.name) moved on host1."), "\(story.said)")
            #expect(story.output.contains("disk vda moved from \(image) to \(file)"), "\(story.said)")

            let again = try await lab.apus("migrate", guest.name, "--disk", "vda=pool:home", "--json")
            #expect(again.status == 2 && again.output.contains("target-exists"), "\(again.said)")
            try await guest.require("destroy", guest.name)
        }
    }

    @Test(
        "Ctrl-C and a storage that fills up leave the disk where it was, and nothing else", .ownLab)
    func homeFails() async throws {
        try await Self.withPool("qcow2") { lab, guest, image in
            let move = lab.startApus(
                "migrate", guest.name, "--disk", "vda=pool:home", "--bandwidth", "1MiB/s", "--json")
            for await line in move.errorLines where line.contains("\"target\":\"vda\"") { break }
            await move.send(SIGINT)
            let outcome = try await move.outcome()
            #expect(outcome.status == 130, "\(outcome.said)")
            #expect(try await Self.files(Self.fast) == [])
            #expect(try await guest.xml(on: "host1").contains("file='\(image)'"))
            #expect(try await !guest.xml(on: "host1").contains("<mirror"))

            try await Lab.with(
                "host1", "mkdir /srv/apus-small; mount -t tmpfs -o size=256k small /srv/apus-small",
                mending: "umount /srv/apus-small; rmdir /srv/apus-small"
            ) {
                let full = try await lab.apus(
                    "migrate", guest.name, "--disk", "vda=/srv/apus-small/", "--ignore", "target-space-short",
                    "--json")
                #expect(full.status == 1 && full.output.contains("disk-copy-failed"), "\(full.said)")
                #expect(try await Self.files("/srv/apus-small") == [])
            }
            try await Self.expectWhole(guest)
        }
    }

    @Test(
        "what a killed apus left of a disk's move is held against others until apus repair takes it away",
        .ownLab)
    func homeKilled() async throws {
        try await Self.withPool("raw") { lab, guest, image in
            let move = lab.startApus(
                "migrate", guest.name, "--disk", "vda=pool:home", "--bandwidth", "1MiB/s", "--json")
            for await line in move.errorLines where line.contains("\"target\":\"vda\"") { break }
            await move.send(SIGKILL)
            _ = try await move.outcome()
            #expect(try await guest.xml(on: "host1").contains("<mirror"))
            let other = try await lab.apus("migrate", guest.name, "--disk", "vda=pool:home", "--json")
            #expect(other.status == 2 && other.output.contains("guest-busy"), "\(other.said)")
            #expect(other.error.contains("apus repair \(guest.name)"), "\(other.said)")

            let repair = try await lab.apus("repair", guest.name)
            #expect(repair.status == 0 && repair.output.contains("was taken back"), "\(repair.said)")
            let again = try await lab.apus("repair", guest.name)
            #expect(again.status == 0 && again.output.contains("nothing to do"), "\(again.said)")
            #expect(try await !guest.xml(on: "host1").contains("<mirror"))
            #expect(try await Self.files(Self.fast) == [])
            #expect(try await guest.xml(on: "host1").contains("file='\(image)'"))
            try await Self.expectWhole(guest)
        }
    }

    @Test(
        "options that only a move to another host can follow are refused without --to", .lab)
    func homeOptions() async throws {
        let lab = try await Lab.up()
        for words in [["--downtime", "1s"], ["--direct"], ["--strategy", "multifd"], ["--keep-definition"]] {
            let outcome = try await lab.apus(["migrate", "web01", "--disk", "vda=/x/y"] + words)
            #expect(outcome.status == 64 && outcome.error.contains("Without --to"), "\(outcome.said)")
        }
    }
}
