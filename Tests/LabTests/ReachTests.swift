import Glibc
import LabSupport
import Libvirt
import Testing

extension LabTests {
    @Test("between two hosts over real ssh: qemu+ssh and remote-shell", .ownLab)
    func overSSH() async throws {
        let lab = try await Lab.up()
        let inventory = try await Lab.command(["inventory", "--ssh"])
            .output.split(separator: "\n").joined()
        try await LabGuest.with("dirty", on: lab) { guest in
            // apus runs on host1 here, as an admin's shell there would run it.
            for destination in ["host2", "host1"] {
                let outcome = try await Program(
                    Lab.words(on: "host1") + [
                        Lab.apusPath, "migrate", guest.name, "--to", destination, "--json", "--inventory",
                        inventory,
                    ], environment: Lab.environment.merging(lab.apusEnvironment) { $1 }
                ).run()
                #expect(outcome.status == 0, "\(outcome.said)")
                let result = try #require(try MoveAnswer(outcome).result)
                #expect(result.downtime_method == "qemu-events", "\(outcome.said)")
                #expect(try await guest.places() == [destination: "running"])
            }
        }
    }

    @Test("Ctrl-C in a terminal reaches neither ssh nor the hosts: the move is rolled back", .ownLab)
    func interruptOverSSH() async throws {
        let lab = try await Lab.up()
        let inventory = try await Lab.command(["inventory", "--ssh"])
            .output.split(separator: "\n").joined()
        try await LabGuest.with("dirty", on: lab) { guest in
            // script(1) gives it a terminal of its own; the interrupt character goes to its whole process group.
            let command =
                "\(Lab.apusPath) migrate \(guest.name) --to host2 --bandwidth 1MiB/s --inventory \(inventory)"
            let terminal =
                "(until \(Lab.apusPath) status --inventory \(inventory) | grep -q 'round 1'; do :; done; printf '\\003') | "
                + "script -q -e -c '\(command)' /dev/null"
            let outcome = try await Program(
                Lab.words(on: "host1") + ["bash", "-c", terminal],
                environment: Lab.environment.merging(lab.apusEnvironment) { $1 }
            ).run()
            #expect(outcome.status == 130, "\(outcome.said)")
            #expect(try await guest.places() == ["host1": "running"])
        }
    }

    @Test("a daemon that stands still is noticed within 10 s", .ownLab)
    func frozenDaemon() async throws {
        let lab = try await Lab.up()
        let uri = try await HostList(lab).uri(of: "host2")
        let connection = try await Connection.open(uri)
        let stopped = try await Lab.signalDaemon(on: "host2", SIGSTOP)
        try #require(stopped.status == 0, "\(stopped.said)")
        let began = ContinuousClock.now
        var reason: CloseReason?
        for await closed in connection.closed { reason = closed }
        let waited = began.duration(to: .now)
        let resumed = try await Lab.signalDaemon(on: "host2", SIGCONT)
        #expect(resumed.status == 0, "\(resumed.said)")
        #expect(reason == .keepalive)
        #expect(waited <= .seconds(10), "noticed after \(waited)")
    }

    @Test(
        "a host that is frozen in the middle of a move is said to be so, and its guest is not lost", .ownLab)
    func frozenInTheMiddle() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("dirty", ["--dirty-rate", "1"], on: lab) { guest in
            let move = lab.startApus(
                "migrate", guest.name, "--to", "host2", "--json", "--bandwidth", "8MiB/s", "--timeout", "90s")
            for await line in move.errorLines where line.contains("\"phase\":\"pre-copy\"") { break }
            _ = try await Lab.signalDaemon(on: "host2", SIGSTOP)
            for await line in move.errorLines
            where line.contains("\"notice\":\"the connection to host2 broke") { break }
            let resumed = try await Lab.signalDaemon(on: "host2", SIGCONT)
            #expect(resumed.status == 0, "\(resumed.said)")
            let outcome = try await move.outcome()
            #expect([0, 1].contains(outcome.status), "\(outcome.said)")
            let place = try await guest.settledPlace()
            #expect(place.state == "running")
            #expect(place.host == (outcome.status == 0 ? "host2" : "host1"), "\(outcome.said)")
        }
    }
}
