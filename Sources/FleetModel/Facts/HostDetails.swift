/// What a check asks of a host beyond `HostFacts`.
package struct HostDetails: Sendable, Hashable, Codable {
    package var cpu: Reading<HostCPU> = .notKnown("it was not asked")
    package var hypervisor: Reading<Hypervisor> = .notKnown("it was not asked")
    /// Numbers of the processors that are online.
    package var processors: [Int] = []
    package var numaNodes: [Int] = []
    /// What programs could still get, caches included.
    package var availableMemory: Reading<ByteCount> = .notKnown("it was not asked")
    package var pages: [Pages] = []
    /// The size of a huge page where the guest names none; `nil` when the guest does not need to know.
    package var defaultHugePage: Reading<ByteCount>?
    package var load = Load()
    package var networks: Reading<[Network]> = .notKnown("it was not asked")
    package var links: Reading<[Link]> = .notKnown("it was not asked")
    /// The host's own addresses.
    package var addresses: Reading<[String]> = .notKnown("it was not asked")
    /// What the host's own name resolves to on the host itself.
    package var ownName: Reading<OwnName> = .notKnown("it was not asked")
    package var ports: Reading<PortRange> = .notKnown("it was not asked")
    package var certificate: Reading<Certificate>?
    /// What its QEMU encrypts a move with; `nil` where the move is not to be encrypted.
    package var encryption: Reading<Encryption>?
    /// Identities of the secrets that its libvirt holds: UUIDs and usages.
    package var secrets: Reading<[String]> = .notKnown("it was not asked")
    /// Of the paths that the guest needs, those that are there (for a file to be created: its directory).
    package var presentPaths: Reading<[String]> = .notKnown("it was not asked")
    /// The storage pools that its libvirt knows.
    package var pools: Reading<[Pool]> = .notKnown("it was not asked")
    /// The kind of file system under libvirt's TPM states; `nil` when no TPM is involved.
    package var tpmStateFileSystem: Reading<String>?
    /// Whether QEMU may catch page faults there (userfaultfd), as the destination of a post-copy has to.
    package var catchesFaults: Reading<Bool>?
    /// How many processors' worth of processes want to run there: the load average over a minute. `nil` where nothing is
    /// to be relayed, as below.
    package var processorLoad: Reading<Double>?
    /// What confines guests there, and whether that lets their QEMUs use a relay's sockets.
    package var relayConfinement: Reading<Confinement>?

    package init() {}

    /// What confines guests.
    package enum Confinement: String, Sendable, Hashable, Codable {
        case none
        /// AppArmor, with libvirt's rule for migration sockets.
        case appArmor = "apparmor"
        /// AppArmor without it.
        case strictAppArmor = "strict-apparmor"
        /// SELinux: a socket needs a label for QEMU to connect to it, which a relay's has not got.
        case seLinux = "selinux"
    }

    /// What the emulator can do that the guest runs on.
    package struct Hypervisor: Sendable, Hashable, Codable {
        /// `nil` when the host has no such emulator.
        package let emulator: String?
        /// Whether the guest's machine type is among those that the emulator knows.
        package let hasMachine: Bool
        /// The newest machine of the same family, for the hint.
        package let nearestMachine: String?
        /// Whether the guest's way of running (KVM) works there.
        package let hasVirtualization: Bool
        /// Virtual processors at most; `nil` where libvirt does not tell.
        package let maximumProcessors: Int?
        package let emulatesTPM: Bool

        package init(
            emulator: String?, hasMachine: Bool, nearestMachine: String?, hasVirtualization: Bool,
            maximumProcessors: Int?, emulatesTPM: Bool
        ) {
            self.emulator = emulator
            self.hasMachine = hasMachine
            self.nearestMachine = nearestMachine
            self.hasVirtualization = hasVirtualization
            self.maximumProcessors = maximumProcessors
            self.emulatesTPM = emulatesTPM
        }

        /// The same host with its emulator gone.
        package var withoutEmulator: Self {
            Self(
                emulator: nil, hasMachine: false, nearestMachine: nil, hasVirtualization: hasVirtualization,
                maximumProcessors: nil, emulatesTPM: false)
        }
    }

    /// Free pages of one size.
    package struct Pages: Sendable, Hashable, Codable {
        package let size: ByteCount
        package let free: UInt64

        package init(size: ByteCount, free: UInt64) {
            self.size = size
            self.free = free
        }
    }

    /// What the host already has to do with moves.
    package struct Load: Sendable, Hashable, Codable {
        package var incoming = 0
        package var outgoing = 0
        /// Why the moves under way could not be counted; `nil` when they were.
        package var unread: String?
        /// Memory of guests that arrive just now and have not filled it yet.
        package var reservedMemory = ByteCount.zero
        /// UUIDs of the guests that its libvirt sees moving.
        package var moving: [String] = []
        /// Moves that this controller has under way with the host, in words.
        package var arriving: [String] = []
        package var leaving: [String] = []
        /// The ids of those that arrive; facts of an older apus have none.
        package var counted: [String]?

        package init() {}

        /// Whether a move is under way.
        package var isBusy: Bool { incoming > 0 || outgoing > 0 }
    }

    /// A network that libvirt manages.
    package struct Network: Sendable, Hashable, Codable {
        package let name: String
        package let isActive: Bool
        package let bridge: String?
        package let portGroups: [String]

        package init(name: String, isActive: Bool, bridge: String?, portGroups: [String]) {
            self.name = name
            self.isActive = isActive
            self.bridge = bridge
            self.portGroups = portGroups
        }
    }

    /// A storage pool of libvirt's.
    package struct Pool: Sendable, Hashable, Codable {
        package let name: String
        /// `dir`, `netfs`, `logical` …
        package let type: String
        package let isActive: Bool
        /// Where its volumes are files; `nil` for a pool of another kind.
        package let directory: String?

        package init(name: String, type: String, isActive: Bool, directory: String?) {
            self.name = name
            self.type = type
            self.isActive = isActive
            self.directory = directory
        }
    }

    /// A network device of the host.
    package struct Link: Sendable, Hashable, Codable {
        package enum Kind: String, Sendable, Hashable, Codable {
            case bridge, other
            case openVSwitch = "open-vswitch"
        }
        package let name: String
        package let kind: Kind
        package let mtu: Int

        package init(name: String, kind: Kind, mtu: Int) {
            self.name = name
            self.kind = kind
            self.mtu = mtu
        }
    }

    package struct OwnName: Sendable, Hashable, Codable {
        package let name: String
        package let addresses: [String]

        package init(name: String, addresses: [String]) {
            self.name = name
            self.addresses = addresses
        }
    }

    /// The ports that QEMU listens on for arriving guests. Source: qemu.conf, `migration_port_min` and `_max`.
    package struct PortRange: Sendable, Hashable, Codable {
        package let first: Int
        package let last: Int
        package let used: Int

        package init(first: Int = 49152, last: Int = 49215, used: Int) {
            self.first = first
            self.last = last
            self.used = used
        }
    }

    /// What a host's QEMU encrypts a move with: on the source its client's part, on the destination its server's.
    package struct Encryption: Sendable, Hashable, Codable {
        /// Where qemu.conf says that it lies.
        package let directory: String
        /// Files that are not there.
        package let missing: [String]
        /// `nil` where it is not there or could not be read.
        package let certificate: Certificate?

        package init(directory: String, missing: [String], certificate: Certificate?) {
            self.directory = directory
            self.missing = missing
            self.certificate = certificate
        }
    }

    /// The certificate that a host shows.
    package struct Certificate: Sendable, Hashable, Codable {
        /// DNS names and addresses that it is valid for.
        package let names: [String]
        /// Negative when it is over.
        package let remaining: Duration

        package init(names: [String], remaining: Duration) {
            self.names = names
            self.remaining = remaining
        }
    }
}
