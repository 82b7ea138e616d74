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
        /// Its images go along with a guest that does not run, to these paths.
        case sent([String])
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

extension MovePlan {
    /// The disks that are copied along.
    package var copiedDisks: [DiskPlan] { disks.filter { $0.order != nil } }

    /// Whether the images below those that are copied stay out; libvirt decides that for all disks at once.
    package var copiesOnlyTops: Bool {
        disks.contains { disk in
            guard case .copy(_, onlyTop: true) = disk.treatment else { return false }
            return true
        }
    }

    /// What is done before the memory goes, a line each, for people.
    var stepsBefore: [String] {
        preparations.map { preparation in
            switch preparation.work {
            case .createImage(let order):
                "create \(order.path) (\(order.summary)) on \(destination.name) for disk \(order.disk)"
            case .forgetSnapshots:
                "have \(source.name) forget \(preparation.trace.text): their data stays in the disks"
            case .startRelay:
                "start a relay from \(source.name) to \(destination.name), which compresses what QEMU sends"
            case .unplug: "unplug \(preparation.trace.text) from \(guest.name)"
            }
        } + copySteps
    }

    private var copySteps: [String] {
        let targets = copiedDisks.map(\.target)
        guard !targets.isEmpty else { return [] }
        let writes = method.writesTwice ? "; its writes wait until they are on both hosts" : ""
        return [
            "copy disk\(targets.count == 1 ? "" : "s") \(targets.joined(separator: ", ")) while \(guest.name) "
                + "\(wasPaused ? "is paused" : "runs"), and keep both copies the same\(writes)"
        ]
    }

    /// What is done when the guest has arrived.
    var stepsAfter: [String] {
        conclusions.map { "\($0.operation) (\(host($0.side).name))" }
            + preparations.compactMap { $0.trace.bringing(to: destination.name, from: source.name) }
    }
}

extension ImageOrder {
    /// Format, size and what is below it: `qcow2, 20 GiB, on /images/base.qcow2`.
    package var summary: String {
        let backing = backing.map { ", on \($0)" } ?? ""
        let space = preallocation == .full ? ", its space taken at once" : ""
        return "\(format), \(capacity)\(backing)\(space)"
    }
}

extension DiskRequest.Place {
    /// Where an image of this name goes.
    ///
    /// - Parameters:
    ///   - name: of the image, without directories.
    ///   - pools: the destination's.
    /// - Returns: its path there; `nil` where the pool is none of these, or has no directory.
    package func path(naming name: String, in pools: [HostDetails.Pool]) -> String? {
        switch self {
        case .path(let path): return path.hasSuffix("/") ? path + name : path
        case .pool(let wanted):
            guard let directory = pools.first(where: { $0.name == wanted })?.directory else { return nil }
            return directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
        }
    }
}

extension DiskFacts.Location {
    /// Where a copy of what is here goes.
    ///
    /// - Parameters:
    ///   - target: the disk, as the guest sees it: `vda`.
    ///   - wanted: where the user wants it; `nil` is the path that it has on the source.
    ///   - pools: the destination's.
    /// - Returns: a path on the destination; `nil` where it needs to be told, or where the pool is not there.
    package func copyPath(
        of target: String, to wanted: DiskRequest.Place?, in pools: [HostDetails.Pool]
    ) -> String? {
        if let wanted {
            let name = description.split(separator: "/").last.map(String.init)
            return wanted.path(naming: name ?? "\(target).img", in: pools)
        }
        guard case .file(let path) = self else { return nil }
        return path
    }
}
