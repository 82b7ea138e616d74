@testable import DomainXML
import Testing

@Suite("A guest definition")
struct GuestDefinitionTests {
    let running: GuestDefinition
    let shutOff: GuestDefinition

    init() throws {
        running = try GuestDefinition(parsing: Sample.running)
        shutOff = try GuestDefinition(parsing: Sample.shutOff)
    }

    @Test("names the guest and its machine")
    func machine() throws {
        #expect(try running.name == "web-1")
        #expect(try running.uuid == "4dea22b3-1d52-d8f3-2516-782e98ab3fa0")
        #expect(running.accelerator == .kvm)
        #expect(shutOff.accelerator == .qemu)
        #expect(try GuestDefinition(parsing: Sample.testDriver).accelerator == .other("test"))
        #expect(running.architecture == "x86_64")
        #expect(running.machine == "pc-q35-7.2")
        #expect(running.emulator == "/usr/bin/qemu-system-x86_64")
        #expect(running.cpu?.model == "Skylake-Server-IBRS")
        #expect(shutOff.cpu?.mode == .hostPassthrough)
        #expect(try running.virtualProcessors == 4)
        #expect(try running.onlineVirtualProcessors == 2)
        #expect(try shutOff.onlineVirtualProcessors == 1)
    }

    @Test("gives memory in bytes")
    func memory() throws {
        #expect(try running.memoryBytes == 4 << 30)
        #expect(try running.currentMemoryBytes == 2 << 30)
        #expect(try shutOff.memoryBytes == 2 << 30)
        #expect(try shutOff.currentMemoryBytes == 2 << 30)
    }

    @Test("lists every disk with its source")
    func disks() throws {
        let disks = try running.disks
        #expect(disks.map(\.target) == ["vda", "sda", "vdb", "vdc", "vdd", "vde", "vdf", "sdb"])
        #expect(
            disks.map(\.source?.location) == [
                .file(path: "/srv/images/web-1.qcow2"),
                .block(device: "/dev/disk/by-id/wwn-0x5000"),
                .network(
                    .init(
                        protocol: "rbd", name: "pool/web-1-data",
                        hosts: [
                            .init(name: "mon1.example", port: 6789), .init(name: "mon2.example"),
                            .init(name: nil, transport: "unix", socket: "/run/mon.sock"),
                        ])),
                .volume(pool: "fast", name: "scratch"),
                .nvme(address: "0x0000:0x01:0x00.0x0"),
                .vhostUser(socket: "/run/blk.sock"),
                .other(type: "quantum"),
                nil,
            ])
        #expect(disks[0].bus == "virtio")
        #expect(disks[0].cache == "none")
        #expect(disks[0].source?.format == "qcow2")
        #expect(disks.map(\.device) == [.disk, .lun, .disk, .disk, .disk, .disk, .other("holodisk"), .cdrom])
        #expect(disks.filter(\.isShareable).map(\.target) == ["sda"])
        #expect(disks.filter(\.isTransient).map(\.target) == ["vdc"])
        #expect(disks.filter(\.isReadOnly).map(\.target) == ["sdb"])
    }

    @Test("follows a backing chain to its end, and says when the end is not known")
    func backingChain() throws {
        let disk = try #require(try running.disks.first)
        #expect(
            disk.backingChain.map(\.location) == [
                .file(path: "/srv/images/base.qcow2"), .block(device: "/dev/vg0/golden"),
            ])
        #expect(disk.backingChain.map(\.format) == ["qcow2", "raw"])
        #expect(disk.chainEndsKnown)
        #expect(try shutOff.disks.first?.chainEndsKnown == false)
    }

    @Test("names the network of an interface that libvirt writes as what the network came to")
    func networkWhileRunning() throws {
        let guest = try GuestDefinition(
            parsing: """
                <domain type='kvm'><name>web</name><devices>
                  <interface type='bridge'>
                    <source network='lan' portgroup='a' portid='1' bridge='br0'/>
                  </interface>
                  <interface type='direct'><source network='wire' dev='eth1' mode='bridge'/></interface>
                </devices></domain>
                """)
        #expect(guest.interfaces.map(\.connection) == [.network("lan"), .network("wire")])
        #expect(guest.interfaces.first?.portGroup == "a")
    }

    @Test("lists every interface with its connection")
    func interfaces() {
        #expect(
            running.interfaces.map(\.connection) == [
                .bridge("br0"), .network("default"), .direct(device: "eno1", mode: "private"),
                .vdpa(device: "/dev/vhost-vdpa-0"),
            ])
        #expect(running.interfaces.first?.mac == "52:54:00:aa:00:01")
        #expect(running.interfaces.first?.model == "virtio")
        #expect(running.interfaces.first?.target == "vnet3")
        #expect(shutOff.interfaces.map(\.connection) == [.user])
    }

    @Test("knows the files of firmware and TPM")
    func firmware() {
        #expect(running.firmware?.loader == "/usr/share/OVMF/OVMF_CODE_4M.fd")
        #expect(running.firmware?.variablesPath == "/var/lib/libvirt/qemu/nvram/web-1_VARS.fd")
        #expect(running.firmware?.variablesTemplate == "/usr/share/OVMF/OVMF_VARS_4M.fd")
        #expect(running.firmware?.automatic == "efi")
        #expect(running.tpm == .init(backend: .emulator, version: "2.0", model: "tpm-crb"))
        #expect(shutOff.firmware == nil)
        #expect(shutOff.tpm == nil)
    }

    struct Faulty: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let text: String
        let code: XMLError.Code
        let read: @Sendable (GuestDefinition) throws -> Void
    }

    @Test(
        "that lacks or garbles what libvirt always writes is an error, not a guess",
        arguments: [
            Faulty(testDescription: "another document", text: "<network/>", code: .wrongDocument) { _ in },
            Faulty(testDescription: "another vocabulary", text: "<domain xmlns='u'/>", code: .wrongDocument) {
                _ in
            },
            Faulty(testDescription: "no name", text: "<domain/>", code: .missing) { _ = try $0.name },
            Faulty(testDescription: "an empty name", text: "<domain><name> </name></domain>", code: .missing)
            {
                _ = try $0.name
            },
            Faulty(testDescription: "no memory", text: "<domain/>", code: .missing) {
                _ = try $0.memoryBytes
            },
            Faulty(
                testDescription: "an unknown unit", text: "<domain><memory unit='XiB'>1</memory></domain>",
                code: .invalidValue
            ) { _ = try $0.memoryBytes },
            Faulty(
                testDescription: "negative memory", text: "<domain><memory>-1</memory></domain>",
                code: .invalidValue
            ) { _ = try $0.memoryBytes },
            Faulty(
                testDescription: "no processors", text: "<domain><vcpu>0</vcpu></domain>", code: .invalidValue
            ) {
                _ = try $0.virtualProcessors
            },
            Faulty(
                testDescription: "a disk without a target",
                text: "<domain><devices><disk/></devices></domain>",
                code: .missing
            ) { _ = try $0.disks },
        ])
    func faulty(row: Faulty) {
        let error = #expect(throws: XMLError.self) { try row.read(GuestDefinition(parsing: row.text)) }
        #expect(error?.code == row.code)
    }
}

