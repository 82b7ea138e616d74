package import FleetModel
import Libvirt
package import Migration

/// What a move changes on its hosts besides the guest itself.
extension LibvirtMove {
    package func prepare(_ preparation: Preparation) async throws(ApusError) {
        switch preparation.work {
        case .createImage(let order): try await images.create(order)
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
        case .watchAddresses:
            let (addresses, after) = try await arrival.learnt(plan, on: destination)
            return .addresses(addresses, after: after)
        }
    }
}
