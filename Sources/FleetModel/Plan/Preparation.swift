/// Something that has to be changed on a host before a move's transfer begins.
///
/// The engine notes `trace` in the journal before it does the work, and puts it back when the move fails.
package struct Preparation: Sendable, Hashable, Codable {
    package enum Work: Sendable, Hashable, Codable {
        /// An empty image on the destination, for a disk that is copied.
        case createImage(ImageOrder)
        /// libvirt forgets the guest's snapshots, whose data stays in its disks: it moves no guest that has any.
        case forgetSnapshots
        /// The relay that carries its connections.
        case startRelay(RelayPlan)
        /// The guest lets go of a device.
        case unplug(alias: String)
    }

    package let side: Side
    package let work: Work
    /// Of snapshots and devices only an outline in a plan: the rest is read when the move begins.
    package let trace: UndoRecord.Trace

    package init(_ work: Work, on side: Side, undoneBy trace: UndoRecord.Trace) {
        self.side = side
        self.work = work
        self.trace = trace
    }
}

/// Something that is left to do when the guest has arrived; never before both hosts said so.
///
/// The engine carries it out, or `apus repair` where the engine's process was killed: a plan holds all that it takes.
package enum Conclusion: Sendable, Hashable, Codable {
    /// The guest's clock stood still while the guest did, and had been like this.
    case setClock(GuestClockReading)
    /// The destination starts the guest when it starts itself, as the source did.
    case autostart
    /// What has to be the same behind the move is compared.
    case compareMetadata(live: String?, definition: String?)
    /// The relay ends with the connections that it carries; what it carried is told.
    case endRelay(RelayPlan)
    /// The source's copy of a disk that was copied.
    case removeImage(path: String)
    /// An image that was to have all of its room from the start: QEMU gives back what it copies as zeros.
    case takeRoom(path: String)
    /// The network is seen to have learnt where the guest is.
    case watchAddresses

    /// What happens, in words that fit behind "could not".
    package var operation: String {
        switch self {
        case .setClock: "set its clock"
        case .autostart: "have it start with its host"
        case .compareMetadata: "compare its metadata"
        case .endRelay: "end the relay"
        case .removeImage(let path): "remove \(path) from the source"
        case .takeRoom(let path): "take all of the room of \(path) again"
        case .watchAddresses: "see whether the network has learnt where it is"
        }
    }

    /// Where it happens.
    package var side: Side {
        switch self {
        case .removeImage, .endRelay: .source
        case .setClock, .autostart, .compareMetadata, .takeRoom, .watchAddresses: .destination
        }
    }

    /// Whether it cannot be taken back.
    package var isFinal: Bool {
        switch self {
        case .removeImage: true
        case .setClock, .autostart, .compareMetadata, .takeRoom, .watchAddresses, .endRelay: false
        }
    }
}

/// An image to be created, empty, with the size that the guest sees.
package struct ImageOrder: Sendable, Hashable, Codable {
    package enum Preallocation: String, Sendable, Hashable, Codable { case none, full }

    /// As the guest sees the disk: `vda`.
    package let disk: String
    /// The destination's storage pool that the path lies in; `nil` where none does.
    package let pool: String?
    package let path: String
    /// `raw` or `qcow2`.
    package let format: String
    package let capacity: ByteCount
    package let preallocation: Preallocation
    /// The image below it on the destination, proven to be the same there; `nil` for a flattened copy.
    package let backing: String?
    package let backingFormat: String?

    package init(
        disk: String, pool: String?, path: String, format: String, capacity: ByteCount,
        preallocation: Preallocation = .none, backing: String? = nil, backingFormat: String? = nil
    ) {
        self.disk = disk
        self.pool = pool
        self.path = path
        self.format = format
        self.capacity = capacity
        self.preallocation = preallocation
        self.backing = backing
        self.backingFormat = backingFormat
    }
}
