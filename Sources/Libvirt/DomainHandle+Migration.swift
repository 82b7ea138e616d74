internal import CLibvirt

/// How a migration is carried out. Source: `virDomainMigrateFlags`.
package struct MigrationFlags: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    private init(_ flag: virDomainMigrateFlags) { rawValue = flag.rawValue }

    /// The guest runs on while its memory is copied.
    package static let live = MigrationFlags(VIR_MIGRATE_LIVE)
    /// The source daemon talks to the destination daemon itself; the move survives its client.
    package static let peerToPeer = MigrationFlags(VIR_MIGRATE_PEER2PEER)
    package static let persistDestination = MigrationFlags(VIR_MIGRATE_PERSIST_DEST)
    package static let undefineSource = MigrationFlags(VIR_MIGRATE_UNDEFINE_SOURCE)
    /// The guest's configuration cannot be changed meanwhile.
    package static let changeProtection = MigrationFlags(VIR_MIGRATE_CHANGE_PROTECTION)
    /// A disk error while copying ends the migration, not the guest.
    package static let abortOnError = MigrationFlags(VIR_MIGRATE_ABORT_ON_ERROR)
    /// The guest is left paused on the destination.
    package static let paused = MigrationFlags(VIR_MIGRATE_PAUSED)
    /// libvirt's own refusal over caches and storage is overruled.
    package static let unsafe = MigrationFlags(VIR_MIGRATE_UNSAFE)
    /// Memory is compressed by the methods of the parameters.
    package static let compressed = MigrationFlags(VIR_MIGRATE_COMPRESSED)
    /// The guest's processors are slowed down until the copy converges.
    package static let autoConverge = MigrationFlags(VIR_MIGRATE_AUTO_CONVERGE)
    /// Takes a post-copy up again whose connection broke; with `.postcopy` and the flags of the broken
    /// migration. Since libvirt 8.5.0.
    package static let postCopyResume = MigrationFlags(VIR_MIGRATE_POSTCOPY_RESUME)
    /// Post-copy is prepared; `startPostCopy` switches. Never with `.parallel`: libvirt 9.0.0 accepts the
    /// pair and QEMU 7.2 loses the guest at the switch.
    package static let postcopy = MigrationFlags(VIR_MIGRATE_POSTCOPY)
    /// The memory stream is encrypted, with the certificates of qemu.conf.
    package static let tls = MigrationFlags(VIR_MIGRATE_TLS)
    /// Memory goes over several connections at once (multifd).
    package static let parallel = MigrationFlags(VIR_MIGRATE_PARALLEL)
    /// The disks of `migratedDisks` are copied along, each with all images below it in one.
    package static let nonSharedDisk = MigrationFlags(VIR_MIGRATE_NON_SHARED_DISK)
    /// Likewise, without the images below: the destination has them. Never with `.nonSharedDisk`.
    package static let nonSharedIncrement = MigrationFlags(VIR_MIGRATE_NON_SHARED_INC)
    /// A write to a disk that is copied waits until both hosts have it. Since libvirt 8.0.0.
    package static let synchronousWrites = MigrationFlags(VIR_MIGRATE_NON_SHARED_SYNCHRONOUS_WRITES)
}

