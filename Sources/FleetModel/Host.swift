/// A host as the inventory describes it.
package struct Host: Sendable, Hashable, Codable {
    /// What people and other parts of the inventory call it.
    package let name: String
    /// How this machine reaches the host's libvirt.
    package let uri: String
    /// How other hosts reach it; `nil` when nothing says so.
    package let peerURI: String?
    /// Where memory and disks flow.
    package let migrationAddress: String?
    /// How a command is run there: the words put in front of it; empty is "on this machine", `nil` is "no
    /// way".
    package let remoteShell: [String]?
    /// How a command is run there from another host of the inventory; `nil` is "no way".
    package let peerShell: [String]?
    /// What apus is called there.
    package let apus: String
    /// How files get there.
    package let transport: Transport

    package enum Transport: String, Sendable, Hashable, Codable, CaseIterable {
        /// Through `peerShell`: encrypted and authenticated by it.
        case shell
        /// Over a TCP connection to the migration address, agreed on over `peerShell`: for a network that is trusted.
        case tcp
    }
    package let maxIncoming: Int
    package let maxOutgoing: Int
    /// The name that its certificate has to bear when an encrypted guest arrives; `nil` is the migration address.
    package let tlsName: String?

    package init(
        name: String, uri: String, peerURI: String? = nil, migrationAddress: String? = nil,
        remoteShell: [String]? = nil, peerShell: [String]? = nil, apus: String = "apus",
        transport: Transport = .shell,
        maxIncoming: Int = 2,
        maxOutgoing: Int = 2, tlsName: String? = nil
    ) {
        self.name = name
        self.uri = uri
        self.peerURI = peerURI
        self.migrationAddress = migrationAddress
        self.remoteShell = remoteShell
        self.peerShell = peerShell
        self.apus = apus
        self.transport = transport
        self.maxIncoming = maxIncoming
        self.maxOutgoing = maxOutgoing
        self.tlsName = tlsName
    }
}

/// What a host's libvirt says about the host.
package struct HostFacts: Sendable, Hashable, Codable {
    package let host: Host
    /// libvirt's own identity of the host; two names with the same UUID are one host.
    package let uuid: String?
    package let libvirtVersion: SoftwareVersion
    package let hypervisorVersion: SoftwareVersion
    package let processors: Int
    package let memory: ByteCount
    package let freeMemory: ByteCount?
    /// What only a check asks.
    package var details: HostDetails

    package init(
        host: Host, uuid: String?, libvirtVersion: SoftwareVersion,
        hypervisorVersion: SoftwareVersion, processors: Int, memory: ByteCount, freeMemory: ByteCount?,
        details: HostDetails = HostDetails()
    ) {
        self.host = host
        self.uuid = uuid
        self.libvirtVersion = libvirtVersion
        self.hypervisorVersion = hypervisorVersion
        self.processors = processors
        self.memory = memory
        self.freeMemory = freeMemory
        self.details = details
    }
}

/// A version of libvirt or QEMU.
package struct SoftwareVersion: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    package let major: UInt64
    package let minor: UInt64
    package let release: UInt64

    package init(_ major: UInt64, _ minor: UInt64, _ release: UInt64) {
        self.major = major
        self.minor = minor
        self.release = release
    }

    /// Of a program that the host does not have.
    package static let none = SoftwareVersion(0, 0, 0)

    package var description: String { self == .none ? "none" : "\(major).\(minor).\(release)" }

    package static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor, left.release) < (right.major, right.minor, right.release)
    }
}
