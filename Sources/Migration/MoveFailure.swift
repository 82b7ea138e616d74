import FleetModel
import Policy

/// Why a move ended otherwise than planned, in words for the person who asked for it.
struct MoveFailure: Sendable {
    let plan: MovePlan
    let id: String

    private var operation: String {
        "move \(plan.guest) from \(plan.source.name) to \(plan.destination.name)"
    }

    /// The guest is where it was.
    func unmoved(
        _ failure: ApusError?, _ outcome: (settled: Settled, leftBehind: [String]), abort: AbortReason?,
        remarks: [String]
    ) -> ApusError {
        let state = outcome.settled.source
        let isWell = state.state?.kind == .running || plan.wasPaused
        let whereItIs =
            "\(plan.guest) is \(state.text) on \(plan.source.name)" + (isWell ? ", unharmed" : "")
            + (outcome.settled.destination == .silent ? "; \(plan.destination.name) does not answer" : "")
            + (outcome.leftBehind.isEmpty
                ? "" : "; left behind: \(outcome.leftBehind.joined(separator: "; "))")
        let cleaning = join(
            silence(outcome.settled), outcome.settled.refusal?.hint,
            outcome.leftBehind.isEmpty ? nil : "apus repair \(plan.guest) puts back what was left behind.")
        let besides = failure.map { $0.code == .migrationAborted ? "" : "; libvirt: \($0.detail)" } ?? ""
        switch abort {
        case .signal:
            return ApusError(
                .interrupted, operation, "interrupted; \(whereItIs)\(besides)", hint: cleaning,
                underlying: failure)
        case .timeout(let limit):
            return ApusError(
                .timedOut, operation, "not done within \(limit.text); \(whereItIs)\(besides)",
                hint: join(
                    cleaning, "Give it more time (--timeout), more bandwidth, or a longer stop (--downtime)."),
                underlying: failure)
        case .convergence(let reason):
            return ApusError(
                .didNotConverge, operation, "\(reason); \(whereItIs)\(besides)",
                hint: join(
                    cleaning,
                    "Allow more with --on-stall (throttle, postcopy, suspend), a longer stop (--downtime), or wait for "
                        + "a quieter time; apus show \(id) tells how it went."), underlying: failure)
        case nil:
            let aborted = failure?.code == .migrationAborted
            return ApusError(
                aborted ? .migrationAborted : failure?.code ?? .migrationFailed, operation,
                (aborted ? "aborted by someone else" : failure?.detail ?? "libvirt gave no reason")
                    + "; \(whereItIs)",
                hint: join(
                    cleaning,
                    aborted
                        ? "Somebody ran apus abort or virsh domjobabort; ask, then move again."
                        : failure?.hint), underlying: failure)
        }
    }

    /// The guest has arrived without all that belongs to it.
    func missing(_ what: [String]) -> ApusError {
        ApusError(
            .repairIncomplete, operation,
            "\(plan.guest) has arrived on \(plan.destination.name), but \(what.joined(separator: "; "))",
            hint: "apus repair \(plan.guest) brings what is missing; until then nothing else moves it.")
    }

    func ended(_ failure: ApusError?, _ settled: Settled) -> ApusError {
        ApusError(
            .migrationFailed, operation,
            "\(plan.guest) ended on \(plan.source.name) during the move: it is \(settled.source.text) there",
            hint: "Start it where it is to run: virsh -c \(plan.source.uri) start \(plan.guest).",
            underlying: failure)
    }

