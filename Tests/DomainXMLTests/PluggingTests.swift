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

    @Test(
        "is what somebody means by a word, or all that is the host's",
        arguments: [
            ("hostdev0", ["hostdev"]), ("ua-net0", ["interface"]), ("0000:03:10.1", ["interface"]),
            ("nothing", []),
        ] as [(String, [String])])
    func meant(word: String, names: [String]) {
        #expect(tied.devices(meant: word).map(\.name) == names)
        #expect(tied.devices(meant: "*").allSatisfy { $0.isPassedThrough })
        #expect(tied.devices(meant: "*").count == tied.hostDevices.count + 2)
    }

    @Test("is known again where it is plugged in, and is plugged in where the guest saw it")
    func again() throws {
        let guest = try GuestDefinition(
            parsing: """
                <domain><devices>
                  <interface type='bridge'><mac address='52:54:00:AA:00:01'/><alias name='net7'/>
                    <address type='pci' domain='0x0000' bus='0x00' slot='0x0a' function='0x0'/></interface>
                  <sound model='ich9'><alias name='sound0'/></sound>
                </devices></domain>
                """)
        let nic = try #require(guest.device(alias: "net7"))
        #expect(nic.pluggable.first("alias") == nil && nic.pluggable.first("address") != nil)
        #expect(nic.deviceName == "52:54:00:AA:00:01")
        let element = try Document(
            parsing: "<interface type='bridge'><mac address='52:54:00:aa:00:01'/></interface>"
        ).root
        #expect(guest.device(like: element) == nic)
        let other = try Document(
            parsing: "<interface type='bridge'><mac address='52:54:00:aa:00:02'/></interface>"
        ).root
        #expect(guest.device(like: other) == nil)
        #expect(guest.device(like: try Document(parsing: "<sound model='ich9'/>").root)?.name == "sound")
        for device in tied.devices(meant: "*") { #expect(tied.device(like: device.pluggable) != nil) }
    }
}

@Suite("A guest's policy")
struct GuestPolicyTests {
    @Test("says which devices may leave, and what other hosts have for them")
    func detachments() throws {
        let guest = try GuestDefinition(
            parsing: """
                <domain><metadata>
                  <p:policy xmlns:p='https://apus.example/policy/1'>
                    <p:detach device='hostdev0'>
                      <p:attach host='beta'><hostdev mode='subsystem' type='pci'/></p:attach>
                      <p:attach host='gamma'/>
                    </p:detach>
                    <p:detach device='ua-nic'>
                      <p:attach host='beta'><p:interface type='bridge'><p:source bridge='br0'/></p:interface></p:attach>
                    </p:detach>
                    <p:detach device='*'/><p:detach/><detach device='not-ours'/>
                  </p:policy>
                </metadata></domain>
                """)
        let detachments = try #require(guest.policy?.detachments)
        #expect(detachments.map(\.device) == ["hostdev0", "ua-nic", "*"])
        #expect(detachments[0].attachments["beta"]??.name == "hostdev")
        #expect(detachments[0].attachments["gamma"] == .some(.none))
        #expect(detachments[0].attachments["delta"] == nil)
        // As virsh metadata writes it: all of it in the policy's namespace.
        let nic = try #require(detachments[1].attachments["beta"] ?? nil)
        #expect(nic.serialized() == "<interface type='bridge'><source bridge='br0'/></interface>")
        #expect(try GuestDefinition(parsing: "<domain/>").policy == nil)
    }

    @Test("a snapshot's own files are its memory and the images that it began")
    func snapshotFiles() throws {
        let inside =
            "<domainsnapshot><memory snapshot='internal'/><disks><disk name='vda' snapshot='internal'/></disks></domainsnapshot>"
        #expect(try SnapshotDefinition(parsing: inside).files == [])
        let outside = """
            <domainsnapshot><memory snapshot='external' file='/m'/><disks>
            <disk name='vda' snapshot='external' type='file'><source file='/a'/></disk>
            <disk name='vdb' snapshot='no'/>
            <disk name='vdc' snapshot='external' type='block'><source dev='/dev/c'/></disk></disks></domainsnapshot>
            """
        #expect(try SnapshotDefinition(parsing: outside).files == ["/m", "/a", "/dev/c"])
        #expect(throws: XMLError.self) { try SnapshotDefinition(parsing: "<domain/>") }
    }
}
