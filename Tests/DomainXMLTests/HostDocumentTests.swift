@testable import DomainXML
import Testing

@Suite("Domain capabilities")
struct DomainCapabilitiesTests {
    static let text = #"""
        <domainCapabilities>
          <path>/usr/bin/qemu-system-x86_64</path>
          <domain>kvm</domain>
          <machine>pc-i440fx-7.2</machine>
          <arch>x86_64</arch>
          <vcpu max='255'/>
          <os supported='yes'>
            <enum name='firmware'>
              <value>efi</value>
            </enum>
            <loader supported='yes'>
              <value>/usr/share/OVMF/OVMF_CODE_4M.fd</value>
              <enum name='type'>
                <value>rom</value>
              </enum>
            </loader>
          </os>
          <cpu>
            <mode name='host-passthrough' supported='yes'>
              <enum name='hostPassthroughMigratable'>
                <value>on</value>
                <value>off</value>
              </enum>
            </mode>
            <mode name='host-model' supported='yes'>
              <model fallback='forbid'>EPYC</model>
              <vendor>AMD</vendor>
              <feature policy='require' name='x2apic'/>
              <feature policy='disable' name='pni'/>
            </mode>
            <mode name='custom' supported='yes'>
              <model usable='no' vendor='unknown'>qemu64</model>
              <blockers model='qemu64'>
                <feature name='svm'/>
              </blockers>
              <model usable='yes' deprecated='yes' vendor='unknown'>pentium3</model>
              <model usable='unknown'>EPYC</model>
            </mode>
          </cpu>
          <memoryBacking supported='yes'>
            <enum name='sourceType'>
              <value>file</value>
              <value>memfd</value>
            </enum>
          </memoryBacking>
          <devices>
            <hostdev supported='yes'>
              <enum name='subsysType'>
                <value>usb</value>
                <value>pci</value>
              </enum>
              <enum name='capsType'/>
            </hostdev>
            <filesystem supported='no'/>
            <tpm supported='yes'>
              <enum name='model'>
                <value>tpm-crb</value>
              </enum>
              <enum name='backendModel'>
                <value>emulator</value>
              </enum>
              <enum name='backendVersion'>
                <value>2.0</value>
              </enum>
            </tpm>
          </devices>
          <features>
            <sev supported='yes'/>
          </features>
        </domainCapabilities>

