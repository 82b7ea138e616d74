import FleetModel

extension PreflightCase {
    static let interfaces = [
        PreflightCase("nothing against interfaces that find everything", [:]) {
            $0.interfaces = [
                InterfaceFacts(name: "52:54:00:00:00:01", connection: .bridge("br0")),
                InterfaceFacts(name: "52:54:00:00:00:02", connection: .openVSwitch("ovs0")),
                InterfaceFacts(name: "52:54:00:00:00:03", connection: .network("front"), portGroup: "dmz"),
                InterfaceFacts(name: "52:54:00:00:00:04", connection: .macvtap("eno1")),
                InterfaceFacts(name: "52:54:00:00:00:05", connection: .none),
            ]
        },
        PreflightCase("a missing bridge, once for two interfaces", [.bridgeMissing: .blocker]) {
            $0.interfaces = ["52:54:00:00:00:01", "52:54:00:00:00:02"].map {
                InterfaceFacts(name: $0, connection: .bridge("br7"))
            }
        },
        PreflightCase("a bridge of the other kind", [.bridgeMissing: .blocker]) {
            $0.interfaces = [InterfaceFacts(name: "52:54:00:00:00:01", connection: .openVSwitch("br0"))]
        },
        PreflightCase("a missing device", [.networkDeviceMissing: .blocker]) {
            $0.interfaces = [InterfaceFacts(name: "52:54:00:00:00:01", connection: .macvtap("eno9"))]
        },
        PreflightCase("a missing network", [.networkMissing: .blocker]) {
            $0.interfaces = [InterfaceFacts(name: "52:54:00:00:00:01", connection: .network("back"))]
        },
        PreflightCase("a network that is not started", [.networkInactive: .blocker]) {
            $0.interfaces = [InterfaceFacts(name: "52:54:00:00:00:01", connection: .network("front"))]
            $0.destination.details.networks = .known([
                HostDetails.Network(name: "front", isActive: false, bridge: nil, portGroups: [])
            ])
        },
        PreflightCase("a missing port group", [.portGroupMissing: .blocker]) {
            $0.interfaces = [
                InterfaceFacts(name: "52:54:00:00:00:01", connection: .network("front"), portGroup: "lan")
            ]
        },
        PreflightCase("a smaller MTU", [.mtuDiffers: .warning]) {
            $0.interfaces = [InterfaceFacts(name: "52:54:00:00:00:01", connection: .bridge("br0"))]
            $0.destination.details.links = .known([HostDetails.Link(name: "br0", kind: .bridge, mtu: 1500)])
        },
        PreflightCase("a smaller MTU behind a network", [.mtuDiffers: .warning]) {
            $0.interfaces = [InterfaceFacts(name: "52:54:00:00:00:01", connection: .network("front"))]
            $0.destination.details.links = .known([HostDetails.Link(name: "virbr0", kind: .bridge, mtu: 1400)]
            )
        },
        PreflightCase("nothing against a larger MTU", [:]) {
            $0.interfaces = [InterfaceFacts(name: "52:54:00:00:00:01", connection: .openVSwitch("ovs0"))]
            $0.destination.details.links = .known([
                HostDetails.Link(name: "ovs0", kind: .openVSwitch, mtu: 9000)
            ])
        },
        PreflightCase("a vhost-user socket", [.vhostUserInterface: .warning]) {
            $0.interfaces = [
                InterfaceFacts(name: "52:54:00:00:00:01", connection: .vhostUser("/run/vhost/web01.sock"))
            ]
        },
    ]

