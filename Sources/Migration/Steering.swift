import FleetModel
import Policy

/// Feeds convergence with what is seen of a copy under way, and carries its decisions out, but for giving the move up:
/// that is for whoever answers for it.
struct Steering<Ports: MovePorts>: Sendable {
    private let plan: MovePlan
    private let ports: Ports
    private var controller: ConvergenceController
    /// Whether a planned post-copy was asked for: once is enough, whatever the copy's figures say afterwards.
    private var hasSwitched = false

    /// - Parameters:
    ///   - plan: what is carried out.
    ///   - ports: the two hosts.
    ///   - spent: what of the timeout is over already.
    init(_ plan: MovePlan, ports: Ports, spent: Duration) {
        self.plan = plan
        self.ports = ports
        controller = ConvergenceController(
            ConvergenceController.Setup(
                memory: plan.memory, downtimeLimit: plan.request.downtimeLimit,
                policy: plan.request.convergence,
                canThrottle: plan.method.slowsGuestDown, canPostCopy: plan.method.allowsPostCopy,
                deadline: plan.request.timeout.map { $0 - spent }, wasPaused: plan.wasPaused))
    }

    /// What QEMU's downtime limit is set to before the transfer; `nil` leaves it alone.
    var firstLimit: Duration? { plan.wasPaused ? nil : controller.firstLimit }

    /// What is decided now.
    ///
    /// - Parameters:
    ///   - sample: a reading of the copy, if there is a new one.
    ///   - round: the round that just began, if one did.
    ///   - elapsed: since the transfer began.
    /// - Returns: decisions, to be carried out in their order.
    mutating func decide(_ sample: JobSample?, round: Int?, elapsed: Duration) -> [Decision] {
        if plan.method.strategy == .postCopy, round ?? sample?.round ?? 0 > 1 {
            guard !hasSwitched else { return [] }
            hasSwitched = true
            return [
                Decision(
                    .startPostCopy, because: "the first round is sent: switching to post-copy, as planned")
            ]
        }
        return controller.next(
            ConvergenceController.Observation(elapsed: elapsed, sample: sample, roundBegan: round))
    }

    mutating func adopt(_ limit: Duration, at elapsed: Duration) { controller.adopt(limit, at: elapsed) }

    func carryOut(_ step: Decision.Step) async throws(ApusError) {
        switch step {
        case .setDowntimeLimit(let limit): try await ports.setDowntimeLimit(limit)
        case .setBandwidth(let limit): try await ports.setBandwidth(limit)
        case .startPostCopy: try await ports.startPostCopy()
        case .suspend: try await ports.suspend()
        case .abort: try await ports.abort()
        case .wait: break
        }
    }
}
