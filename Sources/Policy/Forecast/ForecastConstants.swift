import FleetModel

/// Every number of the forecast that was measured or read rather than derived. docs/forecast.md says how each
/// was measured.
enum ForecastConstants {
    // MARK: QEMU 7.2, from its source

    /// QEMU's `downtime-limit`. Source: `DEFAULT_MIGRATE_SET_DOWNTIME` in migration/migration.c.
    static let downtimeLimit = 0.3
    /// How long QEMU sends before it looks at what is left. Source: `MAX_WAIT` in migration/ram.c.
    static let iteration = 0.05
    /// The same under a bandwidth limit: it sleeps to the end of each window. Source: `BUFFER_DELAY` in
    /// migration/migration.c.
    static let limitedIteration = 0.1
    static let pageSize = 4096.0
    /// A page on the wire: its address and flags go ahead of it. Source: `save_page_header` in
    /// migration/ram.c.
    static let pageOnWire = 4104.0
    /// A page of zeros on the wire: the same header and one byte.
    static let zeroPageOnWire = 9.0
    /// Pages whose checksums `calc-dirty-rate` takes, for each GiB. Source: migration/dirtyrate.h.
    static let sampledPagesPerGibibyte = 512.0
    /// Auto-converge's first throttle, its step and its end, and the share of dirty ÷ sent bytes that calls
    /// for it. Source: `cpu-throttle-initial` and its neighbours in qapi/migration.json.
    static let throttleFirst = 0.2
    static let throttleStep = 0.1
    static let throttleMost = 0.99
    static let throttleTrigger = 0.5
    /// QEMU's xbzrle cache. Source: `DEFAULT_MIGRATE_XBZRLE_CACHE_SIZE` in migration/migration.c.
    static let xbzrleCache = 64.0 * 0x1p20

    // MARK: Measured

    /// From the command to the first byte of memory.
    static let before = 0.38
    /// From the guest's first instruction on the destination to the end of the command: libvirt's clean-up.
    static let after = 0.25
    /// What a switchover costs beyond sending the rest: what still waits in the socket, the state of the
    /// devices, the start on the destination. The first on a quiet host, the last on a busy one.
    static let switchoverQuiet = 0.03
    static let switchover = 0.07
    static let switchoverBusy = 0.16
    /// The same when the memory is pulled afterwards.
    static let postCopySwitchover = 0.08
    /// What the pulling of memory makes of the link, at best, likely and at worst: each missing page costs a
    /// way there and back, beside the pages that are pushed.
    static let pullBest = 1.0
    static let pull = 0.6
    static let pullWorst = 0.35
    /// How far, as a share of the sender's speed, a guest has to stay below it for its writes to fall on
    /// unsent pages as often as chance has it.
    static let closeChase = 0.1
    /// How fast QEMU finds out that memory is zero.
    static let zeroScan = 8.0e9
    /// What one connection carries when the link does not limit it.
    static let streamRate = 1.0e9
    /// A QEMU process's own memory, beside the guest's.
    static let processOverhead = 40.0 * 0x1p20

    /// Starting a relay's two processes, before anything flows.
    static let relayStart = 0.4
    /// What a relay's threads carry in a second at best, whatever they do not have to compress: 0.42 GB/s where both
    /// ends share two processors.
    static let relayStream = 500e6
    /// What ssh encrypts in a second, as it crosses the wire.
    static let shellRate = 300e6

    // MARK: When nothing was measured

    /// Of the shortest sampled period: the share in which a guest that rewrote all its working set within the
    /// period did so.
    static let saturationShare = 0.3

    /// 1 Gbit/s less the headers of Ethernet, IP and TCP.
    static let assumedLink = 117e6
    /// Of a guest about which nothing is known: the share of its memory that it dirties in a second.
    static let assumedDirtyShare = 0.01
    /// Without a timeout convergence is judged over this long, or over so many times what it takes to send
    /// the memory once.
    static let deadline = 60.0
    static let patience = 4.0
}
