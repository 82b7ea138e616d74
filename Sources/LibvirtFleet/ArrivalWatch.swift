import FleetModel
import Synchronization

/// The watch for a guest's addresses, from its start on the destination: it goes on beside the move's end, so that
/// nobody waits for a network that has learnt them by then.
final class ArrivalWatch: Sendable {
    typealias Learnt = (addresses: [LearntAddress], after: Duration?)

    /// The guest's first moments are its own: what is started on the hosts meanwhile is felt by its clients.
    private static let courtesy: Duration = .milliseconds(150)

    private let task = Mutex<Task<Result<Learnt, ApusError>, Never>?>(nil)

    /// Begins to look, unless it has begun, or the plan does not ask for it.
    ///
    /// - Parameters:
    ///   - plan: whose guest.
    ///   - destination: the host that runs it now.
    ///   - start: when it was seen to start there; `nil` where nobody saw it.
    func begin(_ plan: MovePlan, on destination: HostLink, since start: ContinuousClock.Instant?) {
        guard plan.conclusions.contains(.watchAddresses) else { return }
        task.withLock { task in
            guard task == nil else { return }
            task = Task {
                if start != nil { try? await Task.sleep(for: Self.courtesy) }
                return await Result(awaiting: { () async throws(ApusError) in
                    let ports = try await AddressWatch.ports(of: plan.guest, on: destination)
                    let watch = AddressWatch(
                        guest: plan.guest, source: plan.source, destination: plan.destination)
                    let addresses = await watch.wait(for: ports)
                    return (addresses, start.map { $0.duration(to: .now) })
                })
            }
        }
    }

    /// What was learnt, as soon as it is known: a second after the guest's start at the latest, but for hosts that take
    /// long to answer.
    ///
    /// - Parameters:
    ///   - plan: whose guest.
    ///   - destination: the host that runs it now.
    /// - Returns: the guest's addresses, and after how long that was so.
    /// - Throws: `ApusError`, as `AddressWatch.ports(of:on:)`.
    func learnt(_ plan: MovePlan, on destination: HostLink) async throws(ApusError) -> Learnt {
        begin(plan, on: destination, since: nil)
        guard let task = task.withLock(\.self) else { return ([], nil) }
        return try await task.value.get()
    }
}
