package import FleetModel

/// One host: what libvirt and QEMU have there of the guest, and the host's own health.
package struct SimulatedHost: Sendable {
    package internal(set) var isUp = true
    /// Whether libvirt's daemon answers.
    package internal(set) var daemonIsUp = true
    /// Counts the daemon's lives: a thread of an earlier one does nothing any more.
    var daemonLife = 0
    package internal(set) var copy: SimulatedCopy?
    /// Whether a definition stays when the guest stops.
    package internal(set) var isDefined = false
    /// libvirt's reason for the guest's last end there.
    var endReason = "unknown"
    /// Disk images, by their paths.
    package internal(set) var images: Set<String> = []
    /// The guest's snapshots that libvirt knows there.
    package internal(set) var snapshots: Set<String> = []
    /// Images that cannot be created any more: no room.
    var isFull = false
}

/// The guest's QEMU process on one host.
package struct SimulatedCopy: Sendable {
    /// What its memory is worth.
    package enum Memory: Sendable {
        /// It flows in.
        case loading
        /// It is all there.
        case whole
        /// In post-copy: each host has pages that the other lacks.
        case split
        /// The other copy ran on since: letting this one run would be another guest.
        case stale
    }

    /// As libvirt tells it.
    package var state: GuestState
    package var isExecuting: Bool
    package var memory: Memory
    /// QEMU locks the images that it writes to; a second QEMU cannot have a shared one.
    var holdsLocks: Bool
    var downtimeLimit: Duration = .milliseconds(300)
    /// What its moves are held to.
    var bandwidth: ByteRate?
    /// Its processors were stopped by somebody's wish or by an error, and are to stay so.
    var isStoppedForCause = false
    /// Devices that tie it to its host.
    var devices: Set<String> = []
}

/// The guest itself, and the disks that it has.
package struct SimulatedGuest: Sendable {
    package enum Disk: Sendable, CaseIterable {
        case none
        /// Both hosts see the same bytes, and QEMU's locks keep two from writing them.
        case shared
        /// Copied into images of the destination: no lock spans the two.
        case copied
    }

    package var memory: Double
    /// Bytes a second that it writes anew, within its working set.
    package var dirtyRate: Double
    package var workingSet: Double
    package var disk: Disk
    /// Of the disks that are copied, in bytes.
    package var diskBytes: Double
    package var isPersistent: Bool
    package var wasPaused: Bool
    package var snapshots: Set<String> = []
    /// Devices that are to leave it for a move.
    package var devices: Set<String> = []

    package init(
        memory: Double, dirtyRate: Double, workingSet: Double, disk: Disk, diskBytes: Double,
        isPersistent: Bool, wasPaused: Bool
    ) {
        self.memory = memory
        self.dirtyRate = dirtyRate
        self.workingSet = workingSet
        self.disk = disk
        self.diskBytes = diskBytes
        self.isPersistent = isPersistent
        self.wasPaused = wasPaused
    }
}

/// One of each side.
package struct Pair<Value> {
    package var source: Value
    package var destination: Value

    package init(source: Value, destination: Value) {
        self.source = source
        self.destination = destination
    }

    package init(_ value: Value) { self.init(source: value, destination: value) }

    package subscript(side: Side) -> Value {
        get { side == .source ? source : destination }
        set { if side == .source { source = newValue } else { destination = newValue } }
    }
}

extension Pair: Sendable where Value: Sendable {}