@Suite("An amount of memory")
struct MemoryUnitTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let amount: String
        let unit: String?
        let bytes: UInt64?
        var testDescription: String { "\(amount) \(unit ?? "without a unit")" }

        init(_ amount: String, _ unit: String?, _ bytes: UInt64?) {
            self.amount = amount
            self.unit = unit
            self.bytes = bytes
        }
    }

    @Test(
        "is what libvirt takes it for",
        arguments: [
            Row("3", nil, 3072), Row("3", "", 3072), Row("3", "b", 3), Row("3", "bytes", 3),
            Row("3", "byte", 3),
            Row("3", "KB", 3000), Row("3", "k", 3072), Row("3", "KiB", 3072), Row("3", "MB", 3_000_000),
            Row("3", "M", 3 << 20), Row("3", "MiB", 3 << 20), Row("3", "GB", 3_000_000_000),
            Row("3", "G", 3 << 30),
            Row("3", "GiB", 3 << 30), Row("3", "TB", 3_000_000_000_000), Row("3", "T", 3 << 40),
            Row("3", "TiB", 3 << 40), Row("3", "PiB", 3 << 50), Row("3", "EiB", 3 << 60),
            Row("3", "gib", 3 << 30),
            Row("15", "EiB", 15 << 60), Row("16", "EiB", nil), Row("18446744073709551615", "b", .max),
            Row("18446744073709551616", "b", nil), Row("1.5", "GiB", nil), Row("", "GiB", nil),
            Row("-1", "b", nil),
            Row("1", "x", nil), Row("1", "KiBs", nil), Row("1", "ZiB", nil),
        ])
    func scaled(row: Row) {
        #expect(MemoryUnit.bytes(row.amount, in: row.unit) == row.bytes)
    }
}