/// What a migration is given besides its flags.
///
/// Names that came after libvirt 9.0.0 are written as their documented strings, so that this compiles with
/// older headers; whether a daemon knows one is for the caller to ask.
package struct MigrationParameters: Sendable, Equatable {
    /// Where the destination listens for the memory stream (`tcp://192.0.2.12`).
    package var migrationURI: String?
    /// Where the destination listens for the disks that are copied (`unix:///run/x.sock`); `nil` is as for memory. Since
    /// libvirt 6.8.0.
    package var disksURI: String?
    package var destinationXML: String?
    /// The definition that stays there, with `.persistDestination`; `nil` is the source's.
    package var persistentXML: String?
    /// Targets of the disks that are copied (`vda`); none is libvirt's choice: those on storage that it does not
    /// know as shared.
    package var migratedDisks: [String] = []
    /// MiB/s, as libvirt counts; 0 or `nil` is no limit.
    package var bandwidthMebibytesPerSecond: UInt64?
    /// MiB/s after the switch to post-copy; 0 or `nil` is no limit.
    package var postcopyBandwidthMebibytesPerSecond: UInt64?
    /// How many connections `.parallel` opens; `nil` is QEMU's choice (2).
    package var parallelConnections: Int32?
    /// By how many per cent `.autoConverge` slows the guest down at first, 1 to 99; `nil` is QEMU's choice.
    package var autoConvergeInitialPercent: Int32?
    /// By how many per cent more each time that it was not enough.
    package var autoConvergeIncrementPercent: Int32?
    /// What `.compressed` uses, such as `xbzrle`; empty is the daemon's choice.
    package var compressionMethods: [String]
    /// Memory that xbzrle keeps of earlier pages, in bytes; QEMU rounds down to a power of two.
    package var xbzrleCacheBytes: UInt64?
    /// The name that the destination's certificate has to bear, for `.tls`; `nil` is the host of
    /// `migrationURI`, or of the name that the destination gives itself. Since libvirt 6.0.0.
    package var tlsDestination: String?

    package init(
        migrationURI: String? = nil, destinationXML: String? = nil,
        bandwidthMebibytesPerSecond: UInt64? = nil, postcopyBandwidthMebibytesPerSecond: UInt64? = nil,
        parallelConnections: Int32? = nil, autoConvergeInitialPercent: Int32? = nil,
        autoConvergeIncrementPercent: Int32? = nil, compressionMethods: [String] = [],
        xbzrleCacheBytes: UInt64? = nil, tlsDestination: String? = nil
    ) {
        self.migrationURI = migrationURI
        self.destinationXML = destinationXML
        self.bandwidthMebibytesPerSecond = bandwidthMebibytesPerSecond
        self.postcopyBandwidthMebibytesPerSecond = postcopyBandwidthMebibytesPerSecond
        self.parallelConnections = parallelConnections
        self.autoConvergeInitialPercent = autoConvergeInitialPercent
        self.autoConvergeIncrementPercent = autoConvergeIncrementPercent
        self.compressionMethods = compressionMethods
        self.xbzrleCacheBytes = xbzrleCacheBytes
        self.tlsDestination = tlsDestination
    }

    func typed() throws(LibvirtError) -> TypedParameters {
        var parameters = TypedParameters()
        let texts = [
            (VIR_MIGRATE_PARAM_URI, migrationURI), (VIR_MIGRATE_PARAM_DEST_XML, destinationXML),
            (VIR_MIGRATE_PARAM_PERSIST_XML, persistentXML),
            (VIR_MIGRATE_PARAM_TLS_DESTINATION, tlsDestination), (VIR_MIGRATE_PARAM_DISKS_URI, disksURI),
        ]
        for case (let name, let text?) in texts { try parameters.add(name, .string(text)) }
        let sizes = [
            (VIR_MIGRATE_PARAM_BANDWIDTH, bandwidthMebibytesPerSecond),
            (VIR_MIGRATE_PARAM_BANDWIDTH_POSTCOPY, postcopyBandwidthMebibytesPerSecond),
            (VIR_MIGRATE_PARAM_COMPRESSION_XBZRLE_CACHE, xbzrleCacheBytes),
        ]
        for case (let name, let size?) in sizes { try parameters.add(name, .uint64(size)) }
        let counts = [
            (VIR_MIGRATE_PARAM_PARALLEL_CONNECTIONS, parallelConnections),
            (VIR_MIGRATE_PARAM_AUTO_CONVERGE_INITIAL, autoConvergeInitialPercent),
            (VIR_MIGRATE_PARAM_AUTO_CONVERGE_INCREMENT, autoConvergeIncrementPercent),
        ]
        for case (let name, let count?) in counts { try parameters.add(name, .int(count)) }
        // libvirt takes the name once for each method.
        for method in compressionMethods {
            try parameters.add(VIR_MIGRATE_PARAM_COMPRESSION, .string(method))
        }
        for disk in migratedDisks { try parameters.add(VIR_MIGRATE_PARAM_MIGRATE_DISKS, .string(disk)) }
        return parameters
    }
}

extension DomainHandle {
    /// Migrates peer to peer: the source daemon drives, and goes on when this process dies.
    ///
    /// Blocks until the move has ended. Source: `virDomainMigrateToURI3`.
    ///
    /// - Parameters:
    ///   - destination: the destination's libvirt URI as the *source host* reaches it.
    ///   - flags: how it is carried out; `.peerToPeer` is added.
    ///   - parameters: what it is given besides the flags.
    /// - Throws: `LibvirtError` when a parameter is refused or the call failed.
    package borrowing func migrate(
        toURI destination: String, flags: MigrationFlags, parameters: MigrationParameters
    ) throws(LibvirtError) {
        let typed = try parameters.typed()
        let flags = flags.union(.peerToPeer).rawValue
        try check(
            "migrate the guest",
            unsafe virDomainMigrateToURI3(raw, destination, typed.raw, UInt32(typed.count), flags))
    }

