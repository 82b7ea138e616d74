/// What a guest's definition asks of a host besides disks, processor model and interfaces.
package struct GuestHardware: Sendable, Hashable, Codable {
    package var architecture = "x86_64"
    /// Such as `pc-q35-7.2`.
    package var machine = ""
    /// The program that runs it; `nil` leaves it to libvirt.
    package var emulator: String?
    /// `kvm` or `qemu`.
    package var virtualization = "kvm"
    package var hostDevices: [HostDevice] = []
    /// Devices that the guest's own policy lets leave it for a move.
    package var releases: [Release] = []
    package var fileSystems: [FileSystem] = []
    package var sharedMemory: [SharedMemory] = []
    /// Files, sockets and devices that must be where the definition says.
    package var paths: [PathNeed] = []
    package var hugePages: [HugePages] = []
    /// NUMA nodes of the host that the memory must come from.
    package var numaNodes: [Int] = []
    /// Processors of the host that are named in pinnings.
    package var pinnedProcessors: [Int] = []
    /// Memory devices without a fixed slot and address, which libvirt cannot put in the same place elsewhere.
    package var loosePlugs = 0
    package var launchSecurity: String?
    package var tpm: TPM?
    package var firmware: Firmware?
    /// In Hz, when the definition fixes it.
    package var timeStampFrequency: UInt64?
    package var hasInvariantTimeStamps = false
    /// Addresses that a graphics server must listen on.
    package var listenAddresses: [String] = []
    package var secrets: [SecretNeed] = []
    package var snapshots: [Snapshot] = []
    package var checkpoints = 0
    package var redirectedDevices = 0
    package var agent: Agent = .none

    package init() {}

    /// Whether the guest agent can be talked to.
    package enum Agent: String, Sendable, Hashable, Codable {
        /// No channel for one.
        case none
        case connected, disconnected
    }

    /// A device of the host that the guest owns.
    package struct HostDevice: Sendable, Hashable, Codable {
        package enum Kind: String, Sendable, Hashable, Codable {
            case usb, pci, scsi, mdev, vdpa, evdev, other
            /// A PCI function behind an `<interface>`.
            case sriov
        }
        package let kind: Kind
        /// Such as `0000:3b:02.1`.
        package let address: String
        /// The transient half of a `<teaming>` pair: libvirt takes it out before the move.
        package let isTeamedTransient: Bool
        /// libvirt's name of it in the running guest: `hostdev0`.
        package let alias: String?

        package init(kind: Kind, address: String, isTeamedTransient: Bool = false, alias: String? = nil) {
            self.kind = kind
            self.address = address
            self.isTeamedTransient = isTeamedTransient
            self.alias = alias
        }
    }

    /// A device that may leave the guest for a move: its owner says so in the definition's `<metadata>`.
    package struct Release: Sendable, Hashable, Codable {
        /// libvirt's name of it in the running guest: `hostdev0`.
        package let alias: String
        /// For people: its address on the host, else its alias.
        package let name: String
        /// What other hosts have in its place, by the inventory's names; any other gets the same element.
        package let replacements: [String: CarriedDevice.Replacement]

        package init(alias: String, name: String, replacements: [String: CarriedDevice.Replacement] = [:]) {
            self.alias = alias
            self.name = name
            self.replacements = replacements
        }

        /// As it leaves for a host.
        package func carried(to host: String) -> CarriedDevice {
            CarriedDevice(alias: alias, name: name, replacement: replacements[host] ?? .same)
        }
    }

    /// What libvirt knows of a snapshot.
    package struct Snapshot: Sendable, Hashable, Codable {
        package let name: String
        package let parent: String?
        package let isCurrent: Bool
        /// Files of its own: a disk's image that came to be with it, or its memory. What is inside an image has none.
        package let files: [String]

        package init(name: String, parent: String? = nil, isCurrent: Bool = false, files: [String] = []) {
            self.name = name
            self.parent = parent
            self.isCurrent = isCurrent
            self.files = files
        }
    }

    /// A directory of the host that the guest sees.
    package struct FileSystem: Sendable, Hashable, Codable {
        /// `virtiofs`, `path` (9p) …
        package let driver: String
        package let source: String
        package let target: String

        package init(driver: String, source: String, target: String) {
            self.driver = driver
            self.source = source
            self.target = target
        }
    }

    /// Memory shared with other programs of the host.
    package struct SharedMemory: Sendable, Hashable, Codable {
        package let name: String
        /// Only a master takes the content along.
        package let isMaster: Bool

        package init(name: String, isMaster: Bool) {
            self.name = name
            self.isMaster = isMaster
        }
    }

    /// A path that the destination must have.
    package struct PathNeed: Sendable, Hashable, Codable {
        package enum Kind: String, Sendable, Hashable, Codable {
            /// QEMU creates the file; its directory must be there.
            case createdFile = "created-file"
            /// It must be there already.
            case existing
        }
        package let path: String
        package let kind: Kind
        /// What it is for: `serial 0`, `firmware`.
        package let use: String

        package init(path: String, kind: Kind, use: String) {
            self.path = path
            self.kind = kind
            self.use = use
        }
    }

    /// Huge pages that back the guest's memory.
    package struct HugePages: Sendable, Hashable, Codable {
        /// `nil` is the host's default size.
        package let size: ByteCount?
        package let memory: ByteCount

        package init(size: ByteCount?, memory: ByteCount) {
            self.size = size
            self.memory = memory
        }
    }

    package enum TPM: Sendable, Hashable, Codable {
        case emulator(version: String?)
        case passthrough(String)
        case other(String)
    }

    package struct Firmware: Sendable, Hashable, Codable {
        package let loader: String?
        package let variables: String?
        package let template: String?

        package init(loader: String?, variables: String?, template: String?) {
            self.loader = loader
            self.variables = variables
            self.template = template
        }
    }

    /// A secret of libvirt's that the guest cannot run without.
    package struct SecretNeed: Sendable, Hashable, Codable {
        /// Its UUID or usage.
        package let reference: String
        /// What it opens: `disk vda`, `TPM`.
        package let use: String

        package init(reference: String, use: String) {
            self.reference = reference
            self.use = use
        }
    }
}

/// An interface of a guest and what it is plugged into.
package struct InterfaceFacts: Sendable, Hashable, Codable {
    package enum Connection: Sendable, Hashable, Codable {
        case bridge(String)
        case openVSwitch(String)
        case network(String)
        case macvtap(String)
        case vhostUser(String)
        /// Needs nothing of the host: user-mode networking, or a tap that somebody else plugs in.
        case none
        case other(String)
    }

    /// The MAC address, or the number where there is none.
    package let name: String
    package let connection: Connection
    /// The port group of a network, where one is named.
    package let portGroup: String?

    package init(name: String, connection: Connection, portGroup: String? = nil) {
        self.name = name
        self.connection = connection
        self.portGroup = portGroup
    }
}
