/// A failure of a transfer, at this end or told by the other one: what happened, during what, and what to do.
package struct TransferError: Error, Sendable, Equatable {
    /// Stable names; they travel in the error frame (docs/wire.md lists them).
    package enum Code: String, Sendable, CaseIterable {
        case digestMismatch = "digest-mismatch"
        case diskFailed = "disk-failed"
        case fileBusy = "file-busy"
        case fileChanged = "file-changed"
        case fileExists = "file-exists"
        case fileUnsuitable = "file-unsuitable"
        case frameDamaged = "frame-damaged"
        case noSpace = "no-space"
        case outOfMemory = "out-of-memory"
        case pathRefused = "path-refused"
        /// A newer peer failed with a code that this version does not know; the detail begins with it.
        case peerFailed = "peer-failed"
        case peerNotApus = "peer-not-apus"
        case protocolBroken = "protocol-broken"
        case refused
        case streamBroken = "stream-broken"
        case versionMismatch = "version-mismatch"
        case wrongSession = "wrong-session"
    }

    /// Who found it.
    package enum Side: Sendable {
        case here, peer
    }

    package let code: Code
    /// What was being done, in words that fit behind "could not".
    package let operation: String
    package let detail: String
    /// What to do; `nil` only where there is nothing to say that the detail does not.
    package let hint: String?
    package let side: Side

    package init(
        _ code: Code, _ operation: String, _ detail: String, hint: String?, side: Side = .here
    ) {
        self.code = code
        self.operation = operation
        self.detail = detail
        self.hint = hint
        self.side = side
    }
}

extension TransferError {
    /// The peer said something that no Apus says at this point.
    static func protocolBroken(_ detail: String) -> TransferError {
        TransferError(
            .protocolBroken, "follow the transfer", detail,
            hint:
                "Update Apus on both hosts to one version. If it stays, report it: it is a fault of one end.")
    }

    static func frameDamaged(_ detail: String) -> TransferError {
        TransferError(
            .frameDamaged, "read what the other end sent", detail,
            hint: "Run the same command again. If it stays, something between the hosts alters what is sent.")
    }

    static func streamBroken(_ detail: String) -> TransferError {
        TransferError(
            .streamBroken, "transfer", detail,
            hint: "See why the connection or the other end was ended, then run the same command again.")
    }
}
