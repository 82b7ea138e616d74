import FleetModel
import Libvirt
import Migration
import Synchronization

/// Whether a call that lasts is under way.
final class Flight: Sendable {
    private let isUnderWay = Mutex(false)

    /// - Returns: `false` when it is under way already.
    func begin() -> Bool {
        isUnderWay.withLock { isUnderWay in
            defer { isUnderWay = true }
            return !isUnderWay
        }
    }

    func end() { isUnderWay.withLock { $0 = false } }
}

extension LibvirtMove {
    package func beginTransfer() async {
        begin { () async throws(ApusError) in
            var disks = MigrationParameters()
            try await copies.add(to: &disks, from: self)
            try await transfer(flags.union(copies.flags), disks)
        }
    }

    package func beginRecovery() async {
        guard recovery.begin() else { return }
        begin { () async throws(ApusError) in
            defer { recovery.end() }
            // The one that there was ended with its connections.
            if let relay = plan.relay { try await start(relay) }
            try await transfer(flags.union([.postCopyResume, .postcopy]))
        }
    }

    /// The call blocks until the move has ended and cannot be interrupted: whoever gives up waiting leaves it behind.
    private func begin(_ call: @escaping @Sendable () async throws(ApusError) -> Void) {
        let told = told
        Task {
            var failure: ApusError?
            do throws(ApusError) { try await call() } catch { failure = error }
            told.continuation.yield(GuestEvent(side: .source, received: .now, kind: .ended(failure)))
        }
    }

    private func transfer(
        _ flags: MigrationFlags, _ disks: MigrationParameters = MigrationParameters()
    ) async throws(ApusError) {
        let connection = try await worker.open()
        var parameters = disks
        let relay = relayAbsence.cause == nil ? plan.relay : nil
        parameters.migrationURI = relay.map { "unix://\($0.memory)" } ?? plan.migrationURI
        parameters.disksURI = relay?.disks.map { "unix://\($0)" }
        if plan.request.tls { parameters.tlsDestination = plan.destination.tlsName }
        parameters.bandwidthMebibytesPerSecond = plan.request.bandwidth?.wholeMebibytesPerSecond
        parameters.postcopyBandwidthMebibytesPerSecond = plan.request.bandwidth?.wholeMebibytesPerSecond
        let complete = parameters
        // A connection of the transfer's own: libvirt talks to both daemons at once in a direct migration.
        let target =
            plan.request.control == .direct ? try await HostConnector().connect(to: plan.destination) : nil
        do throws(LibvirtError) {
            let uri = plan.destination.peerURI ?? plan.destination.uri
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                if let target {
                    try domain.migrate(to: target, flags: flags, parameters: complete)
                } else {
                    try domain.migrate(toURI: uri, flags: flags, parameters: complete)
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
                migration: error, guest: plan.guest, source: plan.source, destination: plan.destination,
                isEncrypted: plan.request.tls, tlsName: plan.tlsName)
        }
    }

    /// Starts the move's relay. One that nobody insists on is done without where it cannot be started: nothing flows yet.
    func start(_ relay: RelayPlan) async throws(ApusError) {
        do throws(ApusError) { try await pair(relay).start() } catch {
            guard plan.request.relaying == .auto else { throw error }
            relayAbsence.note(error)
            _ = try? await pair(relay).finish()
        }
    }

    func pair(_ relay: RelayPlan) -> RelayPair {
        RelayPair(
            relay: relay, source: plan.source, destination: plan.destination,
            isAdaptive: plan.request.relaying == .auto)
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
        if plan.method.allowsPostCopy { flags.insert(.postcopy) }
        if plan.vouchesForStorage { flags.insert(.unsafe) }
        if plan.request.tls { flags.insert(.tls) }
        return flags
    }
}