    /// Migrates with this process between the two daemons: for hosts that cannot reach each other's libvirt.
    ///
    /// Blocks until the move has ended; when this process dies, the source daemon cancels the move.
    /// Source: `virDomainMigrate3`.
    package borrowing func migrate(
        to destination: Connection, flags: MigrationFlags, parameters: MigrationParameters
    ) throws(LibvirtError) {
        let typed = try parameters.typed()
        let arrived = unsafe virDomainMigrate3(
            raw, destination.handle.raw, typed.raw, UInt32(typed.count),
            flags.subtracting(.peerToPeer).rawValue)
        guard let arrived = unsafe arrived else { throw .last("migrate the guest") }
        unsafe virDomainFree(arrived)
    }

    /// Switches a running `.postcopy` migration over: the guest runs on at the destination and the rest of
    /// its memory is pulled. There is no way back. Source: `virDomainMigrateStartPostCopy`.
    ///
    /// - Throws: `LibvirtError`, with `.operationInvalid` where no such migration runs, `.noSupport`.
    package borrowing func startPostCopy() throws(LibvirtError) {
        try check("switch the migration to post-copy", unsafe virDomainMigrateStartPostCopy(raw, 0))
    }

    /// The longest stop that the switchover may take, also for a job that runs already.
    package borrowing func setMaxDowntime(_ limit: Duration) throws(LibvirtError) {
        try check(
            "set the downtime limit", unsafe virDomainMigrateSetMaxDowntime(raw, limit.wholeMilliseconds, 0))
    }

    package borrowing func maxDowntime() throws(LibvirtError) -> Duration {
        var milliseconds: UInt64 = 0
        try check("read the downtime limit", unsafe virDomainMigrateGetMaxDowntime(raw, &milliseconds, 0))
        return .milliseconds(Int64(clamping: milliseconds))
    }

    /// Limits the memory stream, also of a job that runs already.
    ///
    /// Source: `virDomainMigrateSetMaxSpeed`, with `VIR_DOMAIN_MIGRATE_MAX_SPEED_POSTCOPY` (since 5.1.0).
    ///
    /// - Parameters:
    ///   - speed: in MiB/s, as libvirt counts. No limit is 0 in post-copy and `unlimitedBandwidth` before.
    ///   - postCopy: whether the limit for what is pulled after the switch is meant; pages that the guest
    ///     waits for are not held to it.
    /// - Throws: `LibvirtError`, with `.operationInvalid` for a guest that does not run,
    ///   `.argumentUnsupported` where QEMU has no such limit, `.noSupport`.
    package borrowing func setMaxBandwidth(
        mebibytesPerSecond speed: UInt64, postCopy: Bool = false
    ) throws(LibvirtError) {
        try check(
            postCopy ? "set the bandwidth of post-copy" : "set the migration bandwidth",
            unsafe virDomainMigrateSetMaxSpeed(raw, CUnsignedLong(speed), Self.speedFlags(postCopy)))
    }

    /// The limit of the memory stream in MiB/s, as libvirt counts. Source: `virDomainMigrateGetMaxSpeed`.
    ///
    /// - Parameter postCopy: whether the limit after the switch is meant; libvirt reads that one only from a
    ///   guest that runs. There, 0 is no limit.
    /// - Returns: the limit; before one was ever set, libvirt's own, which nothing reaches.
    /// - Throws: `LibvirtError`, with `.operationInvalid`, `.noSupport`.
    package borrowing func maxBandwidthMebibytesPerSecond(postCopy: Bool = false) throws(LibvirtError)
        -> UInt64
    {
        var speed: CUnsignedLong = 0
        try check(
            postCopy ? "read the bandwidth of post-copy" : "read the migration bandwidth",
            unsafe virDomainMigrateGetMaxSpeed(raw, &speed, Self.speedFlags(postCopy)))
        return UInt64(speed)
    }

    /// The most MiB/s that libvirt takes for pre-copy, and what it answers where no limit was set: no limit.
    /// Source: `QEMU_DOMAIN_MIG_BANDWIDTH_MAX`, the largest signed number of bytes.
    package static let unlimitedBandwidth = UInt64(Int64.max) >> 20

    private static func speedFlags(_ postCopy: Bool) -> UInt32 {
        postCopy ? VIR_DOMAIN_MIGRATE_MAX_SPEED_POSTCOPY.rawValue : 0
    }
}

extension Duration {
    /// Rounded to whole milliseconds, never below 1 for a positive span: libvirt refuses a zero limit.
    ///
    /// A negative span is 0; one that is longer than `.milliseconds(.max)` is that.
    var wholeMilliseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        guard seconds < Int64.max / 1000 else { return UInt64(Int64.max) }
        let milliseconds =
            UInt64(seconds) * 1000 + UInt64((attoseconds + 500_000_000_000_000) / 1_000_000_000_000_000)
        return self > .zero ? max(milliseconds, 1) : milliseconds
    }
}
