/// Something that a run is about to create on a host and has to take away again, noted before it is created.
package struct UndoRecord: Sendable, Hashable, Codable {
    /// What is there to be removed.
    package enum Trace: Sendable, Hashable, Codable {
        /// A volume of a storage pool, by its path: the pool may be gone before it.
        case volume(pool: String, path: String)
        /// A storage pool that lives until it is destroyed.
        case transientPool(name: String)
        /// A file, by its path on the host.
        case file(String)
    }

    package let id: String
    /// The run that created it.
    package let run: String
    /// The inventory's name of the host.
    package let host: String
    /// How the host's libvirt was reached.
    package let uri: String
    package let trace: Trace
    package let owner: ProcessMark

    package init(id: String, run: String, host: String, uri: String, trace: Trace, owner: ProcessMark) {
        self.id = id
        self.run = run
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
