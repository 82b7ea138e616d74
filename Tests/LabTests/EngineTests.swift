import FoundationEssentials
import Glibc
import LabSupport
import Testing

extension LabTests {
    /// Shapes the link between the lab's hosts for as long as `body` runs.
    func withLink<Value: Sendable>(
        _ rate: String, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        try await Lab.undoing(
            {
                try await Lab.require("link", "--rate", rate)
                return try await body()
            },
            by: { try await Lab.require("link", "--rate", "none") })
    }

    @Test("a guest that writes faster than the link ends in post-copy, whole", .ownLab)
    func postCopyOnStall() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await withLink("400mbit") {
            try await LabGuest.with("dirty", on: lab) { guest in
                let outcome = try await lab.apus("migrate", guest.name, "--to", hosts[1], "--json")
                #expect(outcome.status == 0, "\(outcome.said)")
                #expect(try await guest.settledPlace().host == hosts[1])
                let show = try await lab.apus("show", guest.name)
                #expect(show.status == 0 && show.output.contains("post-copy"), "\(show.said)")
                #expect(try await guest.isWhole(on: hosts[1]))
            }
        }
    }

    @Test("the measures on a stall are taken in the order that was asked for", .ownLab)
    func onStall() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await withLink("400mbit") {
            try await LabGuest.with("dirty", on: lab) { guest in
                let abort = try await lab.apus(
                    "migrate", guest.name, "--to", hosts[1], "--on-stall", "abort", "--json")
                #expect(abort.status == 1, "\(abort.said)")
                #expect(try MoveAnswer(abort).error?.code == "did-not-converge")
                #expect(try await guest.places() == [hosts[0]: "running"])
                let suspend = try await lab.apus(
                    "migrate", guest.name, "--to", hosts[1], "--on-stall", "suspend", "--json")
                #expect(suspend.status == 0, "\(suspend.said)")
                #expect(try await guest.places() == [hosts[1]: "running"])
                #expect(try await guest.isWhole(on: hosts[1]))
            }
        }
    }

    @Test("a post-copy whose connection breaks is mended", .ownLab)
    func postCopyRecovery() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await withLink("100mbit") {
            try await LabGuest.with("dirty", on: lab) { guest in
                let move = lab.startApus(
                    "migrate", guest.name, "--to", hosts[1], "--strategy", "post-copy", "--json")
                for await line in move.errorLines where line.contains("\"phase\":\"activation\"") { break }
                try await Lab.undoing(
                    {
                        try await Lab.require("link", "--cut", hosts[1])
                        try await Task.sleep(for: .seconds(45))
                    },
                    by: { try await Lab.require("link", "--mend", hosts[1]) })
                let outcome = try await move.outcome()
                #expect(outcome.status == 0, "\(outcome.said)")
                #expect(try await guest.settledPlace().host == hosts[1])
                #expect(try await guest.isWhole(on: hosts[1]))
            }
        }
    }

    @Test("apus repair finishes what a killed apus left to libvirt, and a second time does nothing", .lab)
    func repairAfterKill() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with("dirty", ["--dirty-rate", "10"], on: lab) { guest in
            let move = lab.startApus(
                "migrate", guest.name, "--to", hosts[1], "--json", "--bandwidth", "32MiB/s")
            for await line in move.errorLines where line.contains("\"phase\":\"pre-copy\"") { break }
            await move.send(SIGKILL)
            #expect(try await move.outcome().status == 137)
            // Held until it is repaired: nobody else moves it meanwhile.
            let other = try await lab.apus("migrate", guest.name, "--to", hosts[1], "--json")
            #expect(other.status == 2, "\(other.said)")
            #expect(other.said.contains("apus repair"))
            let repair = try await lab.apus("repair", guest.name)
            #expect(repair.status == 0, "\(repair.said)")
            #expect(try await guest.places() == [hosts[1]: "running"])
            let again = try await lab.apus("repair", guest.name, "--json")
            #expect(again.status == 0 && again.output.contains("\"changed\":false"), "\(again.said)")
        }
    }

    @Test("one move of a guest at a time: the second is told who holds it, and may wait", .lab)
    func oneAtATime() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with("dirty", ["--dirty-rate", "10"], on: lab) { guest in
            let first = lab.startApus(
                "migrate", guest.name, "--to", hosts[1], "--json", "--bandwidth", "32MiB/s")
            for await line in first.errorLines where line.contains("\"phase\":\"pre-copy\"") { break }
            let second = try await lab.apus(
                "migrate", guest.name, "--to", hosts[1], "--from", hosts[0], "--json")
            #expect(second.status == 2, "\(second.said)")
            let refusal = try #require(try MoveAnswer(second).error)
            #expect(refusal.code == "guest-busy", "\(second.said)")
            #expect(refusal.detail.contains("by process "), "\(second.said)")
            #expect(refusal.detail.contains(" since 20"), "\(second.said)")
            #expect(refusal.hint?.contains("--wait") == true, "\(second.said)")
            let waiting = try await lab.apus(
                "migrate", guest.name, "--to", hosts[1], "--wait", "60s", "--json")
            #expect(waiting.status == 0 && waiting.output.contains("\"changed\":false"), "\(waiting.said)")
            #expect(try await first.outcome().status == 0)
        }
    }

    @Test("of two that wait for a guest one moves it, and the other finds it moved", .lab)
    func twoWait() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with("idle", on: lab) { guest in
            let first = lab.startApus(
                "migrate", guest.name, "--to", hosts[1], "--json", "--bandwidth", "1MiB/s")
            for await line in first.errorLines where line.contains("\"phase\":\"pre-copy\"") { break }
            let words = ["migrate", guest.name, "--to", hosts[1], "--wait", "90s", "--json"]
            async let one = lab.apus(words)
            async let other = lab.apus(words)
            // Both see it free at the same moment, and on its source.
            await first.send(SIGINT)
            #expect(try await first.outcome().status == 130)
            let outcomes = try await [one, other]
            #expect(outcomes.allSatisfy { $0.status == 0 }, "\(outcomes.map(\.said))")
            #expect(
                try outcomes.map { try MoveAnswer($0).changed }.count { $0 } == 1, "\(outcomes.map(\.said))")
            #expect(try await guest.places() == [hosts[1]: "running"])
        }
    }
}

extension LabGuest {
    /// Whether the guest goes on and has found nothing wrong with its memory: after three more passes.
    func isWhole(on host: String) async throws -> Bool {
        let log = "/var/log/libvirt/qemu/\(name).serial"
        let script = """
            passes() { tr -cd . <\(log) | wc -c; }
            wanted=$(($(passes) + 3))
            for i in $(seq 1 200); do [ $(passes) -ge $wanted ] && break; sleep 0.1; done
            [ $(passes) -ge $wanted ] && ! grep -q E \(log) && echo whole
            """
        return try await Lab.run(on: host, script + " || true").contains("whole")
    }
}