        """#

    @Test("say what a guest can be given")
    func read() throws {
        let capabilities = try DomainCapabilities(parsing: Self.text)
        #expect(capabilities.emulator == "/usr/bin/qemu-system-x86_64")
        #expect(capabilities.accelerator == .kvm)
        #expect(capabilities.machine == "pc-i440fx-7.2")
        #expect(capabilities.architecture == "x86_64")
        #expect(capabilities.maximumVirtualProcessors == 255)
        #expect(capabilities.firmware == ["efi"])
        #expect(capabilities.loaderPaths == ["/usr/share/OVMF/OVMF_CODE_4M.fd"])
        #expect(capabilities.tpmModels == ["tpm-crb"])
        #expect(capabilities.tpmBackends == ["emulator"])
        #expect(capabilities.tpmVersions == ["2.0"])
        #expect(capabilities.hostDeviceTypes == ["usb", "pci"])
        #expect(capabilities.fileSystemDrivers == [])
        #expect(capabilities.memoryBackingSources == ["file", "memfd"])
        #expect(capabilities.launchSecurityTypes == ["sev"])
    }

    @Test("say which processors there are")
    func processors() throws {
        let processors = try DomainCapabilities(parsing: Self.text).processors
        #expect(processors.supportsHostPassthrough)
        #expect(processors.hostPassthroughCanMigrate == true)
        let model = try #require(processors.hostModel)
        #expect(model.model == "EPYC")
        #expect(model.fallback == "forbid")
        #expect(model.vendor == "AMD")
        #expect(
            model.features == [
                .init(name: "x2apic", policy: "require"), .init(name: "pni", policy: "disable"),
            ])
        let cpu = try Document(parsing: model.xml).root
        #expect(cpu.name == "cpu")
        #expect(cpu.attributes.isEmpty)
        #expect(cpu.text(at: "model") == "EPYC")
        #expect(
            processors.customModels == [
                .init(name: "qemu64", usability: .no, isDeprecated: false, blockers: ["svm"]),
                .init(name: "pentium3", usability: .yes, isDeprecated: true, blockers: []),
                .init(name: "EPYC", usability: .unknown, isDeprecated: false, blockers: []),
            ])
    }

    @Test("tell what is not there from what is not spoken of")
    func silent() throws {
        let capabilities = try DomainCapabilities(parsing: "<domainCapabilities/>")
        #expect(capabilities.fileSystemDrivers == nil)
        #expect(capabilities.tpmModels == nil)
        #expect(capabilities.launchSecurityTypes == nil)
        #expect(capabilities.maximumVirtualProcessors == nil)
        #expect(!capabilities.processors.supportsHostPassthrough)
        #expect(capabilities.processors.hostPassthroughCanMigrate == nil)
        #expect(capabilities.processors.hostModel == nil)
        #expect(capabilities.processors.customModels.isEmpty)
        let newer = try DomainCapabilities(
            parsing: """
                <domainCapabilities><features><sev supported='no'/><launchSecurity supported='yes'>
                <enum name='sectype'><value>tdx</value></enum></launchSecurity></features>
                </domainCapabilities>
                """)
        #expect(newer.launchSecurityTypes == ["tdx"])
    }
}

@Suite("A network definition")
struct NetworkDefinitionTests {
    @Test("says what guests are plugged into")
    func read() throws {
        let network = try NetworkDefinition(
            parsing: """
                <network connections='1'>
                  <name>lan</name>
                  <forward mode='bridge'><interface dev='eno1'/><interface dev='eno2'/></forward>
                  <bridge name='br-lan'/>
                  <mtu size='9000'/>
                  <virtualport type='openvswitch'/>
                  <portgroup name='web' default='yes'/>
                  <portgroup name='db'/>
                </network>
                """)
        #expect(network.name == "lan")
        #expect(network.bridge == "br-lan")
        #expect(network.forwardMode == "bridge")
        #expect(network.forwardDevice == "eno1")
        #expect(network.portGroups == ["web", "db"])
        #expect(network.mtu == 9000)
        #expect(network.virtualPortType == "openvswitch")
    }

    @Test("without a mode forwards by nat, without forwarding not at all")
    func modes() throws {
        let nat = try NetworkDefinition(parsing: "<network><name>a</name><forward dev='eth0'/></network>")
        #expect(nat.forwardMode == "nat")
        #expect(nat.forwardDevice == "eth0")
        let isolated = try NetworkDefinition(parsing: "<network><name>a</name></network>")
        #expect(isolated.forwardMode == nil)
        #expect(isolated.forwardDevice == nil)
        #expect(isolated.bridge == nil)
    }
}

@Suite("A pool definition")
struct PoolDefinitionTests {
    @Test("says where its volumes are and where they come from")
    func read() throws {
        let pool = try PoolDefinition(
            parsing: """
                <pool type='netfs'>
                  <name>images</name>
                  <source><host name='nfs.example' port='2049'/><dir path='/export'/></source>
                  <target>
                    <path>/srv/images</path>
                    <permissions><mode>0711</mode><owner>0</owner><group>-1</group></permissions>
                  </target>
                </pool>
                """)
        #expect(pool.name == "images")
        #expect(pool.type == "netfs")
        #expect(pool.targetPath == "/srv/images")
        #expect(pool.sourceDescription == "nfs.example:2049:/export")
        #expect(pool.permissions == .init(owner: 0, group: -1, mode: 0o711))
    }

    @Test("describes what it is made of")
    func sources() throws {
        func describe(_ source: String) throws -> String? {
            try PoolDefinition(parsing: "<pool type='x'><name>a</name>\(source)</pool>").sourceDescription
        }
        #expect(try describe("") == nil)
        #expect(try describe("<source/>") == nil)
        #expect(
            try describe("<source><host name='m1'/><host name='m2'/><name>rbd</name></source>")
                == "m1,m2:rbd")
        #expect(
            try describe("<source><device path='/dev/sdb'/><device path='/dev/sdc'/><name>vg</name></source>")
                == "/dev/sdb,/dev/sdc,vg")
    }

    @Test("of a directory is written so that the same is read back")
    func directory() throws {
        let text = try PoolDefinition.directory(name: "a'<b>", path: "/srv/x & \"y\"")
        let pool = try PoolDefinition(parsing: text)
        #expect(pool.name == "a'<b>")
        #expect(pool.type == "dir")
        #expect(pool.targetPath == "/srv/x & \"y\"")
        #expect(throws: XMLError.self) { try PoolDefinition.directory(name: "a", path: "/\u{1}") }
    }

    @Test("goes with volumes that take up nothing until they are written to")
    func volume() throws {
        let volume = try Document(parsing: VolumeDefinition.raw(name: "a&b", bytes: .max)).root
        #expect(volume.name == "volume")
        #expect(volume.text(at: "name") == "a&b")
        #expect(volume.text(at: "capacity") == "18446744073709551615")
        #expect(volume.attribute("unit", at: "capacity") == "bytes")
        #expect(volume.text(at: "allocation") == "0")
        #expect(volume.attribute("type", at: "target/format") == "raw")
        #expect(!volume.contains("target/compat") && !volume.contains("backingStore"))
    }

    @Test("goes with images of the present kind, on others")
    func image() throws {
        let text = try VolumeDefinition.image(
            name: "a", format: "qcow2", capacityBytes: 9, allocationBytes: 9, backing: ("/b & c", "raw"))
        let volume = try Document(parsing: text).root
        #expect(volume.text(at: "target/compat") == "1.1")
        #expect(volume.text(at: "capacity") == "9" && volume.text(at: "allocation") == "9")
        #expect(volume.text(at: "backingStore/path") == "/b & c")
        #expect(volume.attribute("type", at: "backingStore/format") == "raw")
    }

    @Test("goes with a place for a disk's copy")
    func copyDestination() throws {
        let disk = try Document(parsing: CopyDestination.file(path: "/a & 'b'", format: "qcow2")).root
        #expect(disk.name == "disk" && disk["type"] == "file")
        #expect(disk.attribute("file", at: "source") == "/a & 'b'")
        #expect(disk.attribute("type", at: "driver") == "qcow2")
        #expect(throws: XMLError.self) { try CopyDestination.file(path: "\u{1}", format: "raw") }
    }

    @Test("tells whether its volumes are files", arguments: ["dir", "fs", "netfs", "logical", "rbd", ""])
    func files(type: String) throws {
        let pool = try PoolDefinition(parsing: "<pool type='\(type)'><name>p</name></pool>")
        #expect(pool.hasFiles == ["dir", "fs", "netfs"].contains(type))
    }
}

@Suite("A document of another kind")
struct WrongDocumentTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: XMLError.Code
        let read: @Sendable () throws -> Void
    }

    @Test(
        "is refused, and so is one without a name",
        arguments: [
            Row(testDescription: "no network", code: .wrongDocument) {
                _ = try NetworkDefinition(parsing: "<pool/>")
            },
            Row(testDescription: "no pool", code: .wrongDocument) {
                _ = try PoolDefinition(parsing: "<network/>")
            },
            Row(testDescription: "no domain capabilities", code: .wrongDocument) {
                _ = try DomainCapabilities(parsing: "<capabilities/>")
            },
            Row(testDescription: "a nameless network", code: .missing) {
                _ = try NetworkDefinition(parsing: "<network/>")
            },
            Row(testDescription: "a nameless pool", code: .missing) {
                _ = try PoolDefinition(parsing: "<pool/>")
            },
        ])
    func refused(row: Row) {
        let error = #expect(throws: XMLError.self) { try row.read() }
        #expect(error?.code == row.code)
    }
}
