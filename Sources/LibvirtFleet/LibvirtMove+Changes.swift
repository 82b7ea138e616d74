package import FleetModel
import Libvirt
package import Migration

/// What a move changes on its hosts besides the guest itself.
extension LibvirtMove {
    package func trace(of preparation: Preparation) async throws(ApusError) -> UndoRecord.Trace {
        switch preparation.trace {
        case .snapshots(let guest, _, let fate):
            // As they are now: what the plan knew of them was only for showing.
            return .snapshots(guest: guest, try await snapshots(on: .source).read(), fate)
        case .device(let guest, let device):
            return .device(guest: guest, try await devices(on: .source).read(device))
        case .volume, .transientPool, .file, .arriving, .sealed, .saved, .relay, .downtimeLimit, .bandwidth:
            return preparation.trace
        }
    }

    package func prepare(_ preparation: Preparation) async throws(ApusError) {
        switch preparation.work {
        case .createImage(let order): try await images.create(order)
        case .startRelay(let relay): try await start(relay)
        case .forgetSnapshots:
            guard case .snapshots(_, let snapshots, _) = preparation.trace else { return }
            try await self.snapshots(on: .source).forget(snapshots)
        case .unplug(let alias):
            try await DevicePlug(guest: plan.guest, host: plan.source).unplug(alias)
        }
    }

    package func undo(_ record: UndoRecord) async throws(ApusError) {
        switch record.trace {
        case .downtimeLimit(_, let limit):
            // A guest that is not there any more has no limit to be put back.
            guard try await guest(on: .source)?.state.isActive == true else { return }
            try await setDowntimeLimit(limit)
        case .bandwidth(_, let rate):
            guard try await guest(on: .source)?.state.isActive == true else { return }
            try await setBandwidth(rate)
        case .volume, .transientPool, .file: try await images.remove(record.trace)
        case .relay(let relay): _ = try await pair(relay).finish()
        // A cold move's own.
        case .arriving, .sealed, .saved: break
        case .snapshots(_, let snapshots, _):
            // A guest that is not even defined there any more has no past to go back to.
            guard try await guest(on: .source) != nil else { return }
            try await self.snapshots(on: .source).define(snapshots)
        case .device(_, let device):
            // One that has stopped meanwhile finds it at its next start: its definition was not changed.
            guard try await guest(on: .source)?.state.isActive == true else { return }
            try await devices(on: .source).putBack(device)
        }
    }

    package func bring(_ record: UndoRecord) async throws(ApusError) {
        switch record.trace {
        case .snapshots(_, let snapshots, .carried):
            try await self.snapshots(on: .destination).define(snapshots)
        case .snapshots(_, let snapshots, .kept):
            guard try await guest(on: .source) != nil else { return }
            try await self.snapshots(on: .source).define(snapshots)
        case .device(_, let device): try await devices(on: .destination).bring(device)
        case .snapshots(_, _, .givenUp), .volume, .transientPool, .file, .arriving, .sealed, .saved, .relay,
            .downtimeLimit,
            .bandwidth:
            break
        }
    }

    package func conclude(_ conclusion: Conclusion) async throws(ApusError) -> Concluded {
        let care = ActivationCare(guest: plan.guest)
        switch conclusion {
        case .setClock(let reading):
            return .clock(await GuestClock(guest: plan.guest).set(on: plan.destination, asOf: reading))
        case .autostart:
            return .autostart(
                obstacles: await care.autostart(
                    on: destination, insteadOf: plan.request.keepDefinition ? source : nil))
        case .compareMetadata(let live, let definition):
            return .remarks(
                try await care.compareMetadata(live: live, definition: definition, on: destination))
        case .removeImage(let path):
            try await SourceImages(link: source, guest: plan.guest).remove(path)
            return .done
        case .endRelay(let relay):
            if let cause = relayAbsence.cause {
                return .remarks(["it went without a relay, which could not be started: \(cause.detail)"])
            }
            guard let carried = try await pair(relay).finish() else { return .done }
            return .carried(carried)
        case .takeRoom(let path):
            try await StoredFile(path: path, on: destination).takeRoom()
            return .done
        case .watchAddresses:
            let (addresses, after) = try await arrival.learnt(plan, on: destination)
            return .addresses(addresses, after: after)
        }
    }

    private func snapshots(on side: Side) -> SnapshotRecords {
        SnapshotRecords(guest: plan.guest, link: link(side))
    }

    private func devices(on side: Side) -> CarriedDevices {
        CarriedDevices(guest: plan.guest, link: link(side))
    }
}
