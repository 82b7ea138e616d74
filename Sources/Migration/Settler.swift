import FleetModel
import Logging
import Policy

/// What both hosts finally said, and what follows from it.
struct Settled: Sendable {
    let verdict: Settlement
    let source: Settlement.Answer
    let destination: Settlement.Answer

    var sourceState: GuestState? { source.state }
    var destinationState: GuestState? { destination.state }

    func text(_ plan: MovePlan) -> String {
        "\(plan.guest) is \(source.text) on \(plan.source.name), \(destination.text) on "
            + "\(plan.destination.name)"
    }
}

extension Settlement.Answer {
    var state: GuestState? {
        guard case .present(let state) = self else { return nil }
        return state
    }
}

/// Asks both hosts until they agree, and lets the guest run on where it was left standing.
struct Settler<Ports: MovePorts>: Sendable {
    let plan: MovePlan
    let ports: Ports

    /// How long the hosts are given to sort themselves out.
    ///
    /// libvirt's own clean-up after a broken peer waits for its keepalive, 30 s by default.
    private let patience: Duration = .seconds(45)

    func settle() async -> Settled {
        let deadline = ports.clock.now.advanced(by: patience)
        let soon = ports.clock.now.advanced(by: .seconds(5))
        var resumes = 0
        while true {
            async let sourceAnswer = ask(.source)
            async let destinationAnswer = ask(.destination)
            let (source, destination) = await (sourceAnswer, destinationAnswer)
            let verdict = Settlement.decide(
                source: source.answer, destination: destination.answer, wasPaused: plan.wasPaused,
                stillBusy: source.busy || destination.busy)
            let settled = Settled(verdict: verdict, source: source.answer, destination: destination.answer)
            switch verdict {
            case .arrived, .unmoved, .ended:
                return settled
            case .resumeSource where resumes < 3:
                resumes += 1
                await resume(.source)
            case .resumeDestination where resumes < 3:
                resumes += 1
                await resume(.destination)
            case .resumeSource, .resumeDestination, .unsettled, .notKnown:
                break
            }
            // Both answered and neither is at work: waiting longer would not make them agree.
            let isFinal = verdict == .notKnown && source.answer != .silent && destination.answer != .silent
            guard ports.clock.now < (isFinal ? min(soon, deadline) : deadline) else { return settled }
            try? await ports.clock.sleep(for: .milliseconds(100))
        }
    }

    private func ask(_ side: Side) async -> (answer: Settlement.Answer, busy: Bool) {
        do {
            guard let guest = try await ports.guest(on: side) else { return (.absent, false) }
            return (.present(guest.state), guest.activity != nil)
        } catch {
            return (.silent, false)
        }
    }

    private func resume(_ side: Side) async {
        let host = side == .source ? plan.source : plan.destination
        do {
            try await ports.resume(on: side)
            Logger.current.notice(
                "guest was left standing; it runs on",
                metadata: ["guest": "\(plan.guest)", "host": "\(host.name)"])
        } catch {
            Logger.current.warning(
                "guest stands still and could not be resumed",
                metadata: ["guest": "\(plan.guest)", "host": "\(host.name)", "error": "\(error.detail)"])
        }
    }
}
