import FleetModel
import Testing

@testable import ApusCommands

@Suite("An inventory")
struct InventoryParserTests {
    private let parser = InventoryParser(file: "fleet.yaml")

    @Test("gives every host its keys, and defaults from its URI")
    func reads() throws {
        let inventory = try parser.parse(
            """
            hosts:
              alpha:
                uri: qemu+ssh://alpha/system
                peer-uri: qemu+ssh://alpha.mig/system
                migration-address: 192.0.2.1
                remote-shell: [ssh, -p, 22, alpha]
                max-incoming: 3
              beta: {uri: 'qemu:///system'}
            """)
        #expect(inventory.hosts.map(\.name) == ["alpha", "beta"])
        let alpha = try inventory.host(named: "alpha")
        #expect(alpha.peerURI == "qemu+ssh://alpha.mig/system")
        #expect(alpha.remoteShell == ["ssh", "-p", "22", "alpha"])
        #expect(alpha.maxIncoming == 3)
        #expect(alpha.maxOutgoing == 2)
        #expect(try inventory.host(named: "beta").remoteShell == [])
    }

    @Test("knows how hosts reach each other for what apus carries, and from whom")
    func carriers() throws {
        let inventory = try parser.parse(
            """
            hosts:
              alpha: {uri: 'qemu+ssh://alpha/system', peer-uri: 'qemu+ssh://root@alpha.mig/system'}
              beta:
                uri: qemu+ssh://beta/system
                peer-shell: [ssh, beta.mig]
                apus: /opt/apus
                transport: tcp
              here: {uri: 'qemu:///system'}
            """)
        let (alpha, beta, here) = (
            try inventory.host(named: "alpha"), try inventory.host(named: "beta"),
            try inventory.host(named: "here")
        )
        #expect(alpha.apus == "apus" && alpha.transport == .shell)
        #expect(beta.apus == "/opt/apus" && beta.transport == .tcp)
        #expect(alpha.shell(from: beta)?.last == "root@alpha.mig")
        #expect(beta.shell(from: alpha) == ["ssh", "beta.mig"])
        // From this machine it is this machine's way; nobody else knows one to a host that is merely "here".
        #expect(beta.shell(from: here) == beta.remoteShell)
        #expect(here.shell(from: alpha) == nil)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let text: String
        let says: [String]
    }

    @Test(
        "says which line is wrong and how",
        arguments: [
            Row(
                testDescription: "a key that is nearly right",
                text: "hosts:\n  alpha:\n    uri: qemu:///system\n    peer-url: x\n",
                says: ["fleet.yaml, line 4", "peer-url", "Did you mean peer-uri?"]),
            Row(
                testDescription: "a top-level key that is not known", text: "host:\n  alpha: {uri: 'a:/'}\n",
                says: ["line 1", "host", "Did you mean hosts?"]),
            Row(
                testDescription: "a transport that is none",
                text: "hosts:\n  alpha: {uri: 'qemu:///system', transport: tpc}\n",
                says: ["line 2", "tpc", "Did you mean tcp?"]),
            Row(
                testDescription: "no uri", text: "hosts:\n  alpha:\n    max-incoming: 1\n",
                says: ["line 2", "alpha", "uri"]),
            Row(
                testDescription: "a URI that is none", text: "hosts:\n  alpha:\n    uri: alpha\n",
                says: ["alpha", "libvirt URI"]),
            Row(
                testDescription: "a number that is none",
                text: "hosts:\n  alpha:\n    uri: qemu:///system\n    max-outgoing: many\n",
                says: ["line 4", "max-outgoing", "many"]),
            Row(
                testDescription: "a shell that is no list",
                text: "hosts:\n  alpha:\n    uri: qemu:///system\n    remote-shell: ssh alpha\n",
                says: ["line 4", "list of words"]),
            Row(
                testDescription: "a list where keys belong", text: "- alpha\n- beta\n",
                says: ["line 1", "keys"]),
            Row(testDescription: "broken YAML", text: "hosts: [\n", says: ["fleet.yaml"]),
            Row(testDescription: "nothing", text: "", says: ["empty"]),
            Row(
                testDescription: "the same host twice",
                text: "hosts:\n  a:\n    uri: 'q:///x'\n  a:\n    uri: 'q:///y'\n", says: ["fleet.yaml"]),
        ])
    func refuses(row: Row) {
        let error = #expect(throws: ApusError.self) { try parser.parse(row.text) }
        #expect(error?.code == .inventoryInvalid)
        let said = "\(error?.detail ?? "") \(error?.hint ?? "")"
        for word in row.says { #expect(said.contains(word), "\(said)") }
    }
}
