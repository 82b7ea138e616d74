import FoundationEssentials
import Glibc
import LabSupport
import Testing

/// Moves of guests that do not run: definition, disks, and what their host keeps for them besides.
extension LabTests {
    private static let images = "/var/lib/libvirt/images"

    /// A guest that has written records to a disk of host1's own, and is shut off since.
    private static func withColdDisk(
        _ format: String = "qcow2", _ options: [String] = [],
        _ body: @Sendable (Lab, LabGuest, _ image: String) async throws -> Void
    ) async throws {
        try await withDisk(format, options) { lab, guest, image in
            try await guest.require("destroy", guest.name)
            do { try await body(lab, guest, image) } catch {
                try await clear(guest, image)
                throw error
            }
            try await clear(guest, image)
        }
    }

    /// What a move leaves on the host that the guest left, and what an attempt did.
    private static func clear(_ guest: LabGuest, _ image: String) async throws {
        for host in ["host1", "host2"] {
            try await Lab.run(on: host, "rm -f '\(image)' \(images)/.apus-*")
        }
    }

    /// Puts into an image of host1 what does not compress, where the guest does not write.
    static func fillWithNoise(_ image: String, mebibytes: Int, from start: Int) async throws {
        try await Lab.run(
            on: "host1",
            "dd if=/dev/urandom of='\(image)' bs=1M seek=\(start) count=\(mebibytes) conv=notrunc status=none"
        )
    }

    private static func records(_ guest: LabGuest) async throws -> String {
        let records = try await Lab.command(["guest", "records", guest.name])
        #expect(records.status == 0, "\(records.said)")
        return records.output
    }

    @Test("what a move may send is changed while it sends", .ownLab)
    func coldSet() async throws {
        try await Self.withColdDisk("raw", ["--disk-size", "64M"]) { lab, guest, image in
            try await Self.fillWithNoise(image, mebibytes: 32, from: 32)
            // Five minutes and more, if it went on like that.
            let move = lab.startApus(
                "migrate", guest.name, "--to", "host2", "--bandwidth", "100KiB/s", "--json")
            for await line in move.errorLines where line.contains("files_remaining_bytes") { break }
            let stop = try await lab.apus("set", guest.name, "--downtime", "1s")
            #expect(stop.status == 64 && stop.said.contains("does not run while it moves"), "\(stop.said)")
            let dry = try await lab.apus("set", guest.name, "--bandwidth", "none", "--dry-run")
            #expect(dry.status == 0 && dry.output.contains("would be changed"), "\(dry.said)")
            let same = try await lab.apus("set", guest.name, "--bandwidth", "100KiB/s")
            #expect(same.status == 0 && same.output.contains("held to that already"), "\(same.said)")
            let set = try await lab.apus("set", guest.name, "--bandwidth", "none", "--json")
            #expect(set.status == 0 && set.output.contains(#""changed":true"#), "\(set.said)")
            let outcome = try await move.outcome()
            #expect(outcome.status == 0, "\(outcome.said)")
            #expect(try #require(try MoveAnswer(outcome).result?.total_seconds) < 150)
            #expect(try await guest.places() == ["host2": "shut-off"])
        }
    }

