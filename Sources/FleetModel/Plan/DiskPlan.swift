/// What the user asked about a guest's disks.
package struct DiskRequest: Sendable, Hashable, Codable {
    package enum Copying: String, Sendable, Hashable, Codable, CaseIterable {
        /// What is not on shared storage is copied while the guest runs.
        case whereNeeded = "where-needed"
        /// A disk that is not on shared storage blocks the move.
        case never
    }

    /// Where one disk is to go.
    package enum Place: Sendable, Hashable, Codable {
        /// A storage pool of the destination; the volume has the source's file name.
        case pool(String)
        /// A path on the destination.
        case path(String)
    }

    package var copying = Copying.whereNeeded
    /// By the disk's target (`vda`).
    package var places: [String: Place] = [:]
    /// Whether the source's images are removed when the guest has arrived.
    package var removesSource = false
    package var preallocation = ImageOrder.Preallocation.none

    package init() {}
}

/// What a move does with one disk.
package struct DiskPlan: Sendable, Hashable, Codable {
    package enum Treatment: Sendable, Hashable, Codable {
        /// Both hosts see the same bytes.
        case shared
        /// Copied into this image; `onlyTop` leaves the images below it out, because the destination has them.
        case copy(ImageOrder, onlyTop: Bool)
        /// Read only, and there is a medium with the same bytes on the destination.
        case medium
    }

    /// As the guest sees it: `vda`.
    package let target: String
    package let treatment: Treatment
    /// A sentence for a person.
    package let reason: String

    package init(target: String, treatment: Treatment, because reason: String) {
        self.target = target
        self.treatment = treatment
        self.reason = reason
    }

    package var order: ImageOrder? {
        guard case .copy(let order, _) = treatment else { return nil }
        return order
    }
}
