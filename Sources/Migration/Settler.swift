package import FleetModel
import Logging
package import Policy

/// What both hosts finally said, and what follows from it.
package struct Settled: Sendable {
    package let verdict: Settlement
    package let source: Settlement.Answer
    package let destination: Settlement.Answer
    /// Why the destination's copy, which never ran, could not be ended: the verdict is `dropDestination` then.
    package var refusal: ApusError?

    package var sourceState: GuestState? { source.state }
    package var destinationState: GuestState? { destination.state }

    /// Only the destination has it, where an I/O error or the like stopped it.
    var standsThere: Bool {
        Settlement.Copy(source, on: .source) == .none
            && Settlement.Copy(destination, on: .destination) == .pausedForCause
    }

    /// The destination has no copy, and at most a definition.
    var isGoneThere: Bool { Settlement.Copy(destination, on: .destination) == .none }

    /// Where one half of a guest's memory is left after its post-copy lost the other half.
    var halfLeft: Side? {
        switch (Settlement.Copy(source, on: .source), Settlement.Copy(destination, on: .destination)) {
        case (.pulledFrom, .none), (.pulledFromBroken, .none): .source
        case (.ended, .pulling), (.ended, .pullingBroken): .destination
        default: nil
        }
    }

    func text(_ plan: MovePlan) -> String {
        "\(plan.guest) is \(source.text) on \(plan.source.name), \(destination.text) on "
            + "\(plan.destination.name)"
    }
}

/// Asks both hosts until they agree on one guest, and takes the steps that the table says on the way: lets it run on
/// where it was left standing, mends a broken post-copy, ends a copy that is no guest any more.
struct Settler<Ports: MovePorts>: Sendable {
    let plan: MovePlan
    let ports: Ports
    /// Whether a transfer that is still under way is followed to its end, however long that takes, and steered.
    let follows: Bool
    /// Whether it is certain that the source never stopped the guest.
    let neverStopped: Bool
    /// Whether the destination was seen to run the guest.
    let ranThere: Bool
    /// Whether the transfer's own call was lost with its connection: its host may still begin it.
    let isDeaf: Bool
    let say: @Sendable (String) async -> Void
    /// Told when the destination is first seen to run the guest: the journal has to know before anything follows.
    let noteArrival: @Sendable () async -> Void

    /// How long the hosts are given to sort themselves out.
    ///
    /// libvirt's own clean-up after a broken peer waits for its keepalive, 30 s by default.
    private let patience: Duration = .seconds(45)
    /// How long both have to say the same, neither at work, before a copy is ended.
    private let proof: Duration = .seconds(3)
    /// How long an incoming copy may be at work on nothing while its source is at work on nothing either.
    ///
    /// A destination's libvirt that was restarted while QEMU started there may stay at it without end.
    private let stuck: Duration = .seconds(15)
    /// How often such a copy refuses to be ended before it is left to a person.
    private let refusals = 2

    private struct Look: Sendable {
        let asked: Ports.MoveClock.Instant
        let source: Settlement.Answer
        let destination: Settlement.Answer
        let isBusy: Bool
        let verdict: Settlement

        func isSame(as other: Look) -> Bool {
            source == other.source && destination == other.destination && isBusy == other.isBusy
        }

        func settled(_ refusal: ApusError? = nil) -> Settled {
            Settled(
                verdict: verdict, source: source, destination: destination,
                refusal: verdict == .dropDestination ? refusal : nil)
        }
    }

    func settle() async -> Settled {
        var ranThere = ranThere
        if ranThere { await stopOlderCopy(ask(.source).answer) }
        var look = await self.look(&ranThere)
        var since = ports.clock.now
        var deadline = since.advanced(by: patience)
        var brokenSince: Ports.MoveClock.Instant?
        var attempts = 0
        var refused: [ApusError] = []
        var steering = Steering(plan, ports: ports, spent: .zero)
        while true {
            // Up to when it was asked: an answer that took long says nothing about the time since.
            let stands = since.duration(to: look.asked)
            switch look.verdict {
            // One answer that was lost is no dead host.
            case .unmoved where look.destination == .silent && stands < .seconds(5):
                break
            case .unmoved where isDeaf && stands < proof:
                break
            case .arrived, .unmoved, .ended:
                return look.settled()
            case .resumeSource:
                await resume(.source)
            case .resumeDestination:
                await resume(.destination)
            case .dropSource where stands >= proof:
                await drop(.source)
            case .dropDestination where stands >= (look.isBusy ? stuck : proof):
                if let refusal = await drop(.destination) { refused.append(refusal) }
                if let last = refused.last, refused.count >= refusals,
                    look.isBusy || last.code == .stateNotKnown
                {
                    return look.settled(last)
                }
            case .recoverPostCopy:
                let began = brokenSince ?? ports.clock.now
                brokenSince = began
                guard began.duration(to: ports.clock.now) < plan.request.recoverFor else {
                    return look.settled()
                }
                deadline = ports.clock.now.advanced(by: patience)
                attempts += 1
                await mend(look.source, attempt: attempts)
            case .unsettled where look.isBusy && (follows || attempts > 0):
                // It flows, perhaps again.
                deadline = ports.clock.now.advanced(by: patience)
                if stands >= proof { brokenSince = nil }
                if attempts == 0 { await steer(&steering) }
            case .notKnown
            where look.source != .silent && look.destination != .silent && stands >= .seconds(5):
                // Both answered and neither is at work: waiting longer would not make them agree.
                return look.settled()
            case .dropSource, .dropDestination, .unsettled, .notKnown:
                break
            }
            guard ports.clock.now < deadline else { return look.settled(refused.last) }
            let isSteered = look.verdict == .unsettled && look.isBusy && follows && attempts == 0
            let pause: Duration =
                isSteered
                ? .milliseconds(200)
                : look.verdict == .recoverPostCopy || follows ? .seconds(1) : .milliseconds(100)
            do { try await ports.clock.sleep(for: pause) } catch { return look.settled(refused.last) }
            let next = await self.look(&ranThere)
            if !next.isSame(as: look) { since = ports.clock.now }
            look = next
            // Perhaps nobody could hear until now that the destination runs it.
            if ranThere { await stopOlderCopy(look.source) }
        }
    }

