import FoundationEssentials

/// Where QEMU says that a migration stands, in its MIGRATION event; on both hosts.
///
/// Source: `MigrationStatus` in QEMU's QMP reference (`qapi/migration.json`).
enum MigrationStatus: Sendable, Hashable {
    case none, setup
    /// Memory flows while the guest runs on the source.
    case active
    /// The guest stands still on the source; only with QEMU's pause before the switchover.
    case preSwitchover
    /// The guest stands still, the rest and its devices are sent.
    case device
    /// The guest runs on the destination, which pulls what it misses.
    case postCopyActive
    /// The connection of a post-copy is gone; both sides keep what they have.
    case postCopyPaused
    /// A connection of a post-copy is being made anew: from QEMU 9.1 on in two steps.
    case postCopyRecoverSetup
    case postCopyRecover
    case completed, failed, cancelling, cancelled
    case colo
    /// The source waits until a network card of the host's is unplugged.
    case waitingForUnplug
    /// One that this build has no name for.
    case other(String)

    private static let named: [String: MigrationStatus] = [
        "none": .none, "setup": .setup, "active": .active, "pre-switchover": .preSwitchover,
        "device": .device, "postcopy-active": .postCopyActive, "postcopy-paused": .postCopyPaused,
        "postcopy-recover-setup": .postCopyRecoverSetup, "postcopy-recover": .postCopyRecover,
        "completed": .completed, "failed": .failed, "cancelling": .cancelling, "cancelled": .cancelled,
        "colo": .colo, "wait-unplug": .waitingForUnplug,
    ]

    /// The status by QEMU's name for it.
    init(named name: String) {
        self = Self.named[name] ?? .other(name)
    }

    /// Reads what the event carries; `nil` where the object has no status, or is none.
    ///
    /// - Parameter details: the event's `data` as libvirt hands it over: a JSON object.
    init?(event details: String?) {
        guard let details,
            let data = try? JSONDecoder().decode(EventData.self, from: Data(details.utf8))
        else { return nil }
        self.init(named: data.status)
    }

    private struct EventData: Decodable {
        let status: String
    }
}
