import FoundationEssentials
import Glibc
import LabSupport
import Testing

/// Moves of guests whose memory is in a file: saved before, or saved for the move.
extension LabTests {
    @Test(
        "a saved guest moves with its memory, which the destination's libvirt owns then, running or paused as it was",
        .ownLab)
    func savedMoves() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("dirty", on: lab) { guest in
            for isPaused in [false, true] {
                let (from, to) = isPaused ? ("host2", "host1") : ("host1", "host2")
                if isPaused { #expect(try await guest.virsh(on: from, "suspend", guest.name).status == 0) }
                let save = try await guest.virsh(on: from, "managedsave", guest.name)
                try #require(save.status == 0, "\(save.said)")
                let move = try await lab.apus("migrate", guest.name, "--to", to, "--json")
                #expect(move.status == 0, "\(move.said)")
                #expect(try await guest.places() == [to: "saved"])
                let info = try await guest.virsh(on: to, "dominfo", guest.name)
                #expect(info.output.contains("Managed save:   yes"), "\(info.said)")
                // Nothing is left that a later start there would go on from.
                #expect(try await Lab.run(on: from, "ls /var/lib/libvirt/qemu/save").isEmpty)
                #expect(try await !Lab.run(on: to, "ls /var/lib/libvirt/qemu/save").contains("arriving"))
                let start = try await guest.virsh(on: to, "start", guest.name)
                #expect(start.status == 0, "\(start.said)")
                #expect(try await guest.places() == [to: isPaused ? "paused" : "running"])
                if isPaused { #expect(try await guest.virsh(on: to, "resume", guest.name).status == 0) }
                // Its program checks every page that it has written, and began where it was, not anew.
                #expect(try await guest.isWhole(on: to))
            }
        }
    }

    @Test(
        "a warm move saves a running guest, and lets it go on on the destination, or where it was when it is given up",
        .ownLab)
    func warmMoves() async throws {
        try await Self.withDisk("raw", ["--disk-size", "64M"]) { lab, guest, image in
            // Something to send that does not compress, where the guest does not write.
            try await Self.fillWithNoise(image, mebibytes: 8, from: 40)
            try await Lab.undoing {
                let plan = try await lab.apus("plan", guest.name, "--to", "host2", "--warm", "--quick")
                #expect(plan.status == 0 && plan.output.contains("downtime: about"), "\(plan.said)")
                let given = lab.startApus(
                    "migrate", guest.name, "--to", "host2", "--warm", "--bandwidth", "64KiB/s", "--json")
                for await line in given.errorLines where line.contains("files_remaining_bytes") { break }
                #expect(try await guest.places() == ["host1": "saved"])
                await given.send(SIGINT)
                let outcome = try await given.outcome()
                #expect(outcome.status == 130, "\(outcome.said)")
                #expect(try await guest.places() == ["host1": "running"])
                try await Self.expectWhole(guest)

                let move = try await lab.apus("migrate", guest.name, "--to", "host2", "--warm", "--json")
                #expect(move.status == 0, "\(move.said)")
                #expect(try await guest.places() == ["host2": "running"])
                let downtime = try MoveAnswer(move).result?.downtime_seconds ?? 0
                #expect(downtime > 0, "\(move.said)")
                try await Self.expectWhole(guest)
            } by: {
                for host in ["host1", "host2"] { try await Lab.run(on: host, "rm -f '\(image)'") }
            }
        }
    }

    @Test("a warm move whose process is killed leaves a saved guest that a repair lets go on", .ownLab)
    func warmKilled() async throws {
        try await Self.withDisk("raw", ["--disk-size", "64M"]) { lab, guest, image in
            // Something to send that does not compress, where the guest does not write.
            try await Self.fillWithNoise(image, mebibytes: 8, from: 40)
            try await Lab.undoing {
                let move = lab.startApus(
                    "migrate", guest.name, "--to", "host2", "--warm", "--bandwidth", "64KiB/s", "--json")
                for await line in move.errorLines where line.contains("files_remaining_bytes") { break }
                await move.send(SIGKILL)
                _ = try await move.outcome()
                #expect(try await guest.places() == ["host1": "saved"])
                let repair = try await lab.apus("repair", guest.name)
                #expect(repair.status == 0 && repair.said.contains("goes on on host1"), "\(repair.said)")
                #expect(try await guest.places() == ["host1": "running"])
                #expect(try await Lab.run(on: "host2", "ls -A /var/lib/libvirt/images").isEmpty)
                try await Self.expectWhole(guest)
            } by: {
                for host in ["host1", "host2"] { try await Lab.run(on: host, "rm -f '\(image)'") }
            }
        }
    }
}
