import FleetModel
import Testing
import Transfer

@testable import LibvirtFleet

@Suite("Where bridges have learnt a guest's address", .timeLimit(.minutes(1)))
struct AddressWatchTests {
    private let port = AddressWatch.Port(mac: "52:54:00:1a:b0:01", bridge: "br0", device: "vnet3")

    @Test("is asked for the interfaces on Linux bridges")
    func ports() throws {
        let ports = try AddressWatch.ports(
            in: """
                <domain><devices>
                  <interface type='bridge'><mac address='52:54:00:1A:B0:01'/><source bridge='br0'/>
                    <target dev='vnet3'/></interface>
                  <interface type='network'><mac address='52:54:00:1a:b0:02'/>
                    <source network='lan' bridge='virbr0'/><target dev='vnet4'/></interface>
                  <interface type='bridge'><mac address='52:54:00:1a:b0:03'/><source bridge='ovs0'/>
                    <virtualport type='openvswitch'/><target dev='vnet5'/></interface>
                  <interface type='direct'><mac address='52:54:00:1a:b0:04'/>
                    <source dev='eth0' mode='bridge'/><target dev='macvtap0'/></interface>
                  <interface type='bridge'><mac address='52:54:00:1a:b0:05'/><source bridge='br0'/></interface>
                </devices></domain>
                """)
        #expect(
            ports == [
                port, AddressWatch.Port(mac: "52:54:00:1a:b0:02", bridge: "virbr0", device: "vnet4"),
            ])
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let output: String
        let place: Reading<LearntAddress.Place>
    }

    @Test(
        "is read from the hosts' answer",
        arguments: [
            Row(
                testDescription: "behind the guest's port", output: "0 vnet3\n",
                place: .known(.guest)),
            Row(
                testDescription: "behind another", output: "0 pub0\n",
                place: .known(.elsewhere(port: "pub0"))),
            Row(
                testDescription: "nowhere", output: "0 none\n", place: .known(.unknown)),
            Row(
                testDescription: "no such bridge", output: "0 no-bridge\n0 none\n",
                place: .notKnown("alpha has no Linux bridge br0")),
            Row(
                testDescription: "no bridge(8)", output: "no-command\n",
                place: .notKnown("alpha has no bridge(8) to ask")),
            Row(
                testDescription: "another address", output: "1 vnet3\n",
                place: .notKnown("alpha gave no answer about 52:54:00:1a:b0:01")),
        ])
    func reading(row: Row) {
        let places = AddressWatch.places(of: [port], row.output, "alpha") { $1 == $0.device }
        #expect(places == [row.place])
    }

    struct Verdict: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let destination: Reading<LearntAddress.Place>
        let source: Reading<LearntAddress.Place>
        let isLearnt: Bool?
    }

    @Test(
        "is what decides",
        arguments: [
            Verdict(
                testDescription: "learnt on both", destination: .known(.guest),
                source: .known(.elsewhere(port: "eth0")), isLearnt: true),
            Verdict(
                testDescription: "not out of the destination yet", destination: .known(.unknown),
                source: .known(.elsewhere(port: "eth0")), isLearnt: false),
            Verdict(
                testDescription: "still where it was", destination: .known(.elsewhere(port: "eth0")),
                source: .known(.guest), isLearnt: false),
            Verdict(
                testDescription: "not through the network yet", destination: .known(.guest),
                source: .known(.unknown), isLearnt: false),
            Verdict(
                testDescription: "a source that cannot tell", destination: .known(.guest),
                source: .notKnown("no remote-shell"), isLearnt: true),
            Verdict(
                testDescription: "a destination that cannot tell", destination: .notKnown("no remote-shell"),
                source: .known(.elsewhere(port: "eth0")), isLearnt: nil),
        ])
    func verdict(row: Verdict) {
        let learnt = LearntAddress(
            mac: "52:54:00:1a:b0:01", destination: row.destination, source: row.source)
        #expect(learnt.isLearnt == row.isLearnt)
    }

    @Test("is looked for by this machine's own shell, which ends in time and runs nothing that a name says")
    func script() async throws {
        let trap = "/tmp/apus-injected-\(UInt32.random(in: 0 ... .max))"
        let odd = AddressWatch.Port(
            mac: "52:54:00:1a:b0:09", bridge: "no such'bridge$(touch \(trap))", device: "vnet9`touch \(trap)`"
        )
        for isDestination in [true, false] {
            let output = try await RemoteShell(host: "here", words: []).run(
                AddressWatch.script([odd], isDestination: isDestination, .milliseconds(100)), to: "test")
            #expect(output == "no-command\n" || output == "0 no-bridge\n0 none\n", "\(output)")
        }
        let look = try await RemoteShell(host: "here", words: []).run(
            "test ! -e \(trap); echo $?\n", to: "look")
        #expect(look == "0\n")
    }
}
