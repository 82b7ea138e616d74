package import FleetModel
import Libvirt

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
        case .volume, .transientPool, .file: try await images.remove(record.trace)
        }
    }

    package func conclude(_ conclusion: Conclusion) async throws(ApusError) {
        switch conclusion {
        case .removeImage(let path):
            try await SourceImages(link: source, guest: plan.guest).remove(path)
        }
    }
}
