import FleetModel
import Policy

/// What is done about a copy that is under way: convergence's decisions, and a wish to end early.
extension LiveMigration {
    /// Asks convergence, and carries its decisions out.
    func steer(_ sample: JobSample?, round: Int?) async {
        // What was switched over, or is being given up, needs no steering.
        guard let transferBegan, timeline.phase == .preCopy, !isPostCopy, abort == nil else { return }
        let elapsed = transferBegan.duration(to: ports.clock.now)
        if round != nil { await heedLimit(at: elapsed) }
        for decision in steering.decide(sample, round: round, elapsed: elapsed) {
            tell(.decision(decision))
            switch decision.step {
            case .abort:
                requested(.convergence(decision.reason))
                _ = await pressAbort()
                continue
            // From here on nothing can be taken back, whatever the call answers.
            case .startPostCopy: isPostCopy = true
            case .setDowntimeLimit, .setBandwidth, .suspend, .wait: break
            }
            if case .setDowntimeLimit = decision.step {} else { say(decision.reason) }
            do throws(ApusError) {
                try await steering.carryOut(decision.step)
                if case .setDowntimeLimit(let limit) = decision.step { limitInForce = limit }
            } catch {
                if case .setDowntimeLimit = decision.step { limitInForce = nil }
                remark("a decision could not be carried out (\(decision.reason)): \(error.detail)")
            }
        }
    }

    /// `apus set --downtime`, or virsh, may have given the copy another limit since: it is not taken back.
    private func heedLimit(at elapsed: Duration) async {
        guard let limitInForce, let found = try? await ports.downtimeLimit(),
            max(found, limitInForce) - min(found, limitInForce) >= .milliseconds(1)
        else { return }
        self.limitInForce = found
        steering.adopt(found, at: elapsed)
        remark("the downtime limit was set to \(found.text) from outside: it holds from here on")
    }

    /// Somebody, or something, wants the move to end.
    func requested(_ reason: AbortReason) {
        guard abort == nil else { return }
        abort = Abort(reason: reason, since: ports.clock.now)
        tell(.remark("asked to end: \(reason.text)"))
        say(
            timeline.phase >= .commitment || isPostCopy
                ? "the guest has switched over: finishing the move"
                : "aborting; waiting until \(plan.guest) runs on \(plan.source.name)")
    }

    /// Asks for the abort as often as it takes: before the job exists and while it commits it is refused.
    ///
    /// - Returns: an error when libvirt does not take it for a minute: its call cannot be interrupted and is left
    ///   behind.
    func pressAbort() async -> ApusError? {
        // In post-copy an abort would kill the guest.
        guard let asked = abort, timeline.phase < .commitment, !isPostCopy else { return nil }
        do throws(ApusError) {
            try await ports.abort()
        } catch {
            abort?.refusal = error.detail
        }
        guard asked.since.duration(to: ports.clock.now) > .seconds(60) else { return nil }
        return ApusError(
            .libvirtFailed, "abort the move of \(plan.guest)",
            "libvirt on \(plan.source.name) did not end the move within 60 s of the abort: "
                + (abort?.refusal ?? "it took the abort and did nothing"),
            hint: nil)
    }
}

extension AbortReason {
    fileprivate var text: String {
        switch self {
        case .signal: "a signal"
        case .timeout(let limit): "\(limit.text) are over"
        case .convergence(let reason): reason
        }
    }
}
