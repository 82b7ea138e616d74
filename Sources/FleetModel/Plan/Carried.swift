/// A snapshot's record in libvirt, which libvirt itself does not let travel: it is taken from the source before the
/// transfer and made known on the destination afterwards. What it goes back to is in the guest's disks.
package struct CarriedSnapshot: Sendable, Hashable, Codable {
    package let name: String
    /// The snapshot that it was made upon.
    package let parent: String?
    /// Whether what the guest does now is upon this one.
    package let isCurrent: Bool
    /// libvirt's document of it. It holds the guest's passwords, so it is read when the move begins and kept in
    /// the journal alone: `nil` in a plan.
    package let document: String?

    package init(name: String, parent: String?, isCurrent: Bool, document: String? = nil) {
        self.name = name
        self.parent = parent
        self.isCurrent = isCurrent
        self.document = document
    }
}

/// Where snapshots are known when the guest has arrived.
package enum SnapshotsFate: String, Sendable, Hashable, Codable {
    /// On the destination, which has their data.
    case carried
    /// On no host: their data is not on the destination, and the user said that the guest goes without them.
    case givenUp = "given-up"
    /// On the source, which keeps its definition and its disks.
    case kept
}

/// A device that leaves the guest for the time of a move, because its owner says that it may.
package struct CarriedDevice: Sendable, Hashable, Codable {
    /// What the guest has on the destination in its place.
    package enum Replacement: Sendable, Hashable, Codable {
        /// The same element.
        case same
        case element(String)
        case nothing
    }

    /// libvirt's name of it in the running guest: `hostdev0`.
    package let alias: String
    /// For people: its address on the host, else its alias.
    package let name: String
    package let replacement: Replacement
    /// The element, read when the move begins: `nil` in a plan.
    package let element: String?

    package init(alias: String, name: String, replacement: Replacement = .same, element: String? = nil) {
        self.alias = alias
        self.name = name
        self.replacement = replacement
        self.element = element
    }

    /// How long the guest may take to let go of it.
    package static let patience: Duration = .seconds(30)
}

extension Preparation {
    /// The same, with what was read of what is there.
    package func tracing(_ trace: UndoRecord.Trace) -> Preparation {
        Preparation(work, on: side, undoneBy: trace)
    }
}

extension UndoRecord.Trace {
    /// Whether it is the guest's own: it is brought to where the guest arrives, and a move is not over before that.
    package var belongsToGuest: Bool {
        switch self {
        case .snapshots, .device: true
        case .volume, .transientPool, .file, .arriving, .sealed, .saved, .relay, .downtimeLimit, .bandwidth:
            false
        }
    }

    /// What bringing it to the destination does, for people; `nil` where nothing is done.
    package func bringing(to destination: String, from source: String) -> String? {
        switch self {
        case .snapshots(_, let snapshots, .carried): "make \(snapshots.names) known on \(destination)"
        case .snapshots(_, let snapshots, .kept): "make \(snapshots.names) known on \(source) again"
        case .snapshots(_, _, .givenUp): nil
        case .device(_, let device):
            switch device.replacement {
            case .same: "plug \(device.name) in on \(destination)"
            case .element: "plug in what \(destination) has in place of \(device.name)"
            case .nothing: nil
            }
        case .volume, .transientPool, .file, .arriving, .sealed, .saved, .relay, .downtimeLimit, .bandwidth:
            nil
        }
    }

    /// What a person can still do about it when it was given up.
    package var remains: String {
        switch self {
        case .snapshots: "its data is still in the disks, and libvirt knows of it no more"
        case .device(_, let device):
            "plug it in with virsh attach-device from \(device.element ?? "its element")"
        case .volume, .transientPool, .file, .arriving, .sealed, .saved, .relay, .downtimeLimit, .bandwidth:
            "nothing"
        }
    }

    /// For people.
    package var text: String {
        switch self {
        case .volume(_, let path): "volume \(path)"
        case .transientPool(let name): "storage pool \(name)"
        case .file(let path): "file \(path)"
        case .arriving(let path, replaces: _): "what arrived of \(path)"
        case .relay: "the relay"
        case .saved(let guest): "that \(guest) ran before it was saved"
        case .sealed: "how its files looked when all of them had arrived"
        case .downtimeLimit(_, let limit): "the downtime limit of \(limit.text)"
        case .bandwidth(_, let rate): "the bandwidth limit: \(rate.map { "\($0)" } ?? "none")"
        case .snapshots(_, let snapshots, _): snapshots.names
        case .device(_, let device): "the device \(device.name)"
        }
    }
}

extension [CarriedSnapshot] {
    /// For people: `the snapshot before-upgrade`, `the snapshots a, b`.
    package var names: String {
        "the snapshot\(count == 1 ? "" : "s") \(map(\.name).joined(separator: ", "))"
    }
}
