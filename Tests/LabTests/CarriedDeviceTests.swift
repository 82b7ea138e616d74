import Glibc
import LabSupport
import Testing

/// Moves of guests that let go of devices. No machine of the lab has an IOMMU: an emulated interface, which the guest's
/// policy names, takes the same road as a device of the host.
extension LabTests {
    private static let mac = "52:54:00:aa:bb:01"
    private static let nic =
        "<interface type='bridge'><mac address='\(mac)'/><source bridge='br0'/><model type='virtio'/>"
        + "<alias name='ua-nic1'/></interface>"

    /// A guest with an interface more, which its policy lets go.
    private static func withDevice(
        _ kind: String, _ options: [String] = [], attaching: String = "",
        _ body: @Sendable (Lab, LabGuest) async throws -> Void
    ) async throws {
        let lab = try await Lab.up()
        try await LabGuest.with(kind, ["--device", nic] + options, on: lab) { guest in
            try await guest.require(
                "metadata", guest.name, "--uri", "https://apus.example/policy/1", "--key", "apus", "--set",
                "<policy><detach device='ua-nic1'>\(attaching)</detach></policy>", "--live", "--config")
            try await body(lab, guest)
        }
    }

    /// Where the guest sees the interface on a host; empty where it has none.
    private static func place(
        _ guest: LabGuest, on host: String
    ) async throws -> String {
        let xml = try await guest.virsh(on: host, "dumpxml", guest.name).output
        let elements = xml.split(separator: "<interface ").dropFirst().compactMap {
            $0.split(separator: "</interface>").first
        }
        guard let own = elements.first(where: { $0.contains(mac) }) else { return "" }
        return own.split(separator: "\n").last { $0.contains("type='pci'") }.map(String.init) ?? "somewhere"
    }

