import Glibc
import LabSupport
import Testing

/// Moves that end with exit status 3, and what becomes of the guest when a person has done what was asked for.
extension LabTests {
    @Test(
        "a post-copy whose link stays cut is left to a person after --recover-for; nothing was ended, and a repair finishes it",
        .ownLab)
    func recoveryRunsOut() async throws {
        let lab = try await Lab.up()
        try await withLink("100mbit") {
            try await LabGuest.with("dirty", on: lab) { guest in
                let move = lab.startApus(
                    "migrate", guest.name, "--to", "host2", "--strategy", "post-copy", "--recover-for", "10s",
                    "--json")
                for await line in move.errorLines where line.contains(#""phase":"activation""#) { break }
                try await Lab.undoing {
                    try await Lab.require("link", "--cut", "host2")
                    let outcome = try await move.outcome()
                    #expect(outcome.status == 3, "\(outcome.said)")
                    let error = try #require(try MoveAnswer(outcome).error)
                    #expect(error.code == "postcopy-broken", "\(outcome.said)")
                    #expect(error.hint?.contains("apus repair \(guest.name)") == true, "\(outcome.said)")
                    try await guest.expectBothHalves()
                    // A repair tries as long, and ends neither half either.
                    let early = try await lab.apus("repair", guest.name, "--json")
                    #expect(early.status == 3 && early.output.contains("postcopy-broken"), "\(early.said)")
                    try await guest.expectBothHalves()
                } by: {
                    try await Lab.require("link", "--mend", "host2")
                }
                // The source's libvirt may still be at its last attempt to reach host2, which waits longer each time.
                let repair = try await lab.apus("repair", guest.name, "--recover-for", "150s")
                #expect(repair.status == 0, "\(repair.said)")
                #expect(try await guest.places() == ["host2": "running"])
                #expect(try await guest.isWhole(on: "host2"))
            }
        }
    }

    @Test(
        "a guest that ran on the destination and was lost there: its older copy is the guest again only by --accept",
        .ownLab)
    func acceptsOlderCopy() async throws {
        let lab = try await Lab.up()
        let options = ["--dirty-size", "24", "--dirty-rate", "22", "--memory", "64"]
        try await LabGuest.with("dirty", options, on: lab) { guest in
            let move = lab.startApus(
                "migrate", guest.name, "--to", "host2", "--bandwidth", "32MiB/s", "--json")
            for await line in move.errorLines where line.contains(#""phase":"pre-copy""#) { break }
            // The destination's libvirt lets the guest run, and its answer is lost: after half a minute the source's takes
            // that for a failure, and lets its own copy run on.
            try await Lab.with(
                "host1",
                """
                nft add table inet apustest
                nft add chain inet apustest input '{ type filter hook input priority 0; }'
                nft add rule inet apustest input tcp sport 16509 drop
                """, mending: "nft delete table inet apustest"
            ) {
                for await line in move.errorLines where line.contains(#""phase":"activation""#) { break }
                // It would stop that copy.
                await move.send(SIGKILL)
                #expect(try await move.outcome().status == 137)
                try await guest.await("running (migration canceled)", on: "host1")
            }
            try await Lab.run(on: "host2", "kill -9 $(cat /run/libvirt/qemu/\(guest.name).pid)")

            let repair = try await lab.apus("repair", guest.name)
            #expect(repair.status == 3, "\(repair.said)")
            #expect(repair.said.contains("had run on host2, and that copy is gone"), "\(repair.said)")
            #expect(repair.said.contains("apus repair \(guest.name) --accept"), "\(repair.said)")
            let other = try await lab.apus("migrate", guest.name, "--to", "host2", "--json")
            #expect(other.status == 2 && other.output.contains("guest-busy"), "\(other.said)")

            let accepted = try await lab.apus("repair", guest.name, "--accept")
            #expect(accepted.status == 0, "\(accepted.said)")
            #expect(try await guest.places() == ["host1": "running"])
            #expect(try await guest.isWhole(on: "host1"))
            let again = try await lab.apus("repair", guest.name, "--json")
            #expect(again.status == 0 && again.output.contains(#""changed":false"#), "\(again.said)")
        }
    }
}

extension LabGuest {
    /// Of a post-copy that broke: each host has a part of its memory.
    fileprivate func expectBothHalves(at location: SourceLocation = #_sourceLocation) async throws {
        for host in ["host1", "host2"] {
            let state = try await virsh(on: host, "domstate", name, "--reason")
            #expect(
                state.output.contains("post-copy failed"), "\(host): \(state.said)", sourceLocation: location)
        }
    }

    /// Waits until a host says that of it.
    fileprivate func await(_ state: String, on host: String) async throws {
        let deadline = ContinuousClock.now.advanced(by: .seconds(90))
        while true {
            let said = try await virsh(on: host, "domstate", name, "--reason")
            if said.output.contains(state) { return }
            try #require(ContinuousClock.now < deadline, "it is not \(state): \(said.said)")
            _ = try await virsh(on: host, "event", name, "--event", "lifecycle", "--timeout", "1")
        }
    }
}