    static let reach = [
        PreflightCase("no way to the destination's libvirt", [.peerURIMissing: .blocker]) {
            $0.destination.uri = "qemu:///system"
            $0.destination.peerURI = nil
            $0.control = nil
        },
        PreflightCase(
            "no need of such a way when apus drives the move", [:], request: MoveRequest(control: .direct)
        ) {
            $0.destination.uri = "qemu:///system"
            $0.destination.peerURI = nil
            $0.control = .known(.refused)
        },
        PreflightCase("a control port that is closed by a firewall", [.destinationUnreachable: .blocker]) {
            $0.control = .known(.unreachable("no route to host"))
        },
        PreflightCase("a control port that nobody listens on", [.destinationUnreachable: .blocker]) {
            $0.control = .known(.refused)
        },
        PreflightCase("a data port that is closed by a firewall", [.dataPortUnreachable: .blocker]) {
            $0.data = .known(.unreachable("timed out"))
        },
        PreflightCase("nothing against a data port that is open", [:]) { $0.data = .known(.open) },
        PreflightCase("a name that leads to itself", [.hostnameLoopback: .blocker]) {
            $0.destination.migrationAddress = nil
            $0.destination.details.ownName = .known(
                HostDetails.OwnName(name: "beta", addresses: ["127.0.1.1"]))
            $0.data = nil
        },
        PreflightCase("a name that leads to itself and is not used", [.hostnameLoopback: .note]) {
            $0.destination.details.ownName = .known(HostDetails.OwnName(name: "beta", addresses: ["::1"]))
        },
        PreflightCase("no port left", [.portsShort: .blocker]) {
            $0.destination.details.ports = .known(HostDetails.PortRange(used: 64))
        },
        PreflightCase("hardly a port left", [.portsShort: .warning]) {
            $0.destination.details.ports = .known(HostDetails.PortRange(used: 52))
        },
        PreflightCase("nothing against four fifths of the ports", [:]) {
            $0.destination.details.ports = .known(HostDetails.PortRange(first: 1, last: 10, used: 8))
        },
    ]

    static let capacity = [
        // 2 GiB and 64 MiB and 1 % and 2 × 8 MiB
        PreflightCase("too little memory", [.memoryShort: .blocker]) {
            $0.destination.details.availableMemory = .known(.mebibytes(2148))
        },
        PreflightCase("too little memory besides guests that arrive", [.memoryShort: .blocker]) {
            $0.destination.details.load.reservedMemory = .mebibytes(6144)
        },
        PreflightCase("little memory", [.memoryTight: .warning]) {
            $0.destination.details.availableMemory = .known(.mebibytes(2149))
        },
        PreflightCase("nothing when free memory alone suffices", [:]) {
            $0.destination.details.availableMemory = .notKnown("its libvirt does not tell")
            $0.destination.freeMemory = .mebibytes(4096)
        },
        // The same and 5 % of the host's 16 GiB
        PreflightCase("nothing against just enough memory", [:]) {
            $0.destination.details.availableMemory = .known(.mebibytes(2968))
        },
        PreflightCase("too few huge pages", [.hugePagesShort: .blocker]) {
            $0.hardware.hugePages = [GuestHardware.HugePages(size: nil, memory: .mebibytes(2049))]
        },
        PreflightCase("no huge pages of that size", [.hugePagesShort: .blocker]) {
            $0.hardware.hugePages = [
                GuestHardware.HugePages(size: .mebibytes(1024), memory: .mebibytes(2048))
            ]
        },
        PreflightCase("memory in huge pages counted once", [:]) {
            $0.hardware.hugePages = [GuestHardware.HugePages(size: .mebibytes(2), memory: .mebibytes(2048))]
            $0.destination.details.availableMemory = .known(.mebibytes(1024))
        },
        PreflightCase("more virtual processors than processors", [.vcpusExceedHost: .warning]) {
            $0.vcpus = 9
        },
        PreflightCase("nothing against as many virtual processors as processors", [:]) { $0.vcpus = 8 },
        PreflightCase("more virtual processors than the machine takes", [.vcpusExceedMachine: .blocker]) {
            $0.vcpus = 4
            $0.destination.details.hypervisor = .known(Sample.Machine.hypervisor(maximumProcessors: 3))
        },
        PreflightCase("a pinning that cannot be kept", [.pinnedProcessorMissing: .blocker]) {
            $0.hardware.pinnedProcessors = [0, 8, 9]
        },
        PreflightCase("a NUMA node that is not there", [.numaNodeMissing: .blocker]) {
            $0.hardware.numaNodes = [0, 1]
        },
        PreflightCase("too many guests arriving", [.incomingLimit: .blocker]) {
            $0.destination.details.load.incoming = 2
        },
        PreflightCase("too many guests leaving", [.outgoingLimit: .blocker]) {
            $0.source.details.load.outgoing = 2
        },
        PreflightCase("guests that libvirt does not see arriving yet", [.incomingLimit: .blocker]) {
            $0.reservations = [
                Sample.reservation("db01", from: "gamma"), Sample.reservation("db02", from: "gamma"),
            ]
        },
        PreflightCase("guests that leave and that libvirt sees already", [:]) {
            $0.source.details.load.outgoing = 1
            $0.source.details.load.moving = ["db01"]
            $0.reservations = [Sample.reservation("db01", to: "gamma")]
        },
        PreflightCase("memory that is promised to others", [.memoryShort: .blocker]) {
            $0.reservations = [Sample.reservation("db01", memory: .mebibytes(8000))]
        },
        PreflightCase("nothing against its own reservation, or others' hosts", [:]) {
            var own = Sample.reservation("db01", memory: .mebibytes(8000))
            own = Reservation(
                move: own.move, guest: Sample.identity, source: own.source, destination: own.destination,
                memory: own.memory, owner: own.owner, since: 0)
            $0.reservations = [own, Sample.reservation("x", from: "gamma", to: "delta")]
        },
        PreflightCase("moves that could not be counted", [.notKnown: .warning]) {
            $0.source.details.load.unread = "alpha did not answer within 10 s"
        },
        PreflightCase("huge pages of the host's own default size", [.hugePagesShort: .blocker]) {
            $0.hardware.hugePages = [GuestHardware.HugePages(size: nil, memory: .mebibytes(2048))]
            $0.destination.details.defaultHugePage = .known(.mebibytes(1024))
        },
        PreflightCase("nothing against one of two", [:]) {
            $0.destination.details.load.incoming = 1
            $0.source.details.load.outgoing = 1
        },
    ]