    /// The state is not provably good.
    ///
    /// - Parameters:
    ///   - failure: the error of the transfer's own call.
    ///   - settled: what both hosts said.
    ///   - ranThere: the destination was seen to run the guest.
    /// - Returns: the evidence, and what a person may do.
    func notKnown(_ failure: ApusError?, _ settled: Settled, ranThere: Bool = false) -> ApusError {
        guard settled.verdict != .recoverPostCopy else {
            return ApusError(
                .postCopyBroken, "finish the move of \(plan.guest)",
                "its memory is on both hosts and the connection between them stayed broken for "
                    + "\(plan.request.recoverFor.text). \(settled.text(plan))",
                hint:
                    "Mend the network, then apus repair \(plan.guest) pulls the rest (--recover-for gives it longer). Stop "
                    + "neither copy: each holds memory that the other lacks." + deafness(settled),
                underlying: failure)
        }
        let said = failure.map { "\($0.detail)" } ?? "libvirt reported no error"
        if let left = settled.halfLeft {
            return halfLost(
                said, settled, left: plan.host(left), gone: plan.host(left.other), underlying: failure)
        }
        if settled.standsThere {
            return ApusError(
                .stateNotKnown, "finish the move of \(plan.guest)",
                "\(said). \(plan.guest) has left \(plan.source.name) and stands on \(plan.destination.name): "
                    + settled.text(plan),
                hint:
                    "There is no other copy. Mend what stopped it (after an I/O error, the room or the storage of its "
                    + "disks: virsh -c \(plan.destination.uri) domblkerror \(plan.guest)), let it run on (virsh -c "
                    + "\(plan.destination.uri) resume \(plan.guest)), then apus repair \(plan.guest).",
                underlying: failure)
        }
        if ranThere, settled.isGoneThere, settled.source.state?.isActive == true {
            return ApusError(
                .stateNotKnown, "finish the move of \(plan.guest)",
                "\(said). \(plan.guest) had run on \(plan.destination.name), and that copy is gone: "
                    + settled.text(plan),
                hint: "What it wrote meanwhile is on its disks, and an older copy of its memory is on "
                    + "\(plan.source.name). Safest is to end that one and start the guest anew: virsh -c "
                    + "\(plan.source.uri) destroy \(plan.guest). To keep it: apus repair \(plan.guest) --accept"
                    + (settled.sourceState?.kind == .paused
                        ? ", then virsh -c \(plan.source.uri) resume \(plan.guest)." : "."),
                underlying: failure)
        }
        if let choice = choice(settled) {
            return ApusError(
                .stateNotKnown, "finish the move of \(plan.guest)",
                "\(said). Last seen: \(settled.text(plan))",
                hint: choice, underlying: failure)
        }
        return ApusError(
            .stateNotKnown, "finish the move of \(plan.guest)", "\(said). Last seen: \(settled.text(plan))",
            hint: "Do not start \(plan.guest) anywhere before you know which copy is true. apus repair "
                + "\(plan.guest) asks both hosts again; compare virsh -c \(plan.source.uri) domstate --reason "
                + "\(plan.guest) with virsh -c \(plan.destination.uri) domstate --reason \(plan.guest).",
            underlying: failure)
    }

    /// The two commands that a person chooses from, where both hosts said what they have.
    private func choice(_ settled: Settled) -> String? {
        guard settled.source != .silent, settled.destination != .silent else { return nil }
        let states = [settled.sourceState, settled.destinationState]
        func commands(_ verb: String) -> String {
            "virsh -c \(plan.source.uri) \(verb) \(plan.guest), or virsh -c \(plan.destination.uri) \(verb) \(plan.guest); "
                + "then apus repair \(plan.guest)."
        }
        if states.allSatisfy({ $0?.kind == .running }) {
            return "Both may write to the same disks: decide now which one is true, and end the other: "
                + commands("destroy")
        }
        if states.allSatisfy({ $0?.isActive != true }) {
            return "It runs nowhere, and its memory is lost. Start it where its disks are: "
                + commands("start")
        }
        return nil
    }

    /// A post-copy that lost one of its two QEMUs.
    private func halfLost(
        _ said: String, _ settled: Settled, left: Host, gone: Host, underlying failure: ApusError?
    ) -> ApusError {
        ApusError(
            .stateNotKnown, "finish the move of \(plan.guest)",
            "\(said). Its memory was on both hosts, and the copy on \(gone.name) is gone: \(settled.text(plan))",
            hint:
                "What is left on \(left.name) cannot go on: half of its memory is lost. End it (virsh -c \(left.uri) "
                + "destroy \(plan.guest)), let apus repair \(plan.guest) tidy up, and start it anew.",
            underlying: failure)
    }

    /// What may be found on a destination that could not be asked.
    private func silence(_ settled: Settled) -> String? {
        guard settled.destination == .silent else { return nil }
        return
            "When \(plan.destination.name) answers again, a paused copy of \(plan.guest) there never ran: end it with "
            + "virsh -c \(plan.destination.uri) destroy \(plan.guest)."
    }

    /// What a destination needs that waits for a dead connection, and has no remote-shell by which Apus could do it.
    private func deafness(_ settled: Settled) -> String {
        guard settled.destinationState?.reason == "postcopy", plan.destination.remoteShell == nil else {
            return ""
        }
        return
            " QEMU on \(plan.destination.name) still waits for the dead connection: give the host a remote-shell in "
            + "the inventory, or end it there with ss -K 'sport = :PORT', PORT being its own of 49152-49215 (ss -tnp)."
    }

    private func join(_ parts: String?...) -> String? {
        let said = parts.compactMap(\.self)
        return said.isEmpty ? nil : said.joined(separator: " ")
    }
}
