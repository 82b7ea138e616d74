import FleetModel
import Policy

/// How a move is brought to its end: what is true is asked of both hosts, and what the move changed is kept or put
/// back accordingly. The engine and `apus repair` end moves with the same lines.
struct MoveEnding<Ports: MovePorts>: Sendable {
    let plan: MovePlan
    let ports: Ports
    let book: MoveBook
    /// Whether a transfer that is still under way is followed to its end.
    let follows: Bool
    /// Whether it is certain that the source never stopped the guest.
    let neverStopped: Bool
    /// Whether the destination was seen to run the guest.
    let ranThere: Bool
    /// Whether the transfer's own call was lost with its connection.
    let isDeaf: Bool
    /// Whether a person has decided that the guest does without what can neither follow it nor be put back.
    var givesUp = false
    let say: @Sendable (String) async -> Void

    /// Where the guest is, and what could not be done about the rest.
    struct Outcome: Sendable {
        let settled: Settled
        /// When both hosts had said so: what comes after is no part of the move's time.
        let settledAt: Ports.MoveClock.Instant
        /// What a person should know, though the guest is well.
        var remarks: [String] = []
        /// What was done for the guest besides moving it.
        var care = ActivationReport()
        /// What the move's relay carried.
        var relayed: RelayedBytes?
        /// What the move changed and could not be put back yet; the journal still knows.
        var leftBehind: [String] = []
        /// What belongs to the guest and has not reached it where it arrived; the journal still knows.
        var missing: [String] = []

        fileprivate mutating func note(_ found: Concluded) {
            switch found {
            case .done: break
            case .remarks(let sentences): remarks += sentences
            case .carried(let bytes):
                relayed = bytes
                remarks.append(
                    "the relay carried \(bytes.content) of memory and disks as \(bytes.wire) on the wire")
            case .autostart(let obstacles):
                care.isAutostarted = obstacles.isEmpty
                remarks += obstacles
            case .clock(let clock): care.clock = clock
            case .addresses(let addresses, let after): (care.addresses, care.watched) = (addresses, after)
            }
        }
    }

    func end() async -> Outcome {
        let settled = await Settler(
            plan: plan, ports: ports, follows: follows, neverStopped: neverStopped,
            ranThere: ranThere, isDeaf: isDeaf, say: say, noteArrival: { book.note(.activation) }
        ).settle()
        var outcome = Outcome(settled: settled, settledAt: ports.clock.now)
        switch settled.verdict {
        case .arrived:
            await keep(&outcome)
        case .unmoved, .ended:
            await putBack(&outcome)
            await removeRemains(&outcome)
        case .dropDestination where settled.refusal != nil:
            // The source has the guest. What never ran there is a person's to end, and its images stay with it.
            await putBack(&outcome, but: plan.destination)
            outcome.leftBehind.append(
                "its copy on \(plan.destination.name), which never ran: \(settled.refusal?.detail ?? "")")
        case .resumeSource, .resumeDestination, .dropSource, .dropDestination, .recoverPostCopy, .unsettled,
            .notKnown:
            // While it is not known where the guest is, nothing more is touched.
            break
        }
        return outcome
    }

    /// Puts back what was changed before the transfer, newest first; what is on one host is left to a later repair.
    func putBack(_ outcome: inout Outcome, but host: Host? = nil) async {
        for record in records(&outcome) where record.host != host?.name {
            do throws(ApusError) {
                try await ports.undo(record)
                try book.forget(record)
            } catch {
                if giveUp(record, error, &outcome) { continue }
                outcome.leftBehind.append("\(record.trace.text) on \(record.host): \(error.detail)")
            }
        }
    }

    /// libvirt defines the guest on the destination before it runs there, and leaves the definition when its QEMU dies.
    private func removeRemains(_ outcome: inout Outcome) async {
        guard plan.isPersistent, !plan.wasDefinedThere, let state = outcome.settled.destinationState,
            !state.isActive
        else { return }
        do throws(ApusError) {
            try await ports.removeDefinition(on: .destination)
        } catch {
            outcome.leftBehind.append("its definition on \(plan.destination.name): \(error.detail)")
        }
    }

    /// The guest lives with it now: what was made for it stays. Only then does anything go from the source.
    private func keep(_ outcome: inout Outcome) async {
        await bring(&outcome)
        for conclusion in plan.conclusions {
            do throws(ApusError) {
                // What cannot be brought back goes only while the guest is seen to be there.
                if conclusion.isFinal, try await ports.guest(on: .destination)?.state.isActive != true {
                    throw ApusError(
                        .stateNotKnown, conclusion.operation,
                        "it is not active on \(plan.destination.name) any more",
                        hint: nil)
                }
                outcome.note(try await ports.conclude(conclusion))
            } catch {
                outcome.remarks.append("could not \(conclusion.operation): \(error.detail)")
            }
        }
        outcome.remarks += outcome.care.remarks(plan.guest, on: plan.destination, from: plan.source)
        for record in records(&outcome) where !record.trace.belongsToGuest {
            do throws(ApusError) {
                try book.forget(record)
            } catch {
                outcome.leftBehind.append("the journal's note of \(record.trace.text): \(error.detail)")
            }
        }
        await tidyDefinitions(&outcome)
    }

    /// What was taken from the guest for the move is forgotten only when the guest has it again.
    private func bring(_ outcome: inout Outcome) async {
        let records: [UndoRecord]
        do throws(ApusError) {
            records = try book.undoable()
        } catch {
            if plan.preparations.contains(where: \.trace.belongsToGuest) {
                outcome.missing.append("what was taken from it for the move is not known: \(error.detail)")
            }
            return
        }
        for record in records where record.trace.belongsToGuest {
            do throws(ApusError) {
                try await ports.bring(record)
            } catch {
                if giveUp(record, error, &outcome) { continue }
                outcome.missing.append("\(record.trace.text) did not follow: \(error.detail)")
                continue
            }
            do throws(ApusError) {
                try book.forget(record)
            } catch {
                outcome.leftBehind.append("the journal's note of \(record.trace.text): \(error.detail)")
            }
        }
    }

    private func giveUp(_ record: UndoRecord, _ error: ApusError, _ outcome: inout Outcome) -> Bool {
        guard givesUp, record.trace.belongsToGuest, (try? book.forget(record)) != nil else { return false }
        outcome.remarks.append("\(record.trace.text) was given up (\(error.detail)): \(record.trace.remains)")
        return true
    }

    private func records(_ outcome: inout Outcome) -> [UndoRecord] {
        do throws(ApusError) {
            return try book.undoable()
        } catch {
            outcome.leftBehind.append("what the journal knows of: \(error.detail)")
            return []
        }
    }

    /// The definition was to go along, and its last copy is never removed.
    private func tidyDefinitions(_ outcome: inout Outcome) async {
        guard plan.isPersistent, let there = try? await ports.guest(on: .destination) else { return }
        guard there.isPersistent else {
            outcome.remarks.append(
                "it has no definition on \(plan.destination.name) and would be gone after a shutdown: "
                    + "save virsh -c \(plan.destination.uri) dumpxml \(plan.guest) and define it")
            return
        }
        guard !plan.request.keepDefinition, outcome.settled.sourceState != nil else { return }
        do throws(ApusError) {
            try await ports.removeDefinition(on: .source)
        } catch {
            outcome.remarks.append(
                "its definition is still on \(plan.source.name) (\(error.detail)): virsh -c \(plan.source.uri) "
                    + "undefine \(plan.guest) --keep-nvram")
        }
    }
}
