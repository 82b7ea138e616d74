package import FleetModel
import Libvirt
package import Migration
import Transfer

/// One move between two libvirt hosts: the engine's ports.
package struct LibvirtMove: MovePorts {
    private let plan: MovePlan
    private let source: HostLink
    private let destination: HostLink
    private let worker: HostLink
    let reference: DomainReference

    package let clock = ContinuousClock()

    init(plan: MovePlan, source: HostLink, destination: HostLink, worker: HostLink) {
        self.plan = plan
        self.source = source
        self.destination = destination
        self.worker = worker
        reference = .uuid(plan.guest.uuid)
    }

    package func transfer() async throws(ApusError) {
        let connection = try await worker.open()
        let parameters = MigrationParameters(
            migrationURI: plan.migrationURI,
            bandwidthMebibytesPerSecond: plan.request.bandwidth?.wholeMebibytesPerSecond)
        let flags = flags
        // A connection of the transfer's own: libvirt talks to both daemons at once in a direct migration.
        let target =
            plan.request.control == .direct ? try await HostConnector().connect(to: plan.destination) : nil
        do throws(LibvirtError) {
            let uri = plan.destination.peerURI ?? plan.destination.uri
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                if let target {
                    try domain.migrate(to: target, flags: flags, parameters: parameters)
                } else {
                    try domain.migrate(toURI: uri, flags: flags, parameters: parameters)
                }
            }
        } catch {
            // The error of a move and the loss of our own link to the source look alike in libvirt's words.
            guard await connection.isAlive() else {
                throw ApusError(
                    .connectionLost, "wait for the move of \(plan.guest)",
                    "the connection to \(plan.source.name) broke: \(error.message)",
                    hint: "apus status shows whether the move goes on.", underlying: error)
            }
            throw ApusError(
                migration: error, guest: plan.guest, source: plan.source, destination: plan.destination)
        }
    }

    private var flags: MigrationFlags {
        var flags: MigrationFlags = [.changeProtection, .abortOnError]
        if plan.method.isLive { flags.insert(.live) }
        if plan.isPersistent {
            flags.insert(.persistDestination)
            if !plan.request.keepDefinition { flags.insert(.undefineSource) }
        }
        if plan.method.connections != nil { flags.insert(.parallel) }
        if plan.method.slowsGuestDown { flags.insert(.autoConverge) }
        if plan.method.xbzrleCache != nil { flags.insert(.compressed) }
        if plan.vouchesForStorage { flags.insert(.unsafe) }
        return flags
    }

    package func sample() async throws(ApusError) -> JobSample? {
        let reference = reference
        return try await source.use { (connection) throws(LibvirtError) -> JobStatistics? in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.jobStatistics()
            }
        }.map(JobSample.init)
    }

    package func abort() async throws(ApusError) {
        let reference = reference
        try await source.use { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.abortJob()
            }
        }
    }

    package func guest(on side: Side) async throws(ApusError) -> Guest? {
        try await link(side).guest(reference)
    }

    package func resume(on side: Side) async throws(ApusError) {
        let reference = reference
        try await link(side).use { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in try domain.resume()
            }
        }
    }

    package func exchangeDowntimeLimit(_ limit: Duration) async throws(ApusError) -> Duration {
        let reference = reference
        return try await source.use { (connection) throws(LibvirtError) -> Duration in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                let found = try domain.maxDowntime()
                try domain.setMaxDowntime(limit)
                return found
            }
        }
    }

    package func clockOffset() async -> ClockOffset? {
        await ClockProbe(source: plan.source, destination: plan.destination).offset()
    }

    func link(_ side: Side) -> HostLink {
        side == .source ? source : destination
    }
}
