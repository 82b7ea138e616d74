/// A failure that reaches a person: what happened, during what, and what to do.
package struct ApusError: Error, Sendable {
    /// Stable names, listed with an example each in docs/codes.md; also the `code` in JSON.
    package enum Code: String, Sendable, CaseIterable {
        case abortRefused = "abort-refused"
        case blocked
        case connectionLost = "connection-lost"
        case didNotConverge = "did-not-converge"
        case diskCopyFailed = "disk-copy-failed"
        case documentInvalid = "document-invalid"
        case guestAmbiguous = "guest-ambiguous"
        case guestBusy = "guest-busy"
        case guestUnreadable = "guest-unreadable"
        case hostUnreachable = "host-unreachable"
        case imageExists = "image-exists"
        case imageInUse = "image-in-use"
        case interrupted
        case inventoryInvalid = "inventory-invalid"
        case inventoryUnreadable = "inventory-unreadable"
        case journalBusy = "journal-busy"
        case journalDamaged = "journal-damaged"
        case journalNewer = "journal-newer"
        case journalUnwritable = "journal-unwritable"
        case libvirtFailed = "libvirt-failed"
        case migrationAborted = "migration-aborted"
        case migrationFailed = "migration-failed"
        case permissionDenied = "permission-denied"
        case planOutdated = "plan-outdated"
        case planRefused = "plan-refused"
        case policyInvalid = "policy-invalid"
        case postCopyBroken = "postcopy-broken"
        case remoteShellFailed = "remote-shell-failed"
        case repairIncomplete = "repair-incomplete"
        case sameHost = "same-host"
        case slotTaken = "slot-taken"
        case stateNotKnown = "state-not-known"
        case timedOut = "timed-out"
        case transferFailed = "transfer-failed"
        case unknownGuest = "unknown-guest"
        case unknownHost = "unknown-host"
        case unknownMove = "unknown-move"
        case usage
    }

    package let code: Code
    /// What was being done, in words that fit behind "could not".
    package let operation: String
    /// What went wrong, naming the guest and the host.
    package let detail: String
    /// What to do; `nil` only where there is nothing to say that the detail does not.
    package let hint: String?
    /// The findings that blocked the move, worst first; empty for every other code.
    package let findings: [Finding]
    /// What another module reported.
    package let underlying: (any Error & Sendable)?

    package init(
        _ code: Code, _ operation: String, _ detail: String, hint: String?, findings: [Finding] = [],
        underlying: (any Error & Sendable)? = nil
    ) {
        self.code = code
        self.operation = operation
        self.detail = detail
        self.hint = hint
        self.findings = findings
        self.underlying = underlying
    }
}
