package import FleetModel
import Libvirt
package import Migration

extension LibvirtMove {
    package func events() async throws(ApusError) -> AsyncStream<GuestEvent<ContinuousClock.Instant>> {
        let (stream, continuation) = told
        async let sourceEvents = Result(awaiting: { () async throws(ApusError) in
            try await self.listen(on: .source)
        })
        async let destinationEvents = Result(awaiting: { () async throws(ApusError) in
            try await self.listen(on: .destination)
        })
        let both = [
            (Side.source, try await sourceEvents.get()),
            (Side.destination, try await destinationEvents.get()),
        ]
        guard case .uuid(let uuid) = reference else { return stream }
        let tasks = both.flatMap { side, channel in
            [
                Task {
                    for await event in channel.events where event.uuid == uuid {
                        guard let kind = Self.kind(of: event.change, hasQEMUEvents: channel.hasQEMUEvents)
                        else {
                            continue
                        }
                        continuation.yield(GuestEvent(side: side, received: event.received, kind: kind))
                        if side == .destination, case .resumed = kind {
                            arrival.begin(plan, on: destination, since: event.received)
                        }
                    }
                },
                Task {
                    for await reason in channel.closed {
                        continuation.yield(
                            GuestEvent(side: side, received: .now, kind: .lost("\(reason)")))
                    }
                },
            ]
        }
        continuation.onTermination = { _ in for task in tasks { task.cancel() } }
        return stream
    }

    /// What one host's connection tells.
    private struct Channel: Sendable {
        let events: AsyncStream<DomainEvent>
        let closed: AsyncStream<CloseReason>
        /// Whether QEMU's own events come too; libvirt's lifecycle events then only repeat them.
        let hasQEMUEvents: Bool
    }

    private func listen(on side: Side) async throws(ApusError) -> Channel {
        let common: [DomainEventKind] = [.lifecycle, .iteration, .jobCompleted]
        let monitor: [DomainEventKind] = [.monitor("STOP"), .monitor("RESUME"), .monitor("MIGRATION")]
        return try await link(side).use { (connection) throws(LibvirtError) -> Channel in
            do throws(LibvirtError) {
                return Channel(
                    events: try await connection.events(common + monitor), closed: connection.closed,
                    hasQEMUEvents: true)
            } catch  where error.code == .noSupport || error.code == .accessDenied {
                return Channel(
                    events: try await connection.events(common), closed: connection.closed,
                    hasQEMUEvents: false)
            }
        }
    }

    private static func kind(
        of change: DomainEvent.Change, hasQEMUEvents: Bool
    ) -> GuestEvent<ContinuousClock.Instant>.Kind? {
        switch change {
        case .iteration(let number): return .round(number)
        case .jobCompleted(let statistics):
            return statistics.operation == .migrationOut || statistics.operation == .migrationIn
                ? .completed(JobSample(statistics)) : nil
        case .monitor("STOP", let hostTime, _): return .stopped(hostTime: hostTime)
        case .monitor("RESUME", let hostTime, _): return .resumed(hostTime: hostTime)
        case .monitor("MIGRATION", _, let details): return migration(details)
        case .monitor: return nil
        case .lifecycle(.suspended) where !hasQEMUEvents: return .stopped(hostTime: nil)
        case .lifecycle(.resumed) where !hasQEMUEvents: return .resumed(hostTime: nil)
        case .lifecycle: return nil
        }
    }

    private static func migration(_ details: String?) -> GuestEvent<ContinuousClock.Instant>.Kind? {
        switch MigrationStatus(event: details) {
        case .active: .transferBegan
        case .postCopyActive: .postCopyBegan
        case .postCopyPaused: .postCopyBroke
        case .completed: .transferEnded
        default: nil
        }
    }
}
