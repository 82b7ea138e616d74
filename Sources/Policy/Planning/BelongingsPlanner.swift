package import FleetModel

/// Decides what of a guest libvirt leaves behind, or would not move at all, and Apus brings: its snapshots, and the
/// devices that its policy lets go.
package struct BelongingsPlanner: Sendable {
    private let facts: MoveFacts
    private let request: MoveRequest
    private let copied: [String]

    package init(_ facts: MoveFacts, _ request: MoveRequest) {
        self.facts = facts
        self.request = request
        copied = DiskPlanner(facts, request).copies.map(\.order.disk)
    }

    // MARK: Snapshots

    /// Files that snapshots keep besides the guest's disks: whether the destination has them nobody has proven.
    var strays: [String] {
        let images = Set(facts.disks.flatMap { $0.chain.map(\.location.description) })
        return facts.hardware.snapshots.flatMap(\.files).filter { !images.contains($0) }
    }

    /// Where the guest's snapshots are known afterwards; `nil` for a guest that has none.
    var fate: SnapshotsFate? {
        guard !facts.hardware.snapshots.isEmpty else { return nil }
        if copied.isEmpty, strays.isEmpty { return .carried }
        return request.keepDefinition && facts.guest.isPersistent ? .kept : .givenUp
    }

    // MARK: Devices

    /// The devices that leave the guest. One that stands still cannot let go of any.
    var devices: [CarriedDevice] {
        guard request.detachesPassthrough, facts.guest.state.kind == .running else { return [] }
        return facts.hardware.releases.map { $0.carried(to: facts.destinationName) }
    }

    func leaves(_ device: GuestHardware.HostDevice) -> CarriedDevice? {
        devices.first { $0.alias == device.alias }
    }

    /// Whether the guest's policy lets it go, if only the user asks for it.
    func mayLeave(_ device: GuestHardware.HostDevice) -> Bool {
        facts.hardware.releases.contains { $0.alias == device.alias }
    }

    // MARK: For the plan

    /// Devices last: the guest is to miss them as short as possible.
    package var preparations: [Preparation] {
        let guest = facts.guest.identity.uuid
        var preparations: [Preparation] = []
        if let fate {
            let snapshots = facts.hardware.snapshots.map {
                CarriedSnapshot(name: $0.name, parent: $0.parent, isCurrent: $0.isCurrent)
            }
            preparations.append(
                Preparation(
                    .forgetSnapshots, on: .source, undoneBy: .snapshots(guest: guest, snapshots, fate)))
        }
        return preparations
            + devices.map {
                Preparation(.unplug(alias: $0.alias), on: .source, undoneBy: .device(guest: guest, $0))
            }
    }

    package var choices: [MovePlan.Choice] {
        let count = Preflight.count(facts.hardware.snapshots.count, "snapshot")
        let snapshots: MovePlan.Choice? =
            switch fate {
            case .carried:
                .init(
                    "snapshots", "\(count) carried along",
                    because: "their data is in disks that both hosts have")
            case .kept:
                .init("snapshots", "\(count) stay on \(facts.sourceName)", because: "--keep-definition")
            case .givenUp: .init("snapshots", "\(count) given up", because: "--ignore snapshots-present")
            case nil: nil
            }
        return (snapshots.map { [$0] } ?? [])
            + devices.map { device in
                MovePlan.Choice(
                    "device \(device.name)",
                    "taken out; then \(device.replacement.words(facts.destinationName))",
                    because: "--detach-passthrough, and the guest's policy lets it go")
            }
    }
}

extension CarriedDevice.Replacement {
    /// What the guest gets, for people.
    func words(_ destination: String) -> String {
        switch self {
        case .same: "the same on \(destination)"
        case .element: "what its policy names for \(destination)"
        case .nothing: "nothing on \(destination)"
        }
    }
}