    @Test(
        "a guest that is shut off goes with its disk and everything libvirt keeps for it, and back with what changed",
        .ownLab)
    func coldThereAndBack() async throws {
        try await Self.withColdDisk { lab, guest, image in
            try await guest.require("autostart", guest.name)
            // Something that does not compress, which the guest does not touch.
            try await Lab.run(
                on: "host1",
                "head -c 8M /dev/urandom >/tmp/apus-noise && qemu-io -c 'write -s /tmp/apus-noise 40M 8M' "
                    + "'\(image)' >/dev/null; rm /tmp/apus-noise")
            try await guest.require("snapshot-create-as", guest.name, "before-move")
            let before = try await Self.records(guest)
            let dry = try await lab.apus("migrate", guest.name, "--to", "host2", "--dry-run")
            #expect(dry.status == 0 && dry.output.contains("send the disk vda \(image)"), "\(dry.said)")

            let move = try await lab.apus("migrate", guest.name, "--to", "host2", "--with-logs", "--json")
            #expect(move.status == 0, "\(move.said)")
            let answer = try #require(try MoveAnswer(move).result)
            #expect(answer.destination_state?.hasPrefix("shut-off") == true && answer.downtime_seconds == nil)
            #expect(try await guest.places() == ["host2": "shut-off"])
            #expect(try await Self.records(guest) == before)
            let past = try #require(try await lab.history(guest).first)
            #expect(past.strategy == "cold" && past.outcome == "moved" && past.forecast_error == nil)
            #expect(past.total_seconds ?? 0 > 0 && past.wire_bytes == answer.wire_bytes)
            let snapshots = try await guest.virsh(on: "host2", "snapshot-list", guest.name, "--name")
            #expect(snapshots.output.contains("before-move"), "\(snapshots.said)")
            let list = try await guest.virsh(on: "host2", "list", "--all", "--autostart", "--name")
            #expect(list.output.contains(guest.name), "\(list.said)")
            let log = "/var/log/libvirt/qemu/\(guest.name).from-host1.log"
            #expect(try await Lab.run(on: "host2", "cat \(log)").contains("starting up"))
            // Sparse as it was, checked whole, and nothing of the transfer left.
            let files = try await Lab.run(on: "host2", "ls -A \(Self.images)")
            #expect(!files.contains(".partial"), "\(files)")

            let again = try await lab.apus("migrate", guest.name, "--to", "host2", "--json")
            #expect(again.status == 0, "\(again.said)")
            #expect(try !MoveAnswer(again).changed, "\(again.said)")

            // Some records more, and back: host1 kept its image, so only the difference goes.
            try await Lab.require("guest", "start", guest.name, "--on", "host2")
            #expect(try await guest.virsh(on: "host2", "destroy", guest.name).status == 0)
            let back = try await lab.inventory({
                $0.replacing(
                    "    peer-shell: [ssh, host1]", with: "    peer-shell: [ssh, host1]\n    transport: tcp")
            }) { inventory in
                try await lab.apus(
                    "migrate", guest.name, "--to", "host1", "--start", "--inventory", inventory, "--json")
            }
            #expect(back.status == 0, "\(back.said)")
            #expect(try await lab.apus("show", guest.name).output.contains("TCP to 192.0.2.11"))
            #expect(try await guest.places() == ["host1": "running"])
            try await Self.expectWhole(guest)
            let (first, second) = (answer.wire_bytes ?? 0, try MoveAnswer(back).result?.wire_bytes ?? .max)
            #expect(first > 8 << 20 && second < 1 << 20, "\(second) bytes back after \(first) there")
        }
    }

    @Test(
        "a cold move that is cut goes on where it was when it is asked for again, or is taken back by a repair",
        .ownLab)
    func coldCut() async throws {
        try await Self.withColdDisk("raw", ["--disk-size", "96M"]) { lab, guest, image in
            // Nothing that compresses, so that it takes its time.
            try await Self.fillWithNoise(image, mebibytes: 64, from: 32)
            let before = try await Lab.run(on: "host1", "sha256sum < '\(image)'")
            @Sendable func cut() async throws {
                let move = lab.startApus(
                    "migrate", guest.name, "--to", "host2", "--bandwidth", "8MiB/s", "--json")
                for await line in move.errorLines where line.contains("files_remaining_bytes") { break }
                let sender = try await Lab.run(on: "host1", "pgrep -f '[a]pus send' | tail -n 1")
                await move.send(SIGKILL)
                _ = try await move.outcome()
                // Its sender ends with it.
                try await Lab.run(
                    on: "host1", "tail --pid=\(sender.filter { !$0.isWhitespace }) -f /dev/null")
                #expect(try await guest.places() == ["host1": "shut-off"])
                #expect(try await Lab.run(on: "host2", "ls -A \(Self.images)").contains(".partial"))
                #expect(try await !Lab.run(on: "host2", "ls -A \(Self.images)").contains(guest.name))
            }
            try await cut()
            // Somebody puts a file into the place of the one that is on its way: it is nobody's to take or to replace.
            try await Lab.run(on: "host2", "echo mine > '\(image)'")
            let repair = try await lab.apus("repair", guest.name)
            #expect(repair.status == 0 && repair.output.contains("was taken back"), "\(repair.said)")
            let kept = "\(image) on host2 is not of this move, and stays"
            #expect(repair.said.contains(kept), "\(repair.said)")
            #expect(try await Lab.run(on: "host2", "ls -A \(Self.images)") == "\(guest.name).raw\n")
            #expect(try await Lab.run(on: "host2", "cat '\(image)'; rm '\(image)'") == "mine\n")

            try await cut()
            try await Lab.run(on: "host2", "echo mine > '\(image)'")
            let refused = try await lab.apus("migrate", guest.name, "--to", "host2", "--json")
            #expect(refused.status == 2 && refused.output.contains("target-exists"), "\(refused.said)")
            #expect(try await Lab.run(on: "host2", "cat '\(image)'; rm '\(image)'") == "mine\n")

            // The same while it is under way.
            let crossed = lab.startApus(
                "migrate", guest.name, "--to", "host2", "--bandwidth", "16MiB/s", "--json")
            for await line in crossed.errorLines where line.contains("files_remaining_bytes") { break }
            try await Lab.run(on: "host2", "echo mine > '\(image)'")
            let late = try await crossed.outcome()
            #expect(late.status == 1 && late.output.contains("image-exists"), "\(late.said)")
            #expect(try await guest.places() == ["host1": "shut-off"])
            #expect(try await Lab.run(on: "host2", "cat '\(image)'; rm '\(image)'") == "mine\n")
            #expect(try await Lab.run(on: "host2", "ls -A \(Self.images)").contains(".arrived"))

            // The same command again needs no repair, and sends only what is missing.
            let arrived = try await Lab.run(on: "host2", "du -B1 --apparent-size -c \(Self.images)/.apus-*")
            let again = try await lab.apus("migrate", guest.name, "--to", "host2", "--json")
            #expect(again.status == 0, "\(again.said)")
            #expect(try await guest.places() == ["host2": "shut-off"])
            #expect(try await Lab.run(on: "host2", "sha256sum < '\(image)'") == before)
            let wire = try MoveAnswer(again).result?.wire_bytes ?? .max
            #expect(wire < 64 << 20, "\(wire) bytes went, though these had arrived: \(arrived)")
            #expect(try await lab.apus("repair", guest.name).output.contains("nothing to do"))
        }
    }

