import ArgumentParser
import FleetModel
import Testing

@testable import ApusCommands

@Suite("What the commands print")
struct OutputTests {
    @Test("columns line up, and no line ends in blanks")
    func table() {
        var table = Table([("GUEST", .left), ("MEMORY", .right), ("NOW", .left)])
        table.add(["web01", "384 MiB", "-"])
        table.add(["a", "1 GiB", "migrating-out"])
        #expect(
            table.text() == """
                GUEST   MEMORY  NOW
                web01  384 MiB  -
                a        1 GiB  migrating-out
                """)
    }

    @Test("JSON keys are snake case with the unit in the name")
    func json() {
        let report = GuestReport(
            Guest(
                identity: GuestIdentity(name: "web01", uuid: "u"), host: "alpha",
                state: GuestState(.running, reason: "booted"), memory: .mebibytes(1), vcpus: 2,
                isPersistent: true,
                activity: .migratingOut))
        #expect(
            JSON.text(report)
                == #"{"activity":"migrating-out","host":"alpha","memory_bytes":1048576,"name":"web01","#
                + #""persistent":true,"state":"running","state_reason":"booted","uuid":"u","vcpus":2}"#)
    }

    @Test("every error code has the exit status that the contract gives it")
    func exitStatus() {
        let expected: [ApusError.Code: ApusCommands.ExitStatus] = [
            .usage: .usage, .unknownHost: .usage, .sameHost: .usage, .inventoryInvalid: .usage,
            .inventoryUnreadable: .usage, .unknownGuest: .blocked, .blocked: .blocked,
            .interrupted: .interrupted,
            .stateNotKnown: .needsPerson, .timedOut: .failed, .migrationAborted: .failed,
            .migrationFailed: .failed,
        ]
        for (code, status) in expected { #expect(ApusCommands.ExitStatus(code) == status) }
        #expect(ApusCommands.ExitStatus.allCases.map(\.rawValue) == [0, 1, 2, 3, 64, 130])
    }

    @Test("every command but repair, which has its own word, mentions moves that were left unfinished")
    func mentions() {
        func all(_ commands: [any ParsableCommand.Type]) -> [any ParsableCommand.Type] {
            commands.flatMap { [$0] + all($0.configuration.subcommands) }
        }
        let silent = all(Apus.configuration.subcommands).compactMap { command in
            (command as? any CommandWithOptions.Type).flatMap {
                $0.mentionsUnfinishedMoves ? nil : "\(command)"
            }
        }
        #expect(silent == ["RepairCommand"])
    }
}
