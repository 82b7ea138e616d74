/// Something that a run is about to change on a host and may have to put back, noted before it is changed.
package struct UndoRecord: Sendable, Hashable, Codable {
    /// What is to be put back.
    package enum Trace: Sendable, Hashable, Codable {
        /// A volume of a storage pool, by its path: the pool may be gone before it.
        case volume(pool: String, path: String)
        /// A storage pool that lives until it is destroyed.
        case transientPool(name: String)
        /// A file, by its path on the host.
        case file(String)
        /// A file that arrives, by the place on the host that it goes to; it lies beside that until all have arrived. And
        /// whether it replaces one.
        case arriving(String, replaces: Bool)
        /// The files of a guest that does not run had all arrived, and looked like this on both hosts, a line each: one that
        /// looks otherwise was written to since, or is another.
        case sealed(source: String, destination: String)
        /// A relay of the source's that carries the move's connections.
        case relay(RelayPlan)
        /// The guest ran before it was saved for its move.
        case saved(guest: String)
        /// The guest had this downtime limit before.
        case downtimeLimit(guest: String, Duration)
        /// The guest had these snapshots, parents first.
        case snapshots(guest: String, [CarriedSnapshot], SnapshotsFate)
        /// The guest had this device.
        case device(guest: String, CarriedDevice)
        /// The guest's moves were held to this before; `nil` is no limit.
        case bandwidth(guest: String, ByteRate?)
    }

    /// Who the change belongs to, and so who puts it back.
    package enum Purpose: String, Sendable, Hashable, Codable {
        /// A check's probe: the next run that finds it removes it.
        case probe
        /// A move's: the move itself, or `apus repair`, and nobody else. libvirt may still be using it though the
        /// process that made it is gone. When the guest has arrived it is not put back, but forgotten.
        case move
    }

    package let id: String
    /// The run that changed it; for a move, the move's id.
    package let run: String
    package let purpose: Purpose
    /// The inventory's name of the host.
    package let host: String
    /// How the host's libvirt was reached.
    package let uri: String
    package let trace: Trace
    package let owner: ProcessMark

    package init(
        id: String, run: String, purpose: Purpose = .probe, host: String, uri: String, trace: Trace,
        owner: ProcessMark
    ) {
        self.id = id
        self.run = run
        self.purpose = purpose
        self.host = host
        self.uri = uri
        self.trace = trace
        self.owner = owner
    }
}

/// A process of this machine that is not mistaken for a later one with the same number.
package struct ProcessMark: Sendable, Hashable, Codable {
    package let pid: Int32
    /// Start time in clock ticks after boot. Source: proc(5), field 22 of `/proc/PID/stat`.
    package let started: UInt64
    /// The kernel's id of this boot. Source: `/proc/sys/kernel/random/boot_id`.
    package let boot: String

    package init(pid: Int32, started: UInt64, boot: String) {
        self.pid = pid
        self.started = started
        self.boot = boot
    }
}