    @Test(
        "a cold move whose last steps fail takes its files out of their places, and sends them no second time",
        .ownLab)
    func coldRefused() async throws {
        try await Self.withColdDisk("raw", ["--disk-size", "64M"]) { lab, guest, image in
            try await Self.fillWithNoise(image, mebibytes: 32, from: 32)
            let before = try await Lab.run(on: "host1", "sha256sum < '\(image)'")
            let move = lab.startApus(
                "migrate", guest.name, "--to", "host2", "--bandwidth", "8MiB/s", "--json")
            for await line in move.errorLines where line.contains("files_remaining_bytes") { break }
            // Its name is taken when it comes to be defined.
            let other = FileManager.default.temporaryDirectory.appending(path: "\(guest.name).xml").path
            try writeFile(
                "<domain type='qemu'><name>\(guest.name)</name><memory>1024</memory><os><type>hvm</type></os>"
                    + "</domain>", to: other)
            let define = try await guest.virsh(on: "host2", "define", other)
            try FileManager.default.removeItem(atPath: other)
            #expect(define.status == 0, "\(define.said)")
            let failed = try await move.outcome()
            #expect(failed.status == 1 && failed.output.contains("already exists"), "\(failed.said)")
            #expect(try await guest.virsh(on: "host2", "undefine", guest.name).status == 0)
            #expect(try await guest.places() == ["host1": "shut-off"])
            let left = try await Lab.run(on: "host2", "ls -A \(Self.images)")
            #expect(left.hasSuffix(".arrived\n") && !left.contains(guest.name), "\(left)")

            let again = try await lab.apus("migrate", guest.name, "--to", "host2", "--json")
            #expect(again.status == 0, "\(again.said)")
            #expect(try await Lab.run(on: "host2", "sha256sum < '\(image)'") == before)
            #expect(try await Lab.run(on: "host2", "ls -A \(Self.images)") == "\(guest.name).raw\n")
            #expect(try MoveAnswer(again).result?.wire_bytes ?? .max < 1 << 20, "\(again.said)")
            let repair = try await lab.apus("repair", guest.name, "--json")
            #expect(repair.status == 0 && repair.output.contains(#""changed":false"#), "\(repair.said)")
        }
    }