    @Test(
        "a device that the policy lets go leaves the guest for the move, and is in its place again", .ownLab)
    func deviceFollows() async throws {
        try await Self.withDevice("web") { lab, guest in
            let before = try await Self.place(guest, on: "host1")
            #expect(before.contains("slot="))
            let plan = try await lab.apus("plan", guest.name, "--to", "host2", "--detach-passthrough")
            #expect(plan.output.contains("unplug the device \(Self.mac) from"), "\(plan.said)")
            #expect(plan.output.contains("plug \(Self.mac) in on host2"), "\(plan.said)")

            let move = lab.startApus(
                "migrate", guest.name, "--to", "host2", "--detach-passthrough", "--json", "--bandwidth",
                "16MiB/s")
            for await line in move.errorLines where line.contains(#""phase":"pre-copy""#) { break }
            #expect(try await Self.place(guest, on: "host1") == "", "it moves with the device in it")
            let outcome = try await move.outcome()
            #expect(outcome.status == 0, "\(outcome.said)")
            #expect(try await guest.places() == ["host2": "running"])
            #expect(try await Self.place(guest, on: "host2") == before)
        }
    }

    @Test(
        "a device is put back when the move is aborted, and by a repair when apus was killed", .ownLab,
        arguments: [SIGINT, SIGKILL])
    func devicePutBack(signal: Int32) async throws {
        try await Self.withDevice("web") { lab, guest in
            let before = try await Self.place(guest, on: "host1")
            let move = lab.startApus(
                "migrate", guest.name, "--to", "host2", "--detach-passthrough", "--json", "--bandwidth",
                "1MiB/s")
            for await line in move.errorLines where line.contains(#""phase":"pre-copy""#) { break }
            await move.send(signal)
            let outcome = try await move.outcome()
            if signal == SIGKILL {
                try await guest.require("domjobabort", guest.name)
                #expect(try await guest.settledPlace().host == "host1")
                #expect(try await Self.place(guest, on: "host1") == "")
                let repair = try await lab.apus("repair", guest.name)
                #expect(repair.status == 0, "\(repair.said)")
            } else {
                #expect(outcome.status == 130, "\(outcome.said)")
            }
            #expect(try await guest.places() == ["host1": "running"])
            #expect(try await Self.place(guest, on: "host1") == before)
        }
    }

    @Test("the destination's own device comes in; until it can, the move is not over", .ownLab)
    func deviceReplaced() async throws {
        let other = "52:54:00:aa:bb:02"
        let attaching =
            "<attach host='host2'><interface type='bridge'><mac address='\(other)'/><source bridge='br-late'/>"
            + "<model type='virtio'/></interface></attach>"
        try await Self.withDevice("web", attaching: attaching) { lab, guest in
            let move = try await lab.apus(
                "migrate", guest.name, "--to", "host2", "--detach-passthrough", "--json")
            #expect(move.status == 3 && move.output.contains("repair-incomplete"), "\(move.said)")
            #expect(move.output.contains("br-late"), "\(move.said)")
            #expect(try await guest.places() == ["host2": "running"])
            let still = try await lab.apus("repair", guest.name)
            #expect(still.status == 3, "\(still.said)")
            let away = try await lab.apus("migrate", guest.name, "--to", "host1", "--json")
            #expect(away.status == 2 && away.output.contains("guest-busy"), "\(away.said)")

            try await Lab.with(
                "host2", "ip link add br-late type bridge && ip link set br-late up",
                mending: "ip link del br-late"
            ) {
                let repair = try await lab.apus("repair", guest.name)
                #expect(repair.status == 0, "\(repair.said)")
                for form in [[], ["--inactive"]] {
                    let xml = try await guest.virsh(on: "host2", ["dumpxml", guest.name] + form).output
                    #expect(xml.contains(other) && !xml.contains(Self.mac), "\(form): \(xml)")
                }
                let again = try await lab.apus("repair", guest.name, "--json")
                #expect(again.status == 0 && again.output.contains(#""changed":false"#), "\(again.said)")
            }
        }
    }

    @Test("a device that the destination never gets is done without after --accept", .ownLab)
    func deviceGivenUp() async throws {
        let attaching =
            "<attach host='host2'><interface type='bridge'><mac address='52:54:00:aa:bb:03'/>"
            + "<source bridge='br-never'/><model type='virtio'/></interface></attach>"
        try await Self.withDevice("web", attaching: attaching) { lab, guest in
            let move = try await lab.apus(
                "migrate", guest.name, "--to", "host2", "--detach-passthrough", "--json")
            #expect(move.status == 3 && move.output.contains("repair-incomplete"), "\(move.said)")
            let repair = try await lab.apus("repair", guest.name)
            #expect(repair.status == 3 && repair.said.contains("--accept"), "\(repair.said)")
            let accepted = try await lab.apus("repair", guest.name, "--accept")
            #expect(accepted.status == 0 && accepted.said.contains("given up"), "\(accepted.said)")
            #expect(try await guest.places() == ["host2": "running"])
            #expect(try await Self.place(guest, on: "host2") == "")
            // Nothing holds it any more.
            let back = try await lab.apus("migrate", guest.name, "--to", "host1", "--json")
            #expect(back.status == 0, "\(back.said)")
        }
    }

    @Test(
        "a guest that does not let go stays, with all that it had; also when apus is killed meanwhile",
        .ownLab,
        arguments: [false, true])
    func neverLetsGo(killed: Bool) async throws {
        let disk = "/srv/shared/keeps\(getpid()).qcow2"
        try await Lab.undoing {
            _ = try await Lab.up()
            try await Lab.run(on: "host1", "qemu-img create -q -f qcow2 \(disk) 64M")
            let device =
                "<disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none'/>"
                + "<source file='\(disk)'/><target dev='vdb' bus='virtio'/></disk>"
            try await Self.withDevice("idle", ["--device", device]) { lab, guest in
                try await guest.require("snapshot-create-as", guest.name, "kept")
                let before = try await Self.place(guest, on: "host1")
                let move = lab.startApus(
                    "migrate", guest.name, "--to", "host2", "--detach-passthrough", "--json")
                if killed {
                    // The snapshot is gone from libvirt, and the transfer has not begun.
                    let deadline = ContinuousClock.now.advanced(by: .seconds(20))
                    while try await guest.virsh(on: "host1", "snapshot-list", guest.name, "--name").output
                        .contains("kept")
                    {
                        try #require(ContinuousClock.now < deadline, "the snapshot stays known")
                    }
                    await move.send(SIGKILL)
                    _ = try await move.outcome()
                    let repair = try await lab.apus("repair", guest.name)
                    #expect(repair.status == 0, "\(repair.said)")
                } else {
                    let outcome = try await move.outcome()
                    #expect(outcome.status == 1 && outcome.output.contains("timed-out"), "\(outcome.said)")
                    #expect(outcome.output.contains("has not let go of it within"), "\(outcome.said)")
                }
                #expect(try await guest.places() == ["host1": "running"])
                #expect(try await Self.place(guest, on: "host1") == before)
                let kept = try await guest.virsh(on: "host1", "snapshot-current", guest.name, "--name")
                #expect(kept.output.contains("kept"), "\(kept.said)")
            }
        } by: {
            try await Lab.run(on: "host1", "rm -f \(disk)")
        }
    }
}