    static let trust = [
        PreflightCase("a certificate for another name", [.certificateNameMismatch: .blocker]) {
            $0.destination.details.certificate = certificate(["beta.lan", "*.beta.example"])
        },
        PreflightCase("nothing against a wildcard or another case", [:]) {
            $0.destination.peerURI = "qemu+tls://Beta.mig.Example/system"
            $0.destination.details.certificate = certificate(["*.MIG.example"])
        },
        PreflightCase("nothing against the address itself", [:]) {
            $0.destination.peerURI = "qemu+tls://[2001:db8::12]/system"
            $0.destination.details.certificate = certificate(["2001:db8::12"])
        },
        PreflightCase("a wildcard instead of an address", [.certificateNameMismatch: .blocker]) {
            $0.destination.peerURI = "qemu+tls://192.0.2.12/system"
            $0.destination.details.certificate = certificate(["*.0.2.12"])
        },
        PreflightCase("a certificate that is over", [.certificateExpired: .blocker]) {
            $0.destination.details.certificate = certificate(["beta.example"], days: -3)
        },
        PreflightCase("a certificate that is nearly over", [.certificateExpiresSoon: .warning]) {
            $0.destination.details.certificate = certificate(["beta.example"], days: 12)
        },
        PreflightCase("nothing against a certificate for another month", [:]) {
            $0.destination.details.certificate = certificate(["beta.example"], days: 30)
        },
        PreflightCase("nothing of a certificate over ssh", [:]) {
            $0.destination.peerURI = "qemu+ssh://beta.example/system"
            $0.destination.details.certificate = certificate(["elsewhere"])
        },
        PreflightCase(
            "nothing of a certificate's name without the source between", [:],
            request: MoveRequest(control: .direct)
        ) {
            $0.destination.details.certificate = certificate(["elsewhere"])
        },
        PreflightCase("nothing where there is no certificate", [:]) {
            $0.destination.peerURI = "qemu+ssh://beta.example/system"
            $0.destination.details.certificate = nil
        },
        PreflightCase("clocks far apart", [.clockOffset: .warning]) {
            $0.clock = .known(ClockOffset(offset: .seconds(-42), error: .milliseconds(50)))
        },
        PreflightCase("clocks apart", [.clockOffset: .note]) {
            $0.clock = .known(ClockOffset(offset: .seconds(5), error: .milliseconds(50)))
        },
        PreflightCase("nothing against an offset within its error", [:]) {
            $0.clock = .known(ClockOffset(offset: .seconds(3), error: .milliseconds(2100)))
        },
        PreflightCase("a missing secret", [.secretMissing: .blocker]) {
            $0.hardware.secrets = [
                GuestHardware.SecretNeed(
                    reference: "cccccccc-0000-0000-0000-000000000000", use: "disk vda")
            ]
        },
        PreflightCase("nothing against a secret that is there", [:]) {
            $0.hardware.secrets = [GuestHardware.SecretNeed(reference: "ceph", use: "disk vda")]
            $0.destination.details.secrets = .known(["ceph"])
        },
    ]

    private static func certificate(
        _ names: [String], days: Int = 300
    ) -> Reading<HostDetails.Certificate> {
        .known(HostDetails.Certificate(names: names, remaining: .seconds(days * 86400)))
    }
}
