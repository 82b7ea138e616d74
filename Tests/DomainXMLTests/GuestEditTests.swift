@testable import DomainXML
import Testing

@Suite("An edit of a guest definition")
struct GuestEditTests {
    var guest: GuestDefinition

    init() throws {
        guest = try GuestDefinition(parsing: Sample.running)
    }

    @Test("sets the name")
    mutating func name() throws {
        try guest.setName("a <b> & 'c'")
        #expect(try guest.name == "a <b> & 'c'")
        #expect(try GuestDefinition(parsing: guest.serialized()) == guest)
    }

    @Test("sets memory in KiB, rounded up, and never raises the balloon")
    mutating func memory() throws {
        try guest.setMemory(bytes: 8 << 30)
        #expect(try guest.memoryBytes == 8 << 30)
        #expect(try guest.currentMemoryBytes == 2 << 30)
        try guest.setMemory(bytes: (1 << 30) + 1)
        #expect(try guest.memoryBytes == (1 << 30) + 1024)
        #expect(try guest.currentMemoryBytes == (1 << 30) + 1024)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let location: DiskSource.Location
        let source: String
    }

    static let seclabel = "\n        <seclabel model='dac' relabel='no'/>\n      "

    @Test(
        "points a disk elsewhere, keeps its labels and drops the old chain",
        arguments: [
            Row(
                testDescription: "a file", location: .file(path: "/b"),
                source: "<source file='/b'>\(seclabel)</source>"),
            Row(
                testDescription: "a block device", location: .block(device: "/dev/b"),
                source: "<source dev='/dev/b'>\(seclabel)</source>"),
            Row(
                testDescription: "a volume", location: .volume(pool: "p", name: "v"),
                source: "<source pool='p' volume='v'>\(seclabel)</source>"),
            Row(
                testDescription: "a network image",
                location: .network(.init(protocol: "nbd", name: "e", hosts: [.init(name: "h", port: 10809)])),
                source: "<source protocol='nbd' name='e'>\n        <seclabel model='dac' relabel='no'/>"
                    + "\n        <host name='h' port='10809'/>\n      </source>"),
        ])
    mutating func diskSource(row: Row) throws {
        let others = try guest.disks.dropFirst()
        try guest.setSource(ofDisk: "vda", to: row.location)
        let disk = try #require(try guest.disks.first)
        #expect(disk.source == DiskSource(location: row.location, format: "qcow2"))
        #expect(disk.backingChain.isEmpty)
        #expect(guest.root.first("devices/disk/source")?.serialized() == row.source)
        #expect(guest.root.attribute("name", at: "devices/disk/alias") == "virtio-disk0")
        #expect(try guest.disks.dropFirst() == others)
    }

    @Test("moves a network disk into a file, and forgets how its server was reached")
    mutating func networkDisk() throws {
        let text = """
            <domain><devices><disk type='network' device='disk'>
              <driver name='qemu' type='raw'/>
              <auth username='u'><secret type='ceph' usage='s'/></auth>
              <source protocol='rbd' name='pool/web' index='1'><host name='mon'/><snapshot name='a'/>
                <config file='/etc/ceph.conf'/><auth username='u'/><seclabel model='dac' relabel='no'/></source>
              <target dev='vda' bus='virtio'/>
            </disk></devices></domain>
            """
        guest = try GuestDefinition(parsing: text)
        try guest.setSource(ofDisk: "vda", to: .file(path: "/b"))
        let disk = try #require(guest.root.first("devices/disk"))
        #expect(disk["type"] == "file" && !disk.contains("auth"))
        #expect(disk.first("source")?.attributes.map(\.name) == ["file"])
        #expect(disk.first("source")?.elements.map(\.name) == ["seclabel"])
    }

    @Test("puts a source into an empty drive")
    mutating func emptyDrive() throws {
        try guest.setSource(ofDisk: "sdb", to: .file(path: "/iso"))
        #expect(try guest.disks.last?.source?.location == .file(path: "/iso"))
    }

    @Test("plugs an interface in elsewhere, and leaves the port behind")
    mutating func connection() throws {
        try guest.setConnection(ofInterface: "52:54:00:AA:00:02", to: .bridge("br9"))
        #expect(guest.interfaces[1].connection == .bridge("br9"))
        #expect(
            guest.root.all("devices/interface")[1].first("source")?.serialized() == "<source bridge='br9'/>")
        #expect(guest.interfaces[0].connection == .bridge("br0"))
    }

    @Test("that changes nothing leaves the interface's port")
    mutating func sameConnection() throws {
        let before = guest
        try guest.setConnection(ofInterface: "52:54:00:aa:00:02", to: .network("default"))
        #expect(guest == before)
    }

    @Test("of what is not there, or cannot move, says so and changes nothing")
    mutating func refused() {
        let before = guest
        let codes = [
            #expect(throws: XMLError.self) { try guest.setSource(ofDisk: "vdz", to: .file(path: "/b")) },
            #expect(throws: XMLError.self) { try guest.setSource(ofDisk: "vda", to: .other(type: "x")) },
            #expect(throws: XMLError.self) { try guest.setConnection(ofInterface: "0", to: .bridge("b")) },
            #expect(throws: XMLError.self) { try guest.setSource(ofDisk: "vda", to: .file(path: "\0")) },
        ].map { $0?.code }
        #expect(codes == [.notFound, .notWritable, .notFound, .notWritable])
        #expect(guest == before)
    }

    @Test("writes a policy into metadata and reads the same back")
    mutating func policy() throws {
        let namespace = "https://apus.example/policy/1"
        let text =
            "<apus:policy xmlns:apus='\(namespace)'><apus:downtime unit='ms'>300</apus:downtime></apus:policy>"
        let policy = try Document(parsing: text).root
        var bare = try GuestDefinition(parsing: Sample.testDriver)
        try bare.setMetadata(policy)
        try guest.setMetadata(policy)
        for guest in [bare, guest] {
            let again = try GuestDefinition(parsing: guest.serialized())
            #expect(again.metadata(namespace: namespace) == policy)
            #expect(again.metadata(namespace: namespace)?.serialized() == text)
        }
        #expect(guest.metadata(namespace: "http://libosinfo.org/xmlns/libvirt/domain/1.0") != nil)
        let removals = (1...2).map { _ in guest.removeMetadata(namespace: namespace) }
        #expect(removals == [true, false])
        #expect(guest.metadata(namespace: namespace) == nil)
    }

    @Test("makes metadata from parts, with its prefix declared")
    mutating func madePolicy() throws {
        let namespace = "https://apus.example/policy/1"
        let policy = try Element(
            "apus:policy", namespace: namespace,
            children: [
                try Element("apus:downtime", namespace: namespace, attributes: ["unit": "ms"], text: "300")
            ])
        try guest.setMetadata(policy)
        let again = try GuestDefinition(parsing: guest.serialized())
        #expect(again.metadata(namespace: namespace) == policy)
        let error = #expect(throws: XMLError.self) { try guest.setMetadata(try Element("policy")) }
        #expect(error?.code == .notWritable)
    }
}
