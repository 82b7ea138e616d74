@testable import DomainXML
import Testing

@Suite("Devices of a guest")
struct DeviceTests {
    let tied: GuestDefinition
    let bare: GuestDefinition

    init() throws {
        tied = try GuestDefinition(parsing: Sample.tied)
        bare = try GuestDefinition(parsing: "<domain/>")
    }

    @Test("of the host are named so that the same can be looked for elsewhere")
    func hostDevices() {
        let devices = tied.hostDevices
        #expect(
            devices.map(\.kind) == [
                .pci, .usb, .usb, .mdev, .scsi, .scsi, .scsiHost, .other("storage"), .pci,
            ])
        #expect(
            devices.map(\.address) == [
                "0000:0a:1f.7", "046d:c52b", "bus 1 device 4", "c2177883-f1bb-47f0-914d-32a22e3a8804",
                "scsi_host0:0:2:1", "iscsi:iqn.2024-01.example:t/2", "naa.5123456789abcde0", "/dev/sdf1", nil,
            ])
        #expect(devices[0].driver == "vfio")
        #expect(devices[0].alias == "hostdev0")
        #expect(devices.map(\.isManaged) == [true] + Array(repeating: false, count: 8))
        #expect(devices[7].mode == "capabilities")
        #expect(bare.hostDevices.isEmpty)
    }

    @Test("that are interfaces say what they are plugged into, and which half of a team they are")
    func interfaces() {
        let interfaces = tied.interfaces
        #expect(
            interfaces.map(\.connection) == [
                .hostDevice(address: "0000:03:10.1"), .network("lan"), .vhostUser(socket: "/run/ovs/port1"),
                .other(type: "hostdev"),
            ])
        #expect(interfaces[0].teaming == Teaming(kind: .transient, persistentAlias: "ua-net0"))
        #expect(interfaces[1].teaming == Teaming(kind: .persistent, persistentAlias: nil))
        #expect(interfaces[1].alias == "ua-net0")
        #expect(interfaces[1].portGroup == "web")
        #expect(interfaces[1].virtualPortType == "openvswitch")
        #expect(interfaces.map(\.mtu) == [nil, 9000, nil, nil])
        #expect(interfaces[2].teaming == nil)
    }

    @Test("that share something with the host name it")
    func shared() {
        #expect(
            tied.fileSystems == [
                FileSystemDefinition(
                    driver: .virtiofs, type: "mount", source: "/srv/share", target: "share", isReadOnly: false
                ),
                FileSystemDefinition(
                    driver: .path, type: "mount", source: "/srv/old", target: "old", isReadOnly: true),
            ])
        #expect(
            tied.sharedMemory == [
                SharedMemoryDefinition(
                    name: "board", role: .master, model: "ivshmem-plain", serverPath: nil),
                SharedMemoryDefinition(
                    name: "bell", role: nil, model: "ivshmem-doorbell", serverPath: "/run/ivshmem"),
            ])
        #expect(bare.fileSystems.isEmpty)
        #expect(bare.sharedMemory.isEmpty)
    }

    @Test("that are streams say where they end on the host")
    func characterDevices() {
        let devices = tied.characterDevices
        #expect(
            devices.map(\.kind) == [
                .serial, .parallel, .console, .channel, .redirdev, .smartcard, .rng, .rng,
            ])
        #expect(
            devices.map(\.type) == ["dev", "pty", "tcp", "unix", "spicevmc", "unix", "random", "egd"])
        #expect(
            devices.map(\.path) == [
                "/dev/ttyS0", nil, nil, "/var/lib/libvirt/qemu/channel/target/agent.0", nil, "/run/card",
                "/dev/hwrng", nil,
            ])
        #expect(devices[0].logPath == "/var/log/tied.log")
        #expect(devices[2].sourceMode == "bind")
        #expect(devices[2].host == "127.0.0.1")
        #expect(devices[2].service == "4555")
        #expect(devices[3].targetName == "org.qemu.guest_agent.0")
        #expect(devices[7].host == "192.0.2.9")
        #expect(bare.characterDevices.isEmpty)
    }

    @Test("that are screens say where they listen")
    func graphics() {
        let screens = tied.graphics
        #expect(screens.map(\.type) == ["vnc", "spice", "vnc"])
        #expect(screens.map(\.port) == [5901, nil, nil])
        #expect(screens.map(\.isAutomaticPort) == [true, false, false])
        #expect(screens[0].listeners.map(\.address) == ["192.0.2.11", "192.0.2.11"])
        #expect(screens[0].listeners.map(\.network) == [nil, "lan"])
        #expect(screens[1].listeners.map(\.address) == ["::1"])
        #expect(screens[2].listeners.map(\.socket) == ["/run/vnc.sock"])
    }

    @Test("of which a word matters are read by it")
    func others() {
        #expect(tied.launchSecurity == "sev")
        #expect(tied.vsock == .init(isAutomatic: false, cid: 3))
        #expect(tied.iommu == "intel")
        #expect(tied.leases == [.init(lockspace: "somearea", key: "somekey", path: "/srv/leases")])
        #expect(tied.inputPaths == ["/dev/input/event1", "/dev/input/event2"])
        #expect(bare.launchSecurity == nil)
        #expect(bare.vsock == nil)
        #expect(bare.iommu == nil)
        #expect(bare.leases.isEmpty)
        #expect(bare.inputPaths.isEmpty)
    }

    @Test("that are disks say how they are driven, mirrored and numbered")
    func disks() throws {
        let disks = try tied.disks
        let disk = try #require(disks.first)
        #expect(disk.io == "native")
        #expect(disk.discard == "unmap")
        #expect(disk.cache == nil)
        #expect(disk.serial == "S-1")
        #expect(disk.wwn == "5000c50015ea71ad")
        #expect(disk.snapshot == "external")
        #expect(disk.startupPolicy == "optional")
        #expect(disk.hasReservations)
        #expect(
            disk.mirror
                == .init(
                    job: "copy", isReady: true,
                    source: DiskSource(location: .file(path: "/srv/new/tied.img"), format: "raw")))
        #expect(disk.chainEndsKnown)
        #expect(disks[1].mirror == nil)
        #expect(!disks[1].hasReservations)
        #expect(!disks[1].chainEndsKnown)
    }

    @Test("name the secrets that they cannot start without")
    func secrets() throws {
        typealias Reference = GuestDefinition.SecretReference
        #expect(
            tied.secretReferences == [
                Reference(
                    uuid: "aaaa5ab0-2f7c-4b9b-9d8d-0123456789ab", usage: nil,
                    purpose: .diskEncryption(disk: "vda")),
                Reference(uuid: nil, usage: "client.base", purpose: .diskAuthentication(disk: "vda")),
                Reference(
                    uuid: "bbbb5ab0-2f7c-4b9b-9d8d-0123456789ab", usage: nil,
                    purpose: .diskAuthentication(disk: "vdb")),
                Reference(uuid: nil, usage: "libvirtiscsi", purpose: .hostDeviceAuthentication),
                Reference(
                    uuid: "cccc5ab0-2f7c-4b9b-9d8d-0123456789ab", usage: nil, purpose: .tpmEncryption),
            ])
        #expect(bare.secretReferences.isEmpty)
        #expect(try tied.disks.map(\.isEncrypted) == [true, false])
        #expect(try bare.disks.allSatisfy { !$0.isEncrypted })
    }
}
