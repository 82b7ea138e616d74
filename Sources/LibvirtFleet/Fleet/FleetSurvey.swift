package import FleetModel
import Libvirt

/// Reads a whole fleet: what hosts have, and what their guests take and want. Changes nothing.
package struct FleetSurvey: Sendable {
    /// A guest where it is, with what it says of its moves, or why that cannot be read.
    package struct Resident: Sendable {
        package let guest: Guest
        package let policy: Result<GuestPolicy, ApusError>
        /// Processors' worth of work while it was watched.
        package let load: Double
    }

    package struct HostReport: Sendable {
        package let facts: HostFacts
        package let guests: [Resident]
    }

    private let connector: HostConnector
    /// How long guests are watched for their load.
    private let watched: Duration

    package init(connector: HostConnector = HostConnector(), watched: Duration) {
        self.connector = connector
        self.watched = watched
    }

    /// What every host answers, all asked at once, in the given order.
    package func read(_ hosts: [Host]) async -> [HostReading<HostReport>] {
        await withTaskGroup(of: (Int, HostReading<HostReport>).self) { group in
            for (number, host) in hosts.enumerated() {
                group.addTask {
                    let report = await Result(awaiting: { () async throws(ApusError) in
                        try await self.report(HostLink(host: host, connector: connector))
                    })
                    return (number, HostReading(host: host, value: report))
                }
            }
            var readings: [(Int, HostReading<HostReport>)] = []
            for await reading in group { readings.append(reading) }
            return readings.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func report(_ link: HostLink) async throws(ApusError) -> HostReport {
        let facts = try await FleetReader(connector: connector).facts(of: link.host, link.open())
        let began = ContinuousClock.now
        let before = try await domains(link)
        // Load is a difference in time.
        try? await Task.sleep(for: watched)
        let after = try await domains(link)
        let seconds = max(0.001, began.duration(to: .now).seconds)
        let first = Dictionary(before.map { ($0.uuid, $0.processorTime) }, uniquingKeysWith: { $1 })
        var guests: [Resident] = []
        for domain in after {
            let guest = Guest(domain, host: link.host)
            let earlier = min(first[domain.uuid] ?? domain.processorTime, domain.processorTime)
            let policy = await Result(awaiting: { () async throws(ApusError) in
                try await link.policy(of: guest)
            })
            // One that has gone since is on no host's list for long.
            if case .failure(let error) = policy, error.code == .unknownGuest { continue }
            guests.append(
                Resident(
                    guest: guest, policy: policy,
                    load: Double(domain.processorTime - earlier) / 1e9 / seconds))
        }
        return HostReport(facts: facts, guests: guests)
    }

    private func domains(_ link: HostLink) async throws(ApusError) -> [DomainSummary] {
        try await link.use { (connection) throws(LibvirtError) in try await connection.domains() }
    }
}
