import DomainXML
package import FleetModel
import Libvirt
package import Migration

/// Brings a move of disks on one host to its end when the process that began it is gone: what the guest has changed
/// over to stays, every other copy is ended and its image taken away.
package struct HomeRepair: Sendable {
    private let plan: HomePlan
    private let link: HostLink
    private let images: DestinationImages

    package init(_ plan: HomePlan, connector: HostConnector = HostConnector()) {
        self.plan = plan
        link = HostLink(host: plan.host, connector: connector)
        images = DestinationImages(on: link)
    }

    /// The guest on its host now; `nil` when the host knows no such guest.
    package func guest() async throws(ApusError) -> Guest? {
        try await link.guest(.uuid(plan.guest.uuid), within: .seconds(10))
    }

    /// Repairs.
    ///
    /// - Parameters:
    ///   - move: the journal's id of it; it is taken over first.
    ///   - owner: this process.
    ///   - log: the journal.
    ///   - say: told what was done, a sentence for each disk.
    /// - Returns: whether every disk of the plan is in its new place.
    /// - Throws: `guest-busy` when the move's own process lives; `repair-incomplete` when something is left on the host.
    package func run(
        _ move: String, by owner: ProcessMark, log: any MoveLog, say: (String) -> Void
    ) async throws(ApusError) -> Bool {
        try log.adopt(move, by: owner)
        let records = try log.undoable(by: move)
        for record in records {
            let path = record.trace.text
            do throws(ApusError) {
                switch try await DiskRemains(link: link, images: images).remove(record.trace) {
                case .kept: say("\(plan.guest) has the \(path) of \(plan.host.name) by now: it stays")
                case .takenAway:
                    say("the copy into the \(path) of \(plan.host.name) was ended, and that taken away")
                }
                try log.clear(record.id)
            } catch {
                throw ApusError(
                    .repairIncomplete, "put back what the move of disks of \(plan.guest) changed",
                    "left behind: the \(path) on \(plan.host.name): \(error.detail)",
                    hint: "When \(plan.host.name) answers again, or what it says is mended: "
                        + "apus repair \(plan.guest).",
                    underlying: error)
            }
        }
        let hasMoved = try await isInPlace()
        try log.finish(
            id: move, outcome: hasMoved ? .moved : .failed,
            code: hasMoved ? nil : ApusError.Code.diskCopyFailed.rawValue, actual: nil)
        return hasMoved
    }

    /// Whether the guest, as it runs or would start, has all the disks in their new places.
    private func isInPlace() async throws(ApusError) -> Bool {
        guard try await guest() != nil else { return false }
        let places = try await link.diskLocations(of: plan.guest, in: .live)
        return plan.disks.allSatisfy { $0.order.map { places[$0.disk] == .file(path: $0.path) } ?? true }
    }
}