    @Test(
        "a guest cannot be started on its source while it is on its way, and one that runs again is not moved",
        .ownLab)
    func coldStarted() async throws {
        try await Self.withColdDisk("raw", ["--disk-size", "96M"]) { lab, guest, image in
            try await Self.fillWithNoise(image, mebibytes: 64, from: 32)
            let move = lab.startApus(
                "migrate", guest.name, "--to", "host2", "--bandwidth", "8MiB/s", "--json")
            for await line in move.errorLines where line.contains(#""phase":"stop-and-copy""#) { break }
            let start = try await guest.virsh(on: "host1", "start", guest.name)
            #expect(start.status != 0 && start.said.contains("lock"), "\(start.said)")
            await move.send(SIGINT)
            let outcome = try await move.outcome()
            #expect(outcome.status == 130, "\(outcome.said)")
            #expect(try await guest.places() == ["host1": "shut-off"])
            // Nobody holds it any more.
            try await guest.require("start", guest.name)
            let live = try await lab.apus("repair", guest.name)
            #expect(live.status == 0, "\(live.said)")
            #expect(try await Lab.run(on: "host2", "ls -A \(Self.images)").isEmpty)
            #expect(try await guest.places() == ["host1": "running"])
        }
    }

    @Test("UEFI variables, a TPM's state and a chain of images go along, each to its place", .ownLab)
    func coldBelongings() async throws {
        let lab = try await Lab.up()
        let base = "\(Self.images)/apus-cold-base.qcow2"
        let make =
            "qemu-img create -q -f qcow2 \(base) 64M && qemu-io -c 'write -P 7 32M 1M' \(base) >/dev/null"
        try await Lab.with("host1", make, mending: "rm -f \(base)") {
            try await Lab.undoing {
                try await LabGuest.with(
                    "disk", ["--disk-format", "qcow2", "--no-start", "--firmware", "uefi", "--tpm"], on: lab
                ) { guest in
                    let image = "\(Self.images)/\(guest.name).qcow2"
                    try await Lab.run(
                        on: "host1", "rm \(image); qemu-img create -q -f qcow2 -b \(base) -F qcow2 \(image)")
                    try await guest.require("start", guest.name)
                    try await guest.require("destroy", guest.name)
                    let uuid = try await guest.virsh(on: "host1", "domuuid", guest.name).output
                        .filter { !$0.isWhitespace }
                    let kept = [
                        base, "/var/lib/libvirt/qemu/nvram/\(guest.name)_VARS.fd",
                        "/var/lib/libvirt/swtpm/\(uuid)/tpm2/tpm2-00.permall",
                    ]
                    let digests = "sha256sum \(kept.joined(separator: " ")); stat -c %U:%G \(kept[2])"
                    let before = try await Lab.run(on: "host1", digests)
                    let place = "/srv/apus-cold"
                    try await Lab.with("host2", "mkdir -p \(place)", mending: "rm -rf \(place)") {
                        // A TPM's state that nobody knows of is nobody's to replace.
                        try await Lab.run(
                            on: "host2", "mkdir -p -m 711 $(dirname \(kept[2])) && echo theirs > \(kept[2])")
                        let refused = try await lab.apus(
                            "migrate", guest.name, "--to", "host2", "--disk", "vda=\(place)/", "--json")
                        #expect(refused.status == 2, "\(refused.said)")
                        #expect(refused.output.contains("guest-state-exists"), "\(refused.said)")
                        #expect(try await Lab.run(on: "host2", "cat \(kept[2]); rm \(kept[2])") == "theirs\n")
                        let move = try await lab.apus(
                            "migrate", guest.name, "--to", "host2", "--disk", "vda=\(place)/",
                            "--remove-source-disks", "--json")
                        #expect(move.status == 0, "\(move.said)")
                        #expect(try await Lab.run(on: "host2", digests) == before)
                        let moved = "\(place)/\(guest.name).qcow2"
                        #expect(
                            try await Lab.run(on: "host2", "qemu-io -r -c 'read -P 7 32M 1M' \(moved)")
                                .contains("1048576 bytes"))
                        #expect(try await guest.xml(on: "host2").contains("'\(moved)'"))
                        // The base may be another guest's, too.
                        let left = try await Lab.run(on: "host1", "ls \(Self.images)")
                        #expect(left.contains("apus-cold-base") && !left.contains(guest.name), "\(left)")
                        let start = try await guest.virsh(on: "host2", "start", guest.name)
                        #expect(start.status == 0, "\(start.said)")
                        _ = try await guest.virsh(on: "host2", "destroy", guest.name)
                        // What it left on host1 when it went away is its own, though it has changed since.
                        let changed = try await Lab.run(on: "host2", digests)
                        let back = try await lab.apus(
                            "migrate", guest.name, "--to", "host1", "--disk", "vda=\(image)", "--json")
                        #expect(back.status == 0, "\(back.said)")
                        #expect(try await Lab.run(on: "host1", digests) == changed)
                        #expect(try await guest.places() == ["host1": "shut-off"])
                    }
                }
            } by: {
                try await Lab.run(on: "host2", "rm -f \(base)")
            }
        }
    }

    @Test("without apus on the other host the check says so, and what to install", .ownLab)
    func coldWithoutApus() async throws {
        try await Self.withColdDisk { lab, guest, _ in
            try await lab.inventory({ $0.replacing(Lab.apusPath, with: "apus-that-is-not-there") }) {
                inventory in
                let check = try await lab.apus(
                    "check", guest.name, "--to", "host2", "--inventory", inventory, "--json")
                #expect(check.status == 2, "\(check.said)")
                let findings = try CheckAnswer(check).findings.filter { $0.code == "apus-missing" }
                #expect(Set(findings.map(\.host)) == ["host1", "host2"], "\(check.said)")
                #expect(findings.allSatisfy { $0.hint.contains("Install the same release") }, "\(check.said)")
            }
        }
    }
}
