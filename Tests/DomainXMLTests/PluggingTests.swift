@testable import DomainXML
import Testing

@Suite("A device of a guest's document")
struct PluggingTests {
    let tied: GuestDefinition

    init() throws { tied = try GuestDefinition(parsing: Sample.tied) }

    @Test("is found by its alias, whatever kind it is")
    func alias() {
        #expect(tied.device(alias: "hostdev0")?.name == "hostdev")
        #expect(tied.device(alias: "ua-net0")?.name == "interface")
        #expect(tied.device(alias: "hostdev") == nil)
    }

    @Test(
        "of the host is found by its address there",
        arguments: [
            ("0000:0a:1f.7", "hostdev"), ("0000:0A:1F.7", "hostdev"), ("046d:c52b", "hostdev"),
            ("c2177883-f1bb-47f0-914d-32a22e3a8804", "hostdev"), ("0000:03:10.1", "interface"),
            ("0000:03:10.2", nil), ("", nil),
        ] as [(String, String?)])
    func hostAddress(address: String, name: String?) {
        #expect(tied.hostDevice(at: address)?.name == name)
    }

    @Test("is found by its place in the guest, which is not its place in the host")
    func guestAddress() throws {
        let guest = try GuestDefinition(
            parsing: """
                <domain><devices>
                  <interface type='hostdev'>
                    <source><address type='pci' domain='0' bus='3' slot='0' function='0'/></source>
                    <address type='pci' domain='0x0000' bus='0x00' slot='0x0a' function='0x0'/>
                  </interface>
                  <disk><target dev='sda'/><address type='drive' controller='0' bus='0' target='0' unit='0'/></disk>
                </devices></domain>
                """)
        #expect(guest.device(atGuestAddress: "0000:00:0A.0")?.name == "interface")
        #expect(guest.device(atGuestAddress: "0000:03:00.0") == nil)
        #expect(try GuestDefinition(parsing: "<domain/>").device(atGuestAddress: "0000:00:01.0") == nil)
    }

    @Test("loses its place and libvirt's alias when it is to go elsewhere, and nothing else")
    func unplaced() throws {
        let guest = try GuestDefinition(
            parsing: """
                <domain><devices><hostdev mode='subsystem' type='pci' managed='yes'>
                  <driver name='vfio'/>
                  <source><address domain='0x0000' bus='0x03' slot='0x00' function='0x0'/></source>
                  <alias name='hostdev0'/>
                  <address type='pci' domain='0x0000' bus='0x00' slot='0x05' function='0x0'/>
                </hostdev></devices></domain>
                """)
        let device = try #require(guest.device(alias: "hostdev0"))
        let unplaced = device.unplaced
        #expect(unplaced.elements.map(\.name) == ["driver", "source"])
        #expect(unplaced.attributes == device.attributes)
        #expect(HostDevice(unplaced).address == "0000:03:00.0")
        #expect(try Document(parsing: unplaced.serialized()).root == unplaced)
        let own = try #require(tied.device(alias: "ua-net0"))
        #expect(own.unplaced.contains("alias"))
    }
}
