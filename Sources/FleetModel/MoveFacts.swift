/// All that a decision about one move rests on: plain values, read before anything is touched.
package struct MoveFacts: Sendable, Hashable, Codable {
    /// The guest on its source.
    package let guest: Guest
    package let source: HostFacts
    package let destination: HostFacts
    package let disks: [Disk]
    /// The guest that already bears the name on the destination, if any.
    package let sameName: Guest?
    /// The guest that already bears the UUID on the destination, if any.
    package let sameUUID: Guest?

    package init(
        guest: Guest, source: HostFacts, destination: HostFacts, disks: [Disk], sameName: Guest?,
        sameUUID: Guest?
    ) {
        self.guest = guest
        self.source = source
        self.destination = destination
        self.disks = disks
        self.sameName = sameName
        self.sameUUID = sameUUID
    }
}

/// What the user asked of a move.
package struct MoveRequest: Sendable, Hashable, Codable {
    /// Who talks to the destination's libvirt. Source: libvirt's "Guest migration" page.
    package enum Control: String, Sendable, Hashable, Codable {
        /// The source's libvirt: the move survives this process.
        case peerToPeer = "peer-to-peer"
        /// This process: for hosts that cannot reach each other's libvirt; the move is cancelled when it
        /// dies.
        case direct
    }

    package let control: Control
    /// Whether the source keeps its (then shut-off) definition.
    package let keepDefinition: Bool
    /// `nil` is no limit.
    package let bandwidth: ByteRate?
    /// The longest stop that the switchover may take; `nil` is QEMU's default of 300 ms.
    package let downtimeLimit: Duration?
    /// After this long the move is aborted; `nil` is never.
    package let timeout: Duration?

    package init(
        control: Control = .peerToPeer, keepDefinition: Bool = false, bandwidth: ByteRate? = nil,
        downtimeLimit: Duration? = nil, timeout: Duration? = nil
    ) {
        self.control = control
        self.keepDefinition = keepDefinition
        self.bandwidth = bandwidth
        self.downtimeLimit = downtimeLimit
        self.timeout = timeout
    }
}
