/// One thing that a check found.
package struct Finding: Sendable, Hashable, Codable {
    package enum Severity: String, Sendable, Hashable, Codable, Comparable {
        /// The move would fail or hurt: it is not begun.
        case blocker
        case warning
        case note

        package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
        private var rank: Int {
            switch self {
            case .blocker: 0
            case .warning: 1
            case .note: 2
            }
        }
    }

    /// Stable names, listed with an example each in docs/codes.md.
    package enum Code: String, Sendable, Hashable, Codable, CaseIterable {
        case definitionReplaced = "definition-replaced"
        case diskNotShared = "disk-not-shared"
        case diskStorageNotKnown = "disk-storage-not-known"
        case guestBusy = "guest-busy"
        case guestNameTaken = "guest-name-taken"
        case guestNotActive = "guest-not-active"
        case guestOnTwoHosts = "guest-on-two-hosts"
        case guestUUIDTaken = "guest-uuid-taken"
        case hostUUIDNotKnown = "host-uuid-not-known"
        case libvirtTooOld = "libvirt-too-old"
        case peerURIMissing = "peer-uri-missing"
        case sameHostUUID = "same-host-uuid"
    }

    package let code: Code
    package let severity: Severity
    /// The host that it was seen on.
    package let host: String
    /// What it is about: a guest, a disk, a host.
    package let subject: String
    package let detail: String
    /// What to do.
    package let hint: String

    package init(
        _ code: Code, _ severity: Severity, host: String, subject: String, detail: String, hint: String
    ) {
        self.code = code
        self.severity = severity
        self.host = host
        self.subject = subject
        self.detail = detail
        self.hint = hint
    }
}
