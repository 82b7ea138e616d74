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
        memory = Self.socket("m", of: guest)
        disks = copiesDisks ? Self.socket("d", of: guest) : nil
    }

    package var sockets: [String] { [memory] + (disks.map { [$0] } ?? []) }

    /// Where the sockets lie, on both hosts.
    ///
    /// AppArmor lets a guest's QEMU make `/run/libvirt/**/*.tunnelmigrate.dest.NAME`. Source: libvirt's
    /// virt-aa-helper.c.
    package static let place = "/run/libvirt/qemu/apus"

    private static func socket(_ kind: String, of guest: GuestIdentity) -> String {
        fits(guest) ? "\(place)/\(kind).tunnelmigrate.dest.\(guest.name)" : "\(place)/\(guest.uuid).\(kind)"
    }

    /// Whether the guest's name fits into sockets that AppArmor lets its QEMU make: a socket's path has at most 107
    /// bytes (unix(7)), and libvirt takes it as a part of a URI.
    package static func fits(_ guest: GuestIdentity) -> Bool {
        "\(place)/m.tunnelmigrate.dest.\(guest.name)".utf8.count <= 107
            && guest.name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                    UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
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
    /// Where it is quicker.
    case auto
    case always
    case never
}

/// What a relay makes of a guest's bytes.
package struct RelayRate: Sendable, Hashable, Codable {
    /// Of a byte of QEMU's, what crosses the wire (0…1).
    package let ratio: Double
    /// QEMU's bytes a second that both ends can work on.
    package let most: ByteRate

    /// What is no share counts as 1.
    package init(ratio: Double, most: ByteRate) {
        self.ratio = ratio > 0 && ratio <= 1 ? ratio : 1
        self.most = most
    }
}

/// Some of a guest's memory, compressed to see what it shrinks to.
package struct MemorySample: Sendable, Hashable, Codable {
    /// Without pages of zeros, which QEMU does not send.
    package let content: ByteCount
    package let compressed: ByteCount
    /// How much one processor compressed in a second.
    package let rate: ByteRate

    package init(content: ByteCount, compressed: ByteCount, rate: ByteRate) {
        self.content = content
        self.compressed = compressed
        self.rate = rate
    }

    /// What is left of a byte; 1 where there was nothing to compress.
    package var ratio: Double {
        content.bytes > 0 ? min(1, Double(compressed.bytes) / Double(content.bytes)) : 1
    }
}
