import LabSupport
import Testing

extension LabTests {
    struct BadInput: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let words: [String]
        let status: Int32
        let code: String
        var says: [String] = []
    }

    @Test(
        "bad input gets a clear error, and nothing changes", .lab,
        arguments: [
            BadInput(
                testDescription: "a guest nobody has", words: ["GUEST-x", "--to", "HOST2"], status: 2,
                code: "unknown-guest", says: ["Did you mean GUEST"]),
            BadInput(
                testDescription: "a host nobody knows", words: ["GUEST", "--to", "HOST2x"], status: 64,
                code: "unknown-host", says: ["Did you mean HOST2"]),
            BadInput(
                testDescription: "source and destination the same",
                words: ["GUEST", "--from", "HOST1", "--to", "HOST1"],
                status: 64, code: "same-host"),
            BadInput(
                testDescription: "a destination that is down",
                words: ["GUEST", "--from", "HOST1", "--to", "qemu+unix:///system?socket=/nonexistent"],
                status: 2,
                code: "host-unreachable", says: ["/nonexistent"]),
            BadInput(
                testDescription: "a rate without its unit",
                words: ["GUEST", "--to", "HOST2", "--bandwidth", "100"],
                status: 64, code: "usage", says: ["100MiB/s"]),
            BadInput(
                testDescription: "a time that is none",
                words: ["GUEST", "--to", "HOST2", "--downtime", "soon"],
                status: 64, code: "usage", says: ["300ms"]),
            BadInput(
                testDescription: "an option that does not exist",
                words: ["GUEST", "--to", "HOST2", "--quickly"],
                status: 64, code: "usage", says: ["--quickly"]),
        ])
    func badInput(row: BadInput) async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with("idle", on: lab) { guest in
            let fill = { (text: String) in
                text.replacing("GUEST", with: guest.name).replacing("HOST1", with: hosts[0])
                    .replacing("HOST2", with: hosts[1])
            }
            let words = ["migrate", "--json"] + row.words.map(fill)
            let outcome = try await Program(
                [Lab.apusPath] + words, environment: lab.apusEnvironment
            ).run()
            #expect(outcome.status == row.status, "\(outcome.said)")
            let error = try #require(try MoveAnswer(outcome).error)
            #expect(error.code == row.code)
            for text in row.says.map(fill) {
                #expect("\(error.detail) \(error.hint ?? "")".contains(text), "\(outcome.said)")
            }
            #expect(try await guest.places() == [hosts[0]: "running"])
        }
    }

    @Test("one machine under two names is found by its UUID", .ownLab)
    func sameHostByUUID() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab)
        try await LabGuest.with("idle", on: lab) { guest in
            let path = "/tmp/apus-\(guest.name).yaml"
            let uri = try hosts.uri(of: "host1")
            try writeFile(
                """
                hosts:
                  one: {uri: '\(uri)', peer-uri: 'qemu+tcp://192.0.2.11/system'}
                  two: {uri: '\(uri)&x=1', peer-uri: 'qemu+tcp://192.0.2.11/system'}
                """, to: path)
            for from in [["--from", "one"], []] {
                let outcome = try await Program(
                    [Lab.apusPath, "migrate", guest.name, "--to", "two", "--inventory", path, "--json"] + from
                ).run()
                #expect(outcome.status == 64, "\(outcome.said)")
                #expect(try MoveAnswer(outcome).error?.code == "same-host")
            }
            #expect(try await guest.places() == ["host1": "running"])
        }
    }

    @Test("a guest that is on both hosts is not touched", .lab)
    func onTwoHosts() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with("idle", on: lab) { guest in
            let path = "/tmp/apus-\(guest.name).xml"
            try writeFile(try await guest.xml(on: hosts[0]), to: path)
            let twin = try await guest.virsh(on: hosts[1], "create", path)
            try #require(twin.status == 0, "\(twin.said)")
            let outcome = try await lab.apus("migrate", guest.name, "--to", hosts[1], "--json")
            #expect(outcome.status == 2, "\(outcome.said)")
            #expect(try MoveAnswer(outcome).error?.code == "guest-ambiguous")
            let from = try await lab.apus(
                "migrate", guest.name, "--from", hosts[0], "--to", hosts[1], "--json")
            #expect(from.status == 2, "\(from.said)")
            #expect(from.output.contains("guest-on-two-hosts"))
            _ = try await guest.virsh(on: hosts[1], "destroy", guest.name)
            #expect(try await guest.places() == [hosts[0]: "running"])
        }
    }

    @Test("a name that another guest has on the destination blocks", .lab)
    func nameTaken() async throws {
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        try await LabGuest.with("idle", on: lab) { guest in
            let path = "/tmp/apus-\(guest.name).xml"
            let xml = try await guest.xml(on: hosts[0]).split(separator: "\n").filter {
                !$0.contains("<uuid>")
            }
            try writeFile(xml.joined(separator: "\n"), to: path)
            let twin = try await guest.virsh(on: hosts[1], "define", path)
            try #require(twin.status == 0, "\(twin.said)")
            let outcome = try await lab.apus(
                "migrate", guest.name, "--from", hosts[0], "--to", hosts[1], "--json")
            #expect(outcome.status == 2, "\(outcome.said)")
            #expect(outcome.output.contains("guest-name-taken"))
            _ = try await guest.virsh(on: hosts[1], "undefine", guest.name)
        }
    }

    @Test("a disk that is not shared blocks where copying is ruled out, by its name", .ownLab)
    func diskNotShared() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("disk", on: lab) { guest in
            let outcome = try await lab.apus(
                "migrate", guest.name, "--to", "host2", "--copy-disks", "never", "--json")
            #expect(outcome.status == 2, "\(outcome.said)")
            #expect(outcome.output.contains("disk-not-shared"))
            #expect(outcome.output.contains("vda"))
            #expect(try await guest.places() == ["host1": "running"])
        }
    }

    @Test("a socket that this user may not open is named as such", .ownLab)
    func noPermission() async throws {
        let lab = try await Lab.up()
        let outcome = try await Program([
            "env", "-u", "APUS_INVENTORY", "setpriv", "--reuid", "65534", "--regid", "65534",
            "--clear-groups", Lab.apusPath, "guests", try await HostList(lab).uri(of: "host1"),
        ]).run()
        #expect(outcome.status == 1, "\(outcome.said)")
        #expect(outcome.error.lowercased().contains("permission"), "\(outcome.said)")
    }
}
