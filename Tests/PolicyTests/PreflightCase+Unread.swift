import FleetModel

extension PreflightCase {
    private static let why = "no remote-shell is set"

    /// Facts that nobody could read: said where the guest needs them, and only there.
    static let unread = [
        PreflightCase(
            "a destination that nobody asked, against a guest that needs nothing of it",
            // Three for one reason and the same way out are one: certificate, host name, ports; emulator; memory.
            [.notKnown: .warning, .notKnown: .warning, .notKnown: .warning]
        ) { $0.destination.details = HostDetails() },
        PreflightCase("nothing of a source that nobody asked", [:]) { $0.source.details = HostDetails() },
        PreflightCase("a host without a UUID", [.notKnown: .note]) { $0.destination.uuid = nil },
        PreflightCase("a guest's processor", [.notKnown: .warning]) { $0.cpu = .notKnown("timeout") },
        PreflightCase("the destination's verdict", [.notKnown: .warning]) {
            $0.cpu = .known(Sample.cpu(destination: .notKnown("timeout")))
        },
        PreflightCase(
            "both hosts' processors under host-passthrough",
            [.notKnown: .warning, .notKnown: .warning, .cpuPassthroughNotProvable: .note]
        ) {
            $0.cpu = .known(Sample.cpu(mode: .hostPassthrough))
            $0.source.details.cpu = .notKnown(why)
            $0.destination.details.cpu = .notKnown(why)
        },
        PreflightCase(
            "a processor once, whoever needs it", [.notKnown: .warning, .cpuPassthroughNotProvable: .note]
        ) {
            $0.cpu = .known(Sample.cpu(mode: .hostPassthrough))
            $0.hardware.timeStampFrequency = 2_600_000_000
            $0.destination.details.cpu = .notKnown(why)
        },
        PreflightCase("the frequency of a host", [.notKnown: .warning]) {
            $0.hardware.timeStampFrequency = 2_600_000_000
            $0.destination.details.cpu = .known(Sample.hostCPU(frequency: nil))
        },
        PreflightCase("firmware and paths", [.notKnown: .warning, .notKnown: .warning]) {
            $0.hardware.firmware = GuestHardware.Firmware(loader: "/x", variables: nil, template: nil)
            $0.hardware.paths = [GuestHardware.PathNeed(path: "/y", kind: .existing, use: "serial 0")]
            $0.destination.details.presentPaths = .notKnown(why)
        },
        PreflightCase("addresses", [.notKnown: .warning]) {
            $0.hardware.listenAddresses = ["192.0.2.11"]
            $0.destination.details.addresses = .notKnown(why)
        },
        PreflightCase("TPM states", [.notKnown: .warning, .notKnown: .warning]) {
            $0.hardware.tpm = .emulator(version: nil)
            $0.source.details.tpmStateFileSystem = .notKnown(why)
            $0.destination.details.tpmStateFileSystem = .notKnown(why)
        },
        PreflightCase("links", [.notKnown: .warning]) {
            $0.interfaces = [InterfaceFacts(name: "52:54:00:00:00:01", connection: .bridge("br0"))]
            $0.destination.details.links = .notKnown(why)
        },
        PreflightCase("the source's links, for the MTU alone", [.notKnown: .note]) {
            $0.interfaces = [InterfaceFacts(name: "52:54:00:00:00:01", connection: .bridge("br0"))]
            $0.source.details.links = .notKnown(why)
        },
        PreflightCase("networks", [.notKnown: .warning]) {
            $0.interfaces = [InterfaceFacts(name: "52:54:00:00:00:01", connection: .network("front"))]
            $0.destination.details.networks = .notKnown(why)
        },
        PreflightCase("an interface of a new kind", [.notKnown: .warning]) {
            $0.interfaces = [InterfaceFacts(name: "52:54:00:00:00:01", connection: .other("quantum"))]
        },
        PreflightCase("both ports", [.notKnown: .warning, .notKnown: .warning]) {
            $0.control = .notKnown(why)
            $0.data = .notKnown(why)
        },
        PreflightCase(
            "the own name, where the memory goes to it", [.notKnown: .warning, .notKnown: .warning]
        ) {
            $0.destination.migrationAddress = nil
            $0.data = nil
            $0.destination.details.ownName = .notKnown(why)
        },
        PreflightCase("ports in use", [.notKnown: .note]) { $0.destination.details.ports = .notKnown(why) },
        PreflightCase("memory", [.notKnown: .warning]) {
            $0.destination.details.availableMemory = .notKnown("its libvirt does not tell")
        },
        PreflightCase("huge pages", [.notKnown: .warning]) {
            $0.hardware.hugePages = [GuestHardware.HugePages(size: nil, memory: .mebibytes(2048))]
            $0.destination.details.pages = []
        },
        PreflightCase("processors and NUMA nodes", [.notKnown: .warning, .notKnown: .warning]) {
            $0.hardware.pinnedProcessors = [0]
            $0.hardware.numaNodes = [0]
            $0.destination.details.processors = []
            $0.destination.details.numaNodes = []
        },
        PreflightCase("a certificate", [.notKnown: .warning]) {
            $0.destination.details.certificate = .notKnown(why)
        },
        PreflightCase(
            "a certificate that nobody asked for, of a URI without a transport", [.notKnown: .warning]
        ) {
            $0.destination.peerURI = "qemu://beta.example/system"
            $0.destination.details.certificate = nil
        },
        PreflightCase("TPM states that nobody asked for", [.notKnown: .warning, .notKnown: .warning]) {
            $0.hardware.tpm = .emulator(version: nil)
            $0.source.details.tpmStateFileSystem = nil
            $0.destination.details.tpmStateFileSystem = nil
        },
        PreflightCase("clocks", [.notKnown: .note]) { $0.clock = .notKnown(why) },
        PreflightCase("secrets", [.notKnown: .warning]) {
            $0.hardware.secrets = [GuestHardware.SecretNeed(reference: "ceph", use: "disk vda")]
            $0.destination.details.secrets = .notKnown(why)
        },
    ]
}
