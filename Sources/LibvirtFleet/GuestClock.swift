import FleetModel
import Glibc
import Libvirt

/// Puts a guest's clock right that stood still while the guest did.
///
/// The guest's own time goes on from what it was before the move, whatever its hardware clock says: a guest
/// may keep that one in local time, and NTP inside the guest would otherwise have to undo an hour.
struct GuestClock: Sendable {
    let guest: GuestIdentity
    /// How long an agent may take: libvirt itself waits for one for 5 s, and for its answer for good.
    let patience: Duration
    private let connector: HostConnector

    init(guest: GuestIdentity, patience: Duration = .seconds(2), connector: HostConnector = HostConnector()) {
        self.guest = guest
        self.patience = patience
        self.connector = connector
    }

    /// Reads the guest's clock. Source: `virDomainGetTime`.
    ///
    /// - Parameter host: the host that runs the guest.
    /// - Returns: the reading; `nil` where no agent answers in time.
    func read(on host: Host) async -> GuestClockReading? {
        await withAgent(on: host) { (connection, reference) throws(LibvirtError) in
            try await Self.read(connection, reference)
        }.flatMap { try? $0.get() }
    }

    /// Sets the guest's clock where it has lost time since `before`. Source: `virDomainSetTime`.
    ///
    /// Never sets it back: a move takes time from a guest and gives it none, so a guest that is ahead was set by
    /// somebody else meanwhile. Takes no longer than the patience; an agent that hangs is left behind with a connection
    /// of its own.
    ///
    /// - Parameters:
    ///   - host: the host that runs the guest now.
    ///   - before: how it was before the move.
    /// - Returns: what became of it.
    func set(on host: Host, asOf before: GuestClockReading) async -> ClockCare {
        let outcome = await withAgent(on: host) {
            (connection, reference) throws(LibvirtError) -> ClockCare in
            let now = try await Self.read(connection, reference)
            let lost = before.ahead - now.ahead
            guard lost > before.error + now.error + .milliseconds(10) else { return .right }
            // The way there takes as long as it took to ask.
            let way = now.error
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.setGuestTime(Self.wallClock + before.ahead + way)
            }
            return .set(lost: lost)
        }
        switch outcome {
        case .success(let outcome)?: return outcome
        case .failure(let error)?:
            let silence: [LibvirtError.Code] = [
                .agentUnresponsive, .agentUnsynced, .argumentUnsupported, .noSupport,
            ]
            return silence.contains(error.code) ? .noAgent : .failed(error.message)
        case nil: return .failed("its agent did not answer within \(patience.text)")
        }
    }

    private static func read(
        _ connection: Connection, _ reference: DomainReference
    ) async throws(LibvirtError) -> GuestClockReading {
        let (asked, began) = (ContinuousClock.now, wallClock)
        let time = try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
            try domain.guestTime()
        }
        let half = asked.duration(to: .now) / 2
        return GuestClockReading(ahead: time - (began + half), error: half)
    }

    /// This machine's, since the epoch: one process may read the guest's clock and another set it.
    private static var wallClock: Duration {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// Asks over a connection of its own, because an agent can hold it for good; `nil` when it takes too
    /// long.
    private func withAgent<Value: Sendable>(
        on host: Host,
        _ work: @escaping @Sendable (Connection, DomainReference) async throws(LibvirtError) -> Value
    ) async -> Result<Value, LibvirtError>? {
        let connector = connector
        let reference = DomainReference.uuid(guest.uuid)
        return await withFirst(of: patience) { () async -> Result<Value, LibvirtError>? in
            guard let connection = try? await connector.connect(to: host) else { return nil }
            do throws(LibvirtError) {
                return .success(try await work(connection, reference))
            } catch {
                return .failure(error)
            }
        } ?? nil
    }
}
