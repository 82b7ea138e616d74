import Glibc
import LabSupport
import Testing

extension LabTests {
    /// A move that is slow enough to be interrupted: tells when its pre-copy has begun.
    private func withSlowMove(
        _ options: String..., kind: String = "dirty",
        _ body: @Sendable (Lab, LabGuest, [String], RunningProgram) async throws -> Void
    ) async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with(kind, on: lab) { guest in
            let move = lab.startApus(
                "migrate", guest.name, "--to", hosts[1], "--json", "--bandwidth", "1MiB/s")
            for await line in move.errorLines where line.contains("\"phase\":\"pre-copy\"") { break }
            try await body(lab, guest, hosts, move)
        }
    }

    @Test(
        "Ctrl-C, a hang-up and TERM abort the move; the guest runs on its source", .lab,
        arguments: [SIGINT, SIGHUP, SIGTERM])
    func signals(signal: Int32) async throws {
        try await withSlowMove { lab, guest, hosts, move in
            await move.send(signal)
            let outcome = try await move.outcome()
            #expect(outcome.status == 130, "\(outcome.said)")
            #expect(try MoveAnswer(outcome).error?.code == "interrupted")
            #expect(try await guest.places() == [hosts[0]: "running"])
        }
    }

    @Test("apus abort ends a move that another apus drives", .lab)
    func abort() async throws {
        try await withSlowMove { lab, guest, hosts, move in
            let status = try await lab.apus("status", "--json")
            #expect(status.output.contains(guest.name), "\(status.said)")
            let dryRun = try await lab.apus("abort", guest.name, "--dry-run")
            #expect(dryRun.status == 0 && dryRun.output.contains("would be aborted"), "\(dryRun.said)")
            let abort = try await lab.apus("abort", guest.name)
            #expect(abort.status == 0, "\(abort.said)")
            let outcome = try await move.outcome()
            #expect(outcome.status == 1, "\(outcome.said)")
            #expect(try MoveAnswer(outcome).error?.code == "migration-aborted")
            #expect(try await guest.places() == [hosts[0]: "running"])
            let again = try await lab.apus("abort", guest.name, "--json")
            #expect(again.status == 0 && again.output.contains("\"changed\":false"), "\(again.said)")
        }
    }

    @Test("a killed apus leaves a move that libvirt finishes: the guest ends whole on one host", .lab)
    func killed() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with("dirty", ["--dirty-rate", "10"], on: lab) { guest in
            let move = lab.startApus(
                "migrate", guest.name, "--to", hosts[1], "--json", "--bandwidth", "64MiB/s")
            for await line in move.errorLines where line.contains("\"phase\":\"pre-copy\"") { break }
            await move.send(SIGKILL)
            #expect(try await move.outcome().status == 137)
            let place = try await guest.settledPlace(within: .seconds(120))
            #expect(place.state == "running")
            #expect(hosts.contains(place.host))
        }
    }

    @Test("a move that is not done in time is aborted, and the downtime limit is put back", .lab)
    func timeout() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with("dirty", on: lab) { guest in
            let before = try await guest.virsh(on: hosts[0], "migrate-getmaxdowntime", guest.name)
            let outcome = try await lab.apus(
                "migrate", guest.name, "--to", hosts[1], "--bandwidth", "1MiB/s", "--timeout", "2s",
                "--downtime",
                "35ms", "--json")
            #expect(outcome.status == 1, "\(outcome.said)")
            #expect(try MoveAnswer(outcome).error?.code == "timed-out")
            #expect(try await guest.places() == [hosts[0]: "running"])
            let after = try await guest.virsh(on: hosts[0], "migrate-getmaxdowntime", guest.name)
            #expect(after.output == before.output)
        }
    }

    @Test("a move without a terminal goes on when its output is gone", .lab)
    func brokenPipe() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with("idle", on: lab) { guest in
            let script =
                "\(Lab.apusPath) migrate \(guest.name) --to \(hosts[1]) --json 2>&1 | head -c 1 >/dev/null"
            _ = try await Program(["bash", "-c", script], environment: lab.apusEnvironment).run()
            #expect(try await guest.settledPlace().host == hosts[1])
        }
    }
}
