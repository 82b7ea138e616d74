/// What tells one guest from every other.
package struct GuestIdentity: Sendable, Hashable, Codable, CustomStringConvertible {
    package let name: String
    /// In libvirt's lower-case form with dashes.
    package let uuid: String

    package init(name: String, uuid: String) {
        self.name = name
        self.uuid = uuid
    }

    package var description: String { name }
}

/// A guest as one host sees it.
package struct Guest: Sendable, Hashable, Codable {
    package let identity: GuestIdentity
    /// The inventory's name of the host that was asked.
    package let host: String
    package let state: GuestState
    package let memory: ByteCount
    package let vcpus: Int
    /// Whether a definition stays when the guest stops.
    package let isPersistent: Bool
    /// What libvirt does with the guest at this moment.
    package let activity: GuestActivity?

    package init(
        identity: GuestIdentity, host: String, state: GuestState, memory: ByteCount, vcpus: Int,
        isPersistent: Bool, activity: GuestActivity?
    ) {
        self.identity = identity
        self.host = host
        self.state = state
        self.memory = memory
        self.vcpus = vcpus
        self.isPersistent = isPersistent
        self.activity = activity
    }
}

/// A guest's state and libvirt's reason for it.
package struct GuestState: Sendable, Hashable, Codable, CustomStringConvertible {
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case running, paused, saved, crashed, unknown
        case shutOff = "shut-off"
        case shuttingDown = "shutting-down"
        /// Asleep by the guest's own doing (ACPI S3).
        case suspended = "pm-suspended"
    }

    package let kind: Kind
    /// libvirt's reason in lower case with dashes (`migration`, `postcopy-failed`); `other-N` for one that
    /// this
    /// build has no name for.
    package let reason: String

    package init(_ kind: Kind, reason: String = "unknown") {
        self.kind = kind
        self.reason = reason
    }

    /// Whether a QEMU process holds the guest on this host.
    package var isActive: Bool {
        switch kind {
        case .running, .paused, .shuttingDown, .suspended, .unknown: true
        case .crashed, .saved, .shutOff: false
        }
    }

    package var description: String {
        reason == "unknown" ? kind.rawValue : "\(kind.rawValue) (\(reason))"
    }
}

/// What libvirt does with a guest at this moment.
package enum GuestActivity: String, Sendable, Hashable, Codable {
    case migratingOut = "migrating-out"
    case migratingIn = "migrating-in"
    case saving, restoring, dumping, backup, snapshot, other
}
