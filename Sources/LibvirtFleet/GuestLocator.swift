import FleetModel
import Libvirt

/// Finds the host that has a guest.
struct GuestLocator: Sendable {
    /// What the user called the guest.
    let guest: String
    let links: [HostLink]

    /// How one host answered.
    private struct Answer: Sendable {
        let link: HostLink
        let guest: Guest?
        let failure: ApusError?
    }

    /// The guest and its host: the only one where it is active, else the only one that knows it.
    ///
    /// - Throws: `ApusError` with `unknown-guest` (naming the nearest guests and the hosts that did not
    ///   answer),
    ///   or `guest-ambiguous` when it is active on two hosts or merely defined on two.
    func locate() async throws(ApusError) -> (guest: Guest, link: HostLink) {
        let answers = await ask()
        let silent = answers.compactMap { answer in answer.failure.map { (answer.link.host.name, $0) } }
        let found = answers.compactMap { answer in answer.guest.map { (guest: $0, link: answer.link) } }
        let active = found.filter(\.guest.state.isActive)
        if let only = active.first ?? found.first, active.count == 1 || (active.isEmpty && found.count == 1) {
            // Shut off here proves nothing while another host, where it may run, does not answer.
            if active.isEmpty, let (name, failure) = silent.first { throw mayRun(on: name, failure) }
            return only
        }
        // A move under way: one guest, on both hosts for as long as it takes.
        let identities = Set(active.map(\.guest.identity.uuid))
        if identities.count == 1, let leaving = active.first(where: { $0.guest.activity == .migratingOut }) {
            return leaving
        }
        if active.count > 1, let uuid = await commonHostUUID(active.map(\.link)) {
            let names = active.map(\.link.host.name).joined(separator: " and ")
            throw ApusError(
                .sameHost, "find the guest \(guest)", "\(names) report the same host UUID \(uuid)",
                hint: "If they are one machine, take one of them out of the inventory; if they are two, give "
                    + "each its own host_uuid in libvirtd.conf.")
        }
        guard found.isEmpty else {
            let places = (active.isEmpty ? found : active)
                .map { "\($0.guest.state) on \($0.link.host.name)" }.joined(separator: " and ")
            throw ApusError(
                .guestAmbiguous, "find the guest \(guest)", "\(guest) is \(places)",
                hint: active.isEmpty || identities.count > 1
                    ? "Say which one with --from HOST, or by its UUID."
                    : "Two running copies can destroy their disks: find out which is the true one before "
                        + "anything else."
            )
        }
        if let (_, failure) = silent.first, silent.count == answers.count { throw failure }
        throw ApusError(
            .unknownGuest, "find the guest \(guest)",
            "no guest \(guest) on \(answers.filter { $0.failure == nil }.map(\.link.host.name).joined(separator: ", "))"
                + (silent.isEmpty
                    ? ""
                    : "; could not ask "
                        + silent.map { "\($0.0) (\($0.1.detail))" }.joined(separator: ", ")),
            hint: Spelling.suggestion(for: guest, in: await names()) ?? "apus guests lists them all.")
    }

    private func ask() async -> [Answer] {
        await withTaskGroup(of: (Int, Answer).self) { group in
            for (index, link) in links.enumerated() {
                group.addTask {
                    do throws(ApusError) {
                        return (index, Answer(link: link, guest: try await find(on: link), failure: nil))
                    } catch {
                        return (index, Answer(link: link, guest: nil, failure: error))
                    }
                }
            }
            var answers: [(Int, Answer)] = []
            for await answer in group { answers.append(answer) }
            return answers.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func find(on link: HostLink) async throws(ApusError) -> Guest? {
        if Self.isUUID(guest) { return try await link.guest(.uuid(guest.lowercased())) }
        if let named = try await link.guest(.name(guest)) { return named }
        guard links.count == 1, let id = Int32(guest) else { return nil }
        return try await link.guest(.id(id))
    }

    private func mayRun(on name: String, _ failure: ApusError) -> ApusError {
        ApusError(
            failure.code, "find the guest \(guest)",
            "\(guest) is shut off where it was found, but \(name) could not be asked and may run it: "
                + "\(failure.detail)",
            hint:
                "Do not start it anywhere before \(name) was asked. --from HOST leaves the other hosts out.",
            underlying: failure)
    }

    /// The host UUID that all of these hosts report; `nil` when they differ or do not tell.
    private func commonHostUUID(_ links: [HostLink]) async -> String? {
        var uuids: Set<String?> = []
        for link in links {
            let facts = try? await FleetReader().facts(of: link.host, link.open())
            uuids.insert(facts?.uuid)
        }
        return uuids.count == 1 ? uuids.first ?? nil : nil
    }

    private func names() async -> [String] {
        var names: [String] = []
        for link in links {
            let listed = try? await link.use { (connection) throws(LibvirtError) in
                try await connection.domains()
            }
            names += listed?.map(\.name) ?? []
        }
        return names
    }

    static func isUUID(_ text: String) -> Bool {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        return groups.map(\.count) == [8, 4, 4, 4, 12] && groups.joined().allSatisfy(\.isHexDigit)
    }
}