    func lookOnce() async -> Settled {
        var ranThere = ranThere
        return await look(&ranThere).settled()
    }

    private func look(_ ranThere: inout Bool) async -> Look {
        let asked = ports.clock.now
        async let sourceAnswer = ask(.source)
        async let destinationAnswer = ask(.destination)
        let (source, destination) = await (sourceAnswer, destinationAnswer)
        let copies = (
            Settlement.Copy(source.answer, on: .source), Settlement.Copy(destination.answer, on: .destination)
        )
        if !ranThere, copies.1 == .running || copies.1 == .pulling {
            ranThere = true
            await noteArrival()
        }
        // libvirt keeps the job of a post-copy that broke: it is at work on nothing.
        let isBroken = copies.0 == .pulledFromBroken || copies.1 == .pullingBroken
        let isBusy = (source.isBusy || destination.isBusy) && !isBroken
        let table = Settlement.decide(
            source: copies.0, destination: copies.1, wasPaused: plan.wasPaused
        ).knowing(ranThere: ranThere, source: copies.0, destination: copies.1)
        let verdict: Settlement
        if isBusy {
            verdict = source.isBusy || table != .dropDestination ? .unsettled : table
        } else if destination.answer == .silent, let state = source.answer.state {
            verdict = Settlement.decide(withoutDestination: state, neverStopped: neverStopped)
        } else {
            verdict = table
        }
        return Look(
            asked: asked, source: source.answer, destination: destination.answer, isBusy: isBusy,
            verdict: verdict)
    }

    private func ask(_ side: Side) async -> (answer: Settlement.Answer, isBusy: Bool) {
        do {
            guard let guest = try await ports.guest(on: side) else { return (.absent, false) }
            return (.present(guest.state), guest.activity != nil)
        } catch {
            return (.silent, false)
        }
    }

    /// The move has lost the process that steered it: convergence goes on here, from what libvirt says of the job.
    private func steer(_ steering: inout Steering<Ports>) async {
        guard let sample = try? await ports.sample(), let elapsed = sample.elapsed else { return }
        for decision in steering.decide(sample, round: nil, elapsed: elapsed) {
            await say(decision.reason)
            do throws(ApusError) {
                try await steering.carryOut(decision.step)
            } catch {
                await say("that could not be done: \(error.detail)")
            }
        }
        if let timeout = plan.request.timeout, elapsed > timeout {
            await say("\(timeout.text) are over: the move is given up")
            try? await ports.abort()
        }
    }

    // MARK: Steps

    /// libvirt lets the source's copy run on when the answer to its last step is lost, though the destination may run
    /// the guest (`qemuMigrationSrcPerformPeer2Peer3`: "lock manager plugins should take care"). Whoever followed the
    /// move knows better, and stops it before anything else is asked.
    private func stopOlderCopy(_ source: Settlement.Answer) async {
        guard !follows, source.state?.kind == .running, source.state?.reason == "migration-canceled" else {
            return
        }
        await step(
            "was let run on on \(plan.source.name) by libvirt, beside the copy on "
                + "\(plan.destination.name) that is newer; it was stopped there", .source
        ) { () async throws(ApusError) in try await ports.suspend() }
    }

    private func resume(_ side: Side) async {
        await step("stood still on \(name(side)) and was let run on", side) {
            () async throws(ApusError) in try await ports.resume(on: side)
        }
    }

    @discardableResult
    private func drop(_ side: Side) async -> ApusError? {
        let other = name(side.other)
        let detail =
            side == .source
            ? "runs on \(other); what it left behind on \(name(side)) was ended"
            : "is on \(other); the copy on \(name(side)) that never ran was ended"
        return await step(detail, side) { () async throws(ApusError) in try await ports.dropCopy(on: side) }
    }

    private func mend(_ source: Settlement.Answer, attempt: Int) async {
        await say(
            "the connection of the post-copy is broken: \(plan.guest) runs on \(plan.destination.name) and part of "
                + "its memory is still on \(plan.source.name); who ends either of the two now loses it; mending it, attempt \(attempt)"
        )
        // QEMU refuses to go on while a side still waits for the dead connection.
        try? await ports.breakPostCopy()
        // libvirt 9.0.0 forgets the job for good when it is asked to go on from any other state (decision 8).
        guard source.state?.reason == "postcopy-failed" else { return }
        await ports.beginRecovery()
    }

    /// - Returns: why it could not be done.
    @discardableResult
    private func step(
        _ detail: String, _ side: Side, _ work: () async throws(ApusError) -> Void
    ) async -> ApusError? {
        do throws(ApusError) {
            try await work()
            await say("\(plan.guest) \(detail)")
            return nil
        } catch {
            Logger.current.warning(
                "a step towards one running guest failed",
                metadata: [
                    "guest": "\(plan.guest)", "host": "\(name(side))", "error": "\(error.detail)",
                ])
            return error
        }
    }

    private func name(_ side: Side) -> String {
        plan.host(side).name
    }
}
