internal import CLibvirt

/// A domain's state with its reason.
///
/// Source: `virDomainGetState`. Reasons are named after the C constant (`VIR_DOMAIN_PAUSED_POSTCOPY_FAILED`
/// is `postcopy-failed`); a reason that this build does not know is `other-N`.
package struct DomainState: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case noState, running, blocked, paused, shuttingDown, shutOff, crashed, suspendedByGuest
        case other(Int)
    }

    package let kind: Kind
    package let reason: String

    init(raw state: CInt, reason: CInt) {
        switch virDomainState(rawValue: UInt32(bitPattern: state)) {
        case VIR_DOMAIN_NOSTATE: kind = .noState
        case VIR_DOMAIN_RUNNING: kind = .running
        case VIR_DOMAIN_BLOCKED: kind = .blocked
        case VIR_DOMAIN_PAUSED: kind = .paused
        case VIR_DOMAIN_SHUTDOWN: kind = .shuttingDown
        case VIR_DOMAIN_SHUTOFF: kind = .shutOff
        case VIR_DOMAIN_CRASHED: kind = .crashed
        case VIR_DOMAIN_PMSUSPENDED: kind = .suspendedByGuest
        default: kind = .other(Int(state))
        }
        let number = UInt32(bitPattern: reason)
        let name =
            switch kind {
            case .running: Self.runningReason(number)
            case .paused: Self.pausedReason(number)
            case .shutOff: Self.shutOffReason(number)
            default: number == 0 ? "unknown" : nil as String?
            }
        self.reason = name ?? "other-\(number)"
    }

    private static func runningReason(_ number: UInt32) -> String? {
        switch virDomainRunningReason(rawValue: number) {
        case VIR_DOMAIN_RUNNING_UNKNOWN: "unknown"
        case VIR_DOMAIN_RUNNING_BOOTED: "booted"
        case VIR_DOMAIN_RUNNING_MIGRATED: "migrated"
        case VIR_DOMAIN_RUNNING_RESTORED: "restored"
        case VIR_DOMAIN_RUNNING_FROM_SNAPSHOT: "from-snapshot"
        case VIR_DOMAIN_RUNNING_UNPAUSED: "unpaused"
        case VIR_DOMAIN_RUNNING_MIGRATION_CANCELED: "migration-canceled"
        case VIR_DOMAIN_RUNNING_SAVE_CANCELED: "save-canceled"
        case VIR_DOMAIN_RUNNING_WAKEUP: "wakeup"
        case VIR_DOMAIN_RUNNING_CRASHED: "crashed"
        case VIR_DOMAIN_RUNNING_POSTCOPY: "postcopy"
        case VIR_DOMAIN_RUNNING_POSTCOPY_FAILED: "postcopy-failed"
        default: nil
        }
    }

    private static func pausedReason(_ number: UInt32) -> String? {
        switch virDomainPausedReason(rawValue: number) {
        case VIR_DOMAIN_PAUSED_UNKNOWN: "unknown"
        case VIR_DOMAIN_PAUSED_USER: "user"
        case VIR_DOMAIN_PAUSED_MIGRATION: "migration"
        case VIR_DOMAIN_PAUSED_SAVE: "save"
        case VIR_DOMAIN_PAUSED_DUMP: "dump"
        case VIR_DOMAIN_PAUSED_IOERROR: "ioerror"
        case VIR_DOMAIN_PAUSED_WATCHDOG: "watchdog"
        case VIR_DOMAIN_PAUSED_FROM_SNAPSHOT: "from-snapshot"
        case VIR_DOMAIN_PAUSED_SHUTTING_DOWN: "shutting-down"
        case VIR_DOMAIN_PAUSED_SNAPSHOT: "snapshot"
        case VIR_DOMAIN_PAUSED_CRASHED: "crashed"
        case VIR_DOMAIN_PAUSED_STARTING_UP: "starting-up"
        case VIR_DOMAIN_PAUSED_POSTCOPY: "postcopy"
        case VIR_DOMAIN_PAUSED_POSTCOPY_FAILED: "postcopy-failed"
        default: number == UInt32(APUS_PAUSED_API_ERROR) ? "api-error" : nil
        }
    }

    private static func shutOffReason(_ number: UInt32) -> String? {
        switch virDomainShutoffReason(rawValue: number) {
        case VIR_DOMAIN_SHUTOFF_UNKNOWN: "unknown"
        case VIR_DOMAIN_SHUTOFF_SHUTDOWN: "shutdown"
        case VIR_DOMAIN_SHUTOFF_DESTROYED: "destroyed"
        case VIR_DOMAIN_SHUTOFF_CRASHED: "crashed"
        case VIR_DOMAIN_SHUTOFF_MIGRATED: "migrated"
        case VIR_DOMAIN_SHUTOFF_SAVED: "saved"
        case VIR_DOMAIN_SHUTOFF_FAILED: "failed"
        case VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT: "from-snapshot"
        case VIR_DOMAIN_SHUTOFF_DAEMON: "daemon"
        default: nil
        }
    }
}
