import FleetModel
import Migration

/// What a guest has besides its memory and disks, and libvirt does not move: its snapshots, and devices of its host.
extension SimulatedHosts {
    /// Why libvirt would not even begin. Source: `qemuMigrationSrcIsAllowed`.
    func obstacle() -> String? {
        if !hosts.source.snapshots.isEmpty {
            return "cannot migrate domain with \(hosts.source.snapshots.count) snapshots"
        }
        return hosts.source.copy?.devices.isEmpty == false
            ? "cannot migrate a domain with <hostdev>" : nil
    }

    func trace(of trace: UndoRecord.Trace) throws(ApusError) -> UndoRecord.Trace {
        switch trace {
        case .snapshots(let guest, _, let fate):
            let found = hosts.source.snapshots.sorted().map {
                CarriedSnapshot(name: $0, parent: nil, isCurrent: false, document: "<domainsnapshot/>")
            }
            return .snapshots(guest: guest, found, fate)
        case .device(let guest, let device):
            guard hosts.source.copy?.devices.contains(device.alias) == true else {
                throw failure("there is no device \(device.alias)")
            }
            return .device(
                guest: guest,
                CarriedDevice(
                    alias: device.alias, name: device.name, replacement: device.replacement,
                    element: "<hostdev/>"))
        case .volume, .transientPool, .file, .arriving, .sealed, .saved, .relay, .downtimeLimit, .bandwidth:
            return trace
        }
    }

    func forgetSnapshots(_ snapshots: [CarriedSnapshot]) {
        hosts.source.snapshots.subtract(snapshots.map(\.name))
        note("source: its snapshots are forgotten")
    }

    /// The guest's own system has to take part.
    func unplug(_ alias: String) throws(ApusError) {
        guard hosts.source.copy?.isExecuting == true else { throw failure("the guest does not let go") }
        hosts.source.copy?.devices.remove(alias)
        note("source: \(alias) is unplugged")
    }

    func putBack(_ trace: UndoRecord.Trace) {
        switch trace {
        case .snapshots(_, let snapshots, _): define(snapshots, on: .source)
        case .device(_, let device): plugIn(device, on: .source)
        case .volume, .transientPool, .file, .arriving, .sealed, .saved, .relay, .downtimeLimit, .bandwidth:
            break
        }
    }

    func bring(_ trace: UndoRecord.Trace) {
        switch trace {
        case .snapshots(_, let snapshots, .carried): define(snapshots, on: .destination)
        case .snapshots(_, let snapshots, .kept): define(snapshots, on: .source)
        case .device(_, let device): plugIn(device, on: .destination)
        case .snapshots(_, _, .givenUp), .volume, .transientPool, .file, .arriving, .sealed, .saved, .relay,
            .downtimeLimit,
            .bandwidth:
            break
        }
    }

    private func define(_ snapshots: [CarriedSnapshot], on side: Side) {
        guard hosts[side].copy != nil || hosts[side].isDefined else { return }
        hosts[side].snapshots.formUnion(snapshots.map(\.name))
        note("\(side): its snapshots are known")
    }

    private func plugIn(_ device: CarriedDevice, on side: Side) {
        guard hosts[side].copy != nil else { return }
        hosts[side].copy?.devices.insert(device.alias)
        note("\(side): \(device.alias) is plugged in")
    }

    // MARK: What is to be true in the end

    /// The snapshots and devices are where the guest is, whole, and nowhere else.
    func judgeBelongings(at side: Side, keptOnSource: Bool = false, givenUp: Bool = false) {
        if hosts[side].copy != nil || hosts[side].isDefined {
            let expected = givenUp || keptOnSource ? [] : guest.snapshots
            if hosts[side].snapshots != expected {
                violate(.belongings, "the \(side) knows the snapshots \(hosts[side].snapshots.sorted())")
            }
        }
        let other = side.other
        if hosts[other].copy == nil {
            let expected = keptOnSource && hosts[other].isDefined ? guest.snapshots : []
            if hosts[other].snapshots != expected {
                violate(.belongings, "the \(other) knows the snapshots \(hosts[other].snapshots.sorted())")
            }
        }
        if let copy = hosts[side].copy, copy.devices != guest.devices {
            violate(.belongings, "on the \(side) the guest has the devices \(copy.devices.sorted())")
        }
    }
}
