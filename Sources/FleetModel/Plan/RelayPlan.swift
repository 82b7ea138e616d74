/// A pair of Apus processes that carry QEMU's connections of one move, compressed.
package struct RelayPlan: Sendable, Hashable, Codable {
    /// What the source keeps of it while it lives: its process, its log, what it carried.
    package let directory: String
    /// Where QEMU's memory stream goes in on the source and comes out on the destination: the path is the same on both.
    package let memory: String
    /// The same for the disks that are copied along; `nil` where none are.
    package let disks: String?

    /// - Parameters:
    ///   - guest: whose move it is: a guest has one at a time.
    ///   - copiesDisks: whether disks are copied along.
    package init(of guest: GuestIdentity, copiesDisks: Bool) {
        directory = "/run/apus-relay-\(guest.uuid)"
        // Where libvirt's own sockets lie: QEMU may make its own there, whoever it runs as.
        memory = "/var/lib/libvirt/qemu/apus-\(guest.uuid).memory"
        disks = copiesDisks ? "/var/lib/libvirt/qemu/apus-\(guest.uuid).disks" : nil
    }

    package var sockets: [String] { [memory] + (disks.map { [$0] } ?? []) }
}

/// What a relay carried: what QEMU gave it, and what of that crossed the wire, both ways together.
package struct RelayedBytes: Sendable, Hashable {
    package let content: ByteCount
    package let wire: ByteCount

    package init(content: ByteCount, wire: ByteCount) {
        self.content = content
        self.wire = wire
    }
}

/// Whether a move's memory and disks go through a relay.
package enum Relaying: String, Sendable, Hashable, Codable, CaseIterable {
    case always
    case never
}
