import FleetModel
import Libvirt

/// Finds a guest that is being moved, on the host that it leaves, whoever moves it.
struct MoveFinder: Sendable {
    let links: [HostLink]

    /// The guest on the host that it leaves now; `nil` when it is known but not being moved.
    ///
    /// - Parameter guest: its name or UUID.
    /// - Returns: the guest and its source.
    /// - Throws: `ApusError` with `unknown-guest`, `guest-ambiguous`; what kept a host from answering, when
    ///   no other host says that the guest leaves it.
    func moving(_ guest: String) async throws(ApusError) -> (guest: Guest, source: HostLink)? {
        let reference: DomainReference = GuestLocator.isUUID(guest) ? .uuid(guest.lowercased()) : .name(guest)
        let answers = await withTaskGroup(of: (HostLink, Result<Guest?, ApusError>).self) { group in
            for link in links {
                group.addTask { (link, await answer(reference, from: link)) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for (link, answer) in answers {
            if case .success(let found?) = answer, found.activity == .migratingOut { return (found, link) }
        }
        for (_, answer) in answers { _ = try answer.get() }
        _ = try await GuestLocator(guest: guest, links: links).locate()
        return nil
    }

    private func answer(
        _ reference: DomainReference, from link: HostLink
    ) async -> Result<Guest?, ApusError> {
        await Result(awaiting: { () async throws(ApusError) in try await link.guest(reference) })
    }
}
