import FleetModel
import Testing
import Transfer

@testable import LibvirtFleet

@Suite("What a host answers to a survey's script", .timeLimit(.minutes(1)))
struct HostScriptTests {
    private func answers(_ text: String, paths: [String] = []) -> HostAnswers {
        HostAnswers(parsing: text, paths: paths, began: .now, ended: .now)
    }

    @Test("this machine's shell runs every section to its end, whatever the paths are called")
    func real() async throws {
        let odd = "/tmp/it's \"odd\" $(touch /tmp/apus-injected) `x`"
        var script = HostScript()
        script.paths = ["/etc/passwd", odd, "/dev/null"]
        script.directories = ["/etc", "/nowhere/at/all"]
        script.samples = ["/etc/passwd", odd]
        script.devices = ["/dev/null", odd]
        script.certificates = [odd]
        script.path = PathProbe(
            to: Host(
                name: "beta", uri: "x", peerURI: "qemu+tcp://127.0.0.1:1/system",
                migrationAddress: "127.0.0.1"))
        let output = try await RemoteShell(host: "here", words: []).run(script.text, to: "test")
        let answers = answers(output, paths: script.paths + script.directories)
        for section in [
            "links", "name", "listening", "range", "paths", "resolved", "file-systems", "writable", "devices",
            "samples", "certificate", "ports", "clock",
        ] {
            #expect(throws: Never.self, "\(section)") { try answers.lines(section).get() }
        }
        #expect(answers.presence(of: "/etc/passwd") == .known(true))
        #expect(answers.presence(of: odd) == .known(false))
        #expect(answers.presence(of: "/nowhere/at/all") == .known(false))
        #expect(answers.size(of: "/etc/passwd").map { $0 > 0 } == true)
        #expect(answers.sample(of: "/etc/passwd")?.isWhole == true)
        #expect(answers.fileSystem(of: "/etc")?.kind.isEmpty == false)
        #expect(answers.device("/dev/null") == nil)
        let injected = try await RemoteShell(host: "here", words: []).run(
            "test ! -e /tmp/apus-injected; echo $?\n", to: "look")
        #expect(injected == "0\n")
        let path = try #require(script.path).facts(
            answers, source: Host(name: "alpha", uri: "x"), clockOffset: .notKnown("not asked"))
        #expect(path.control?.answer == .known(.refused))
        let own = answers.clockOffset(from: answers).value
        #expect(own?.offset == .zero)
    }

    @Test("an answer that was cut short is not known, not empty")
    func cut() {
        let answers = answers("= links\nbr0\tbridge\t1500\n. links\n= addresses\n2: eth0\n")
        #expect(throws: Never.self) { try answers.lines("links").get() }
        #expect(answers.read("addresses") { $0.count }.reason != nil)
        #expect(answers.presence(of: "/x").reason != nil)
    }

    @Test("a path that the host could not judge is not known, not gone")
    func stale() {
        let answers = answers(
            "= paths\n/srv/c\tregular file\t5\t1:2\n. paths\n= missing\n/srv/a\tTransport endpoint is not "
                + "connected\n/srv/b\tNo such file or directory\n. missing\n",
            paths: ["/srv/a", "/srv/b", "/srv/c"])
        #expect(answers.presence(of: "/srv/a") == .notKnown("Transport endpoint is not connected"))
        #expect(answers.presence(of: "/srv/b") == .known(false))
        #expect(answers.presence(of: "/srv/c") == .known(true))
        #expect(answers.size(of: "/srv/c") == 5)
    }

    @Test(
        "the control port follows from the URI",
        arguments: [
            ("qemu+ssh://root@beta/system", "beta", 22), ("qemu+ssh://beta:2222/system", "beta", 2222),
            ("qemu+tcp://192.0.2.12/system", "192.0.2.12", 16509), ("qemu://beta/system", "beta", 16514),
            ("qemu+tls://[2001:db8::1]:1234/system", "2001:db8::1", 1234),
        ])
    func control(uri: String, address: String, port: Int) {
        #expect(PathProbe.control(of: uri) == PathProbe.Target(address: address, port: port))
    }

    @Test("a URI without a host has none", arguments: ["qemu:///system", "test:///default", "", "://"])
    func local(uri: String) {
        #expect(PathProbe.control(of: uri) == nil)
        #expect(!PathProbe.usesTLS(uri))
    }

    @Test("libvirt's sentence gives the features that are missing")
    func features() {
        let sentence =
            "unsupported configuration: guest CPU doesn't match: Host CPU does not provide required "
            + "features: pni, svm"
        #expect(CPUFacts.Verdict.features(in: sentence) == ["pni", "svm"])
        #expect(CPUFacts.Verdict.features(in: "something else").isEmpty)
    }
}
