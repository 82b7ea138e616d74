import FleetModel

/// How a command ended, for scripts. Documented by `apus help exit-status`.
enum ExitStatus: Int32, Error, Sendable, CaseIterable {
    case done = 0
    case failed = 1
    case blocked = 2
    case needsPerson = 3
    case usage = 64
    case interrupted = 130

    /// The status that goes with an error's code.
    init(_ code: ApusError.Code) {
        switch code {
        case .usage, .unknownHost, .sameHost, .inventoryInvalid, .inventoryUnreadable,
            .documentInvalid:
            self = .usage
        case .blocked, .guestAmbiguous, .guestBusy, .slotTaken, .unknownGuest, .unknownMove, .hostUnreachable,
            .permissionDenied,
            .guestUnreadable,
            .planOutdated, .planRefused, .policyInvalid,
            .journalBusy, .journalDamaged, .journalNewer, .journalUnwritable:
            self = .blocked
        case .stateNotKnown, .postCopyBroken, .repairIncomplete:
            self = .needsPerson
        case .interrupted:
            self = .interrupted
        case .abortRefused, .connectionLost, .didNotConverge, .diskCopyFailed, .imageExists, .imageInUse,
            .libvirtFailed, .migrationAborted, .migrationFailed,
            .remoteShellFailed, .timedOut, .transferFailed:
            self = .failed
        }
    }

    /// What it means, for people.
    var meaning: String {
        switch self {
        case .done: "Done, or nothing to do. In JSON, `changed` tells which."
        case .failed: "Failed, timed out or aborted by someone. Every guest is where it was, unharmed."
        case .blocked: "Blocked by a finding, an unknown guest or a host that is down. Nothing was attempted."
        case .needsPerson: "Needs a person: the state is not provably good. The message says what was seen."
        case .usage:
            "Usage: an unknown option, host, inventory key or unit, or --from and --to the same host."
        case .interrupted:
            "INT, TERM or HUP: rolled back. After switchover a signal does not roll back; the move "
                + "is finished and the status is 0."
        }
    }
}
