import FoundationEssentials
import Glibc
import LabSupport
import Testing

/// Live moves whose connections go through a pair of apus processes.
extension LabTests {
    /// What a relay leaves on a host: nothing.
    private static func expectNothingLeft(at location: SourceLocation = #_sourceLocation) async throws {
        for host in ["host1", "host2"] {
            let left = try await Lab.run(
                on: host,
                "ls -d /run/apus-relay-* /run/libvirt/qemu/apus/* 2>/dev/null; pgrep -af '[a]pus relay' || true"
            )
            #expect(left.isEmpty, "\(host): \(left)", sourceLocation: location)
        }
    }

    /// Ends the relay on a host as the kernel would for want of memory.
    private static func killRelay(on host: String) async throws {
        try await Lab.run(on: host, "kill -9 $(cat /run/apus-relay-*/pid)")
    }

    @Test("memory and a disk's copy go through a relay, compressed, and nothing of it is left", .ownLab)
    func relayed() async throws {
        let usage = try await Lab.up().apus("migrate", "any", "--to", "host2", "--relay", "always", "--tls")
        #expect(usage.status == 64 && usage.said.contains("does not compress"), "\(usage.said)")
        try await Self.withDisk("raw", ["--disk-size", "32M"]) { lab, guest, image in
            try await Lab.undoing {
                let move = try await lab.apus(
                    "migrate", guest.name, "--to", "host2", "--relay", "always", "--json")
                #expect(move.status == 0 && move.output.contains("the relay carried"), "\(move.said)")
                #expect(try await guest.places() == ["host2": "running"])
                try await Self.expectWhole(guest)
                try await Self.expectNothingLeft()
            } by: {
                for host in ["host1", "host2"] { try await Lab.run(on: host, "rm -f '\(image)'") }
            }
        }
    }

    @Test("a relay is taken by itself where the link is slow, and left out where it is not", .ownLab)
    func relayChosen() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("web", ["--data", "260"], on: lab) { guest in
            let fast = try await lab.apus("plan", guest.name, "--to", "host2", "--quick")
            #expect(fast.status == 0 && fast.output.contains("relay: none ("), "\(fast.said)")
            try await withLink("100mbit") {
                let slow = try await lab.apus("plan", guest.name, "--to", "host2", "--quick")
                let relay = slow.output.split(separator: "\n").first { $0.contains("relay: ") } ?? ""
                // Hosts whose processors others use go without: this machine's may be.
                let isTaken = relay.contains(
                    "compresses with LZ4 (a sample of the guest's memory shrinks to ")
                #expect(isTaken || relay.contains(" is busy: a load of "), "\(slow.said)")
                // The link's speed is known from that.
                let move = try await lab.apus(
                    ["migrate", guest.name, "--to", "host2", "--json"]
                        + (isTaken ? [] : ["--relay", "always"]))
                #expect(move.status == 0 && move.output.contains("the relay carried"), "\(move.said)")
                let without = try await lab.apus(
                    "plan", guest.name, "--to", "host1", "--quick", "--relay", "never")
                #expect(without.output.contains("relay: none (--relay never)"), "\(without.said)")
            }
            #expect(try await guest.places() == ["host2": "running"])
            try await Self.expectNothingLeft()
            let history = try await lab.apus("history", guest.name, "--json")
            let wire = history.output.firstMatch(of: /"wire_bytes" ?: ?(\d+)/).flatMap { Int($0.1) }
            #expect(try #require(wire) < 280 << 20, "\(history.said)")
            try await Self.withoutRelay(guest, on: lab)
        }
    }

    /// The guest is on host2, and the link there is known as slow: what becomes of a relay that host1 cannot start.
    private static func withoutRelay(_ guest: LabGuest, on lab: Lab) async throws {
        let place = "/run/libvirt/qemu/apus"
        try await Lab.run(on: "host1", "rm -rf \(place) && touch \(place)")
        try await Lab.undoing {
            let always = try await lab.apus(
                "migrate", guest.name, "--to", "host1", "--relay", "always", "--json")
            #expect(always.status == 1 && always.output.contains("transfer-failed"), "\(always.said)")
            #expect(always.output.contains(place), "\(always.said)")
            #expect(try await guest.places() == ["host2": "running"])
            let plan = try await lab.apus("migrate", guest.name, "--to", "host1", "--dry-run")
            let auto = try await lab.apus("migrate", guest.name, "--to", "host1", "--json")
            #expect(auto.status == 0, "\(auto.said)")
            #expect(
                auto.output.contains("it went without a relay")
                    == plan.output.contains("compresses with LZ4"),
                "\(plan.said) \(auto.said)")
            #expect(try await guest.places() == ["host1": "running"])
        } by: {
            try await Lab.run(on: "host1", "rm -f \(place)")
        }
        try await expectNothingLeft()
    }

    @Test(
        "a relayed move outlives the apus that began it, before the switch and in post-copy", .ownLab,
        arguments: [false, true])
    func relayOutlivesApus(inPostCopy: Bool) async throws {
        let lab = try await Lab.up()
        let options = inPostCopy ? ["--memory", "256"] : ["--dirty-size", "8", "--dirty-rate", "4"]
        try await withLink("200mbit") {
            try await LabGuest.with("dirty", options, on: lab) { guest in
                let move = lab.startApus(
                    [
                        "migrate", guest.name, "--to", "host2", "--relay", "always", "--json", "--bandwidth",
                        inPostCopy ? "200MiB/s" : "16MiB/s",
                    ] + (inPostCopy ? ["--strategy", "post-copy"] : []))
                let phase = inPostCopy ? #""phase":"activation""# : #""phase":"pre-copy""#
                for await line in move.errorLines where line.contains(phase) { break }
                await move.send(SIGKILL)
                _ = try await move.outcome()
                let repair = try await lab.apus("repair", guest.name)
                #expect(repair.status == 0, "\(repair.said)")
                #expect(try await guest.places() == ["host2": "running"])
                #expect(try await guest.isWhole(on: "host2"))
                try await Self.expectNothingLeft()
            }
        }
    }

    @Test(
        "a relay that dies is a broken link: before the switch the guest runs on, in post-copy a new one mends it",
        .ownLab)
    func relayDies() async throws {
        let lab = try await Lab.up()
        try await withLink("200mbit") {
            try await LabGuest.with("dirty", on: lab) { guest in
                let slow = lab.startApus(
                    "migrate", guest.name, "--to", "host2", "--relay", "always", "--bandwidth", "4MiB/s",
                    "--json")
                for await line in slow.errorLines where line.contains(#""phase":"pre-copy""#) { break }
                try await Self.killRelay(on: "host1")
                let failed = try await slow.outcome()
                #expect(failed.status == 1, "\(failed.said)")
                #expect(try await guest.places() == ["host1": "running"])
                try await Self.expectNothingLeft()

                let move = lab.startApus(
                    "migrate", guest.name, "--to", "host2", "--relay", "always", "--strategy", "post-copy",
                    "--json")
                for await line in move.errorLines where line.contains(#""phase":"activation""#) { break }
                try await Self.killRelay(on: "host1")
                let outcome = try await move.outcome()
                #expect(outcome.status == 0, "\(outcome.said)")
                #expect(try await guest.places() == ["host2": "running"])
                #expect(try await guest.isWhole(on: "host2"))
                try await Self.expectNothingLeft()
            }
        }
    }
}
