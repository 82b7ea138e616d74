import Glibc
import LabSupport
import Testing

/// Moves of guests that have snapshots.
extension LabTests {
    /// The snapshots that a host's libvirt knows of a guest, as a tree with the current one; empty where there are
    /// none, or no guest.
    private static func tree(of guest: LabGuest, on host: String) async throws -> String {
        let tree = try await guest.virsh(on: host, "snapshot-list", guest.name, "--tree")
        let current = try await guest.virsh(on: host, "snapshot-current", guest.name, "--name")
        return tree.output.filter { !$0.isWhitespace } + "/" + current.output.filter { !$0.isWhitespace }
    }

    /// One made upon the other, the second one current.
    private static let whole = "first|+-second/second"

    /// A guest that writes to a shared disk, with two internal snapshots of disk and memory.
    private static func withSnapshots(_ body: @Sendable (Lab, LabGuest) async throws -> Void) async throws {
        let lab = try await Lab.up()
        let options = ["--disk-on", "shared", "--disk-format", "qcow2"]
        try await LabGuest.with("disk", options, on: lab) { guest in
            for name in ["first", "second"] {
                try await guest.require("snapshot-create-as", guest.name, name)
            }
            #expect(try await tree(of: guest, on: "host1") == whole)
            try await body(lab, guest)
        }
    }

    @Test("snapshots on a shared disk follow the guest, there and back, and can be gone back to", .ownLab)
    func snapshotsFollow() async throws {
        try await Self.withSnapshots { lab, guest in
            try await lab.check(guest).expect(
                "snapshots-present", "note", on: "host1", saying: "2 snapshots", "carried along")
            let plan = try await lab.apus("plan", guest.name, "--to", "host2", "--json")
            #expect(plan.output.contains("2 snapshots carried along"), "\(plan.said)")
            #expect(!plan.output.contains("domainsnapshot"), "a plan must not hold the guest's passwords")

            let move = try await lab.apus("migrate", guest.name, "--to", "host2", "--json")
            #expect(move.status == 0, "\(move.said)")
            #expect(try await Self.tree(of: guest, on: "host2") == Self.whole)
            #expect(try await Self.tree(of: guest, on: "host1") == "/")
            let revert = try await guest.virsh(on: "host2", "snapshot-revert", guest.name, "first")
            #expect(revert.status == 0, "\(revert.said)")
            #expect(try await guest.places() == ["host2": "running"])
            #expect(try await Self.tree(of: guest, on: "host2") == "first|+-second/first")

            // The source keeps its definition, and the snapshots are not there twice.
            let back = try await lab.apus(
                "migrate", guest.name, "--to", "host1", "--keep-definition", "--direct", "--json")
            #expect(back.status == 0, "\(back.said)")
            #expect(try await Self.tree(of: guest, on: "host1") == "first|+-second/first")
            #expect(try await Self.tree(of: guest, on: "host2") == "/")
        }
    }

    @Test("a move that is aborted puts the snapshots back", .ownLab)
    func snapshotsPutBack() async throws {
        try await Self.withSnapshots { lab, guest in
            let move = lab.startApus(
                "migrate", guest.name, "--to", "host2", "--json", "--bandwidth", "1MiB/s")
            for await line in move.errorLines where line.contains(#""phase":"pre-copy""#) { break }
            #expect(try await Self.tree(of: guest, on: "host1") == "/")
            await move.send(SIGINT)
            let outcome = try await move.outcome()
            #expect(outcome.status == 130, "\(outcome.said)")
            #expect(try await guest.places() == ["host1": "running"])
            #expect(try await Self.tree(of: guest, on: "host1") == Self.whole)
        }
    }

    @Test(
        "when apus is killed during the transfer, a repair gives the guest its snapshots where it is",
        .ownLab,
        arguments: [true, false])
    func snapshotsRepaired(arrives: Bool) async throws {
        try await Self.withSnapshots { lab, guest in
            let move = lab.startApus(
                "migrate", guest.name, "--to", "host2", "--json", "--bandwidth",
                arrives ? "16MiB/s" : "1MiB/s")
            for await line in move.errorLines where line.contains(#""phase":"pre-copy""#) { break }
            await move.send(SIGKILL)
            _ = try await move.outcome()
            if !arrives { try await guest.require("domjobabort", guest.name) }
            let home = arrives ? "host2" : "host1"
            #expect(try await guest.settledPlace().host == home)
            #expect(try await Self.tree(of: guest, on: home) == "/")
            let repair = try await lab.apus("repair", guest.name, "--json")
            #expect(repair.status == 0, "\(repair.said)")
            #expect(try await guest.places() == [home: "running"])
            #expect(try await Self.tree(of: guest, on: home) == Self.whole)
        }
    }

    @Test(
        "snapshots whose data does not follow block the move; lifted, the guest goes without them", .ownLab,
        arguments: [true, false])
    func snapshotsStay(keepsDefinition: Bool) async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("disk", ["--disk-format", "qcow2"], on: lab) { guest in
            try await guest.require("snapshot-create-as", guest.name, "only")
            try await lab.check(guest).expect(
                "snapshots-present", on: "host1", saying: "vda", "would arrive without")
            let words =
                ["migrate", guest.name, "--to", "host2", "--ignore", "snapshots-present", "--json"]
                + (keepsDefinition ? ["--keep-definition"] : [])
            let move = try await lab.apus(words)
            #expect(move.status == 0, "\(move.said)")
            #expect(try await Self.tree(of: guest, on: "host2") == "/")
            // What the source still has of the guest is whole: definition, disk, and the snapshot in it.
            #expect(
                try await Self.tree(of: guest, on: "host1") == (keepsDefinition ? "only/only" : "/"))
        }
    }
}
