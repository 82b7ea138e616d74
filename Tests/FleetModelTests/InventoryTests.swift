import Testing

@testable import FleetModel

@Suite("Hosts and their names")
struct InventoryTests {
    struct URIRow: Sendable, CustomTestStringConvertible {
        let uri: String
        let peer: Bool
        let address: String?
        let shell: [String]?
        var testDescription: String { uri }
    }

    /// ssh must not ask questions, nor wait for a dead host for minutes.
    private static let batch = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5"]

    @Test(
        "a URI fills in what the inventory leaves out",
        arguments: [
            URIRow(
                uri: "qemu+ssh://beta/system", peer: true, address: "beta", shell: batch + ["beta"]),
            URIRow(
                uri: "qemu+ssh://root@beta:2222/system?keyfile=k", peer: true, address: "beta",
                shell: batch + ["-p", "2222", "root@beta"]),
            URIRow(
                uri: "qemu+tcp://[2001:db8::1]:16509/system", peer: true, address: "2001:db8::1", shell: nil),
            URIRow(uri: "qemu+tls://beta.example/system", peer: true, address: "beta.example", shell: nil),
            URIRow(uri: "qemu:///system", peer: false, address: nil, shell: []),
            URIRow(uri: "qemu+unix:///system?socket=/run/x", peer: false, address: nil, shell: nil),
            URIRow(uri: "test:/default", peer: false, address: nil, shell: nil),
        ])
    func defaults(row: URIRow) {
        let host = Host(uri: row.uri)
        #expect(host.peerURI == (row.peer ? row.uri : nil))
        #expect(host.migrationAddress == row.address)
        #expect(host.remoteShell == row.shell)
    }

    @Test("what the inventory says goes before what the URI says")
    func explicitFirst() {
        let uri = "qemu+ssh://alpha/system"
        let host = Host(
            name: "alpha", uri: uri, peerURI: "qemu+ssh://alpha.mig/system", remoteShell: ["doas"],
            filling: HostDefaults(uri: uri))
        #expect(host.migrationAddress == "alpha.mig")
        #expect(host.remoteShell == ["doas"])
    }

    @Test("an unknown host names the nearest ones")
    func unknownHost() {
        let inventory = Inventory(hosts: [Host(name: "alpha", uri: "a"), Host(name: "beta", uri: "b")])
        #expect { try inventory.host(named: "aplha") } throws: { error in
            let error = error as? ApusError
            return error?.code == .unknownHost && error?.hint == "Did you mean alpha?"
        }
        #expect(throws: Never.self) { try inventory.host(named: "qemu+ssh://gamma/system") }
    }

    @Test(
        "spelling counts single slips",
        arguments: [
            ("web01", "web01", 0), ("web01", "wbe01", 1), ("web01", "web1", 1), ("abc", "xyz", 3),
            ("", "ab", 2),
        ])
    func distance(left: String, right: String, edits: Int) {
        #expect(Spelling.distance(left, right) == edits)
    }
}
