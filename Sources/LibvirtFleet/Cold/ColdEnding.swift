import FleetModel
import Migration

/// Brings a cold move to its end when it did not get there by itself: both hosts are asked, and the table decides.
struct ColdEnding: Sendable {
    let steps: ColdSteps
    let story: ColdStory

    private var plan: MovePlan { steps.plan }

    enum Outcome: Sendable {
        /// The destination has the guest; what went differently than planned.
        case arrived([String])
        /// The source has it, and the error to say so with.
        case unmoved(ApusError)
    }

    /// - Parameter cause: why the move did not come to its end by itself.
    /// - Returns: where the guest is.
    /// - Throws: `state-not-known` with the evidence, `repair-incomplete`.
    func end(after cause: ApusError) async throws(ApusError) -> Outcome {
        let isComplete = story.phase >= .commitment
        story.remark(cause.detail)
        let look = await look(isComplete)
        switch verdict(look, isComplete) {
        case .unmoved:
            do throws(ApusError) { try await stay(isComplete) } catch { throw unsettled(error) }
            return .unmoved(await unmoved(cause, look))
        case .arrived: return .arrived([])
        case .finish:
            do throws(ApusError) {
                let remarks = try await finish(look)
                story.enter(.activation)
                return .arrived(remarks)
            } catch {
                throw incomplete(error)
            }
        case .withdraw:
            do throws(ApusError) { try await withdraw() } catch { throw unsettled(error) }
            return .unmoved(await unmoved(cause, look))
        case .notKnown:
            // Nothing was given up yet: what the source had, it has.
            if !isComplete, look.destination == .silent, look.source == .defined || look.source == .active {
                return .unmoved(await unmoved(cause, look))
            }
            let error = notKnown(cause, look)
            story.finish(.notKnown, code: error.code)
            throw error
        }
    }

    /// A guest that was saved for its move goes on where it was.
    ///
    /// - Returns: whether it had to be.
    @discardableResult
    func goOn() async throws(ApusError) -> Bool {
        for record in try story.undoable() {
            guard case .saved = record.trace else { continue }
            let wasDue = try await steps.definition.goOn()
            try story.forget(record)
            return wasDue
        }
        return false
    }

    func verdict(_ look: ColdSteps.Look, _ isComplete: Bool) -> ColdSettlement {
        ColdSettlement.decide(
            source: look.source, destination: look.destination, isComplete: isComplete,
            wasDefinedThere: plan.wasDefinedThere, changed: look.changed)
    }

    /// What both hosts say, and where the guest's files were written to since all of them had arrived.
    func look(_ isComplete: Bool) async -> ColdSteps.Look {
        var look = await steps.look()
        let present: [ColdSettlement.Presence] = [.defined, .active]
        guard isComplete, present.contains(look.source), present.contains(look.destination) else {
            return look
        }
        let records = (try? story.undoable()) ?? []
        for case .sealed(let here, let there) in records.map(\.trace) {
            guard let now = try? await steps.seal() else {
                // What cannot be looked at counts as changed: then nobody guesses.
                look.changed = [.source, .destination]
                return look
            }
            let files = steps.cold.files
            if ColdSteps.haveImagesChanged(files, from: here, to: now.source) { look.changed.insert(.source) }
            if ColdSteps.haveImagesChanged(files, from: there, to: now.destination) {
                look.changed.insert(.destination)
            }
        }
        // Its memory was gone on from, or thrown away.
        if steps.cold.saved != nil, look.source == .defined, look.sourceState?.kind != .saved {
            look.changed.insert(.source)
        }
        return look
    }

    /// The rest of a move whose guest is on the destination with everything.
    func finish(_ look: ColdSteps.Look) async throws(ApusError) -> [String] {
        // It runs there: it is the guest, and its definition there is not touched any more.
        guard look.destination != .active else {
            // Loaded to be saved again, and not further than that.
            if let saved = steps.cold.saved, look.destinationState?.kind == .paused {
                try await steps.takeOver(saved)
            }
            try await steps.giveUpSource()
            return []
        }
        return try await steps.complete()
    }

    /// The guest ran on its source meanwhile: the destination's is an older one.
    func withdraw() async throws(ApusError) {
        try await steps.keepSource()
        // Never the only one: a guest that ran without a definition may just have ended.
        guard try await steps.definition.guest(on: steps.source)?.isPersistent == true else {
            throw ApusError(
                .stateNotKnown, steps.operation,
                "\(plan.source.name) has no definition of \(plan.guest) any more",
                hint: "apus repair \(plan.guest)")
        }
        try await steps.definition.undefine(on: steps.destination)
        try await putBack()
    }

    /// The guest is its source's: where all had arrived, what was done about that is taken back.
    func stay(_ isComplete: Bool) async throws(ApusError) {
        guard isComplete else { return }
        try await steps.keepSource()
        try await putBack()
    }

    /// From here on what lies in the places on the destination is not the move's any more.
    private func putBack() async throws(ApusError) {
        for record in try story.undoable() {
            guard case .sealed(_, let there) = record.trace else { continue }
            try await steps.putBack(there)
            try story.forget(record)
        }
    }

    /// The guest is the destination's: nothing of it is to be taken back any more.
    ///
    /// - Returns: what could not be done.
    func tidy() async -> [String] {
        var remarks: [String] = []
        do throws(ApusError) {
            for record in try story.undoable() { try story.forget(record) }
        } catch {
            remarks.append("the journal still has notes of it: \(error.detail); apus repair \(plan.guest)")
        }
        if steps.cold.saved != nil { await steps.removeArrivedMemory() }
        return remarks
    }

    /// What the guest leaves behind, where its user wants that gone: last of all, when it is seen to be well.
    ///
    /// - Returns: what could not be done.
    func removeSource() async -> [String] {
        var remarks: [String] = []
        for case .removeImage(let path) in plan.conclusions {
            do throws(ApusError) {
                try await SourceImages(link: steps.source, guest: plan.guest).remove(path)
            } catch {
                remarks.append("could not \(error.operation): \(error.detail)")
            }
        }
        for remark in remarks { story.remark(remark) }
        return remarks
    }

    // MARK: Errors

    /// What arrived stays for the next attempt, and is in the journal: `apus repair` takes it away.
    private func unmoved(_ cause: ApusError, _ before: ColdSteps.Look) async -> ApusError {
        let kept = story.phase >= .stopAndCopy || story.goesOn
        do throws(ApusError) { try await goOn() } catch {
            story.finish(.notKnown, code: .repairIncomplete)
            return ApusError(
                .repairIncomplete, cause.operation,
                "\(cause.detail). \(plan.guest) is saved on \(plan.source.name), with its memory, and could not be let "
                    + "run on: \(error.detail)",
                hint:
                    "Mend what it says, then apus repair \(plan.guest), or virsh -c \(plan.source.uri) start "
                    + "\(plan.guest).", underlying: error)
        }
        let look = plan.request.isWarm ? await steps.look() : before
        if !kept {
            for record in (try? story.undoable()) ?? [] { try? story.forget(record) }
        }
        story.finish(
            [.interrupted, .migrationAborted].contains(cause.code) ? .aborted : .failed, code: cause.code)
        let place =
            look.sourceState.map { "\(plan.guest) is \($0) on \(plan.source.name), as it was" }
            ?? "\(plan.guest) is on \(plan.source.name)"
        let rest =
            kept
            ? "What has arrived on \(plan.destination.name) is kept: the same command goes on from there, and apus "
                + "repair \(plan.guest) takes it away."
            : nil
        return ApusError(
            cause.code, cause.operation, "\(cause.detail). \(place)",
            hint: [cause.hint, rest].compactMap(\.self).joined(separator: " "), findings: cause.findings,
            underlying: cause)
    }

    private func incomplete(_ error: ApusError) -> ApusError {
        story.finish(.notKnown, code: .repairIncomplete)
        return ApusError(
            .repairIncomplete, steps.operation,
            "everything of \(plan.guest) is on \(plan.destination.name), and the last steps failed: \(error.detail)",
            hint:
                "Start it on neither host. Mend what it says, then apus repair \(plan.guest) finishes the move.",
            underlying: error)
    }

    private func unsettled(_ error: ApusError) -> ApusError {
        story.finish(.notKnown, code: .repairIncomplete)
        return ApusError(
            .repairIncomplete, steps.operation,
            "\(plan.guest) stays on \(plan.source.name), and what its move had done could not be taken back: "
                + error.detail,
            hint:
                "Do not start it on \(plan.destination.name). Mend what it says, then apus repair \(plan.guest).",
            underlying: error)
    }

    func notKnown(_ cause: ApusError?, _ look: ColdSteps.Look) -> ApusError {
        let said = cause.map { "\($0.detail). " } ?? ""
        let changed = look.changed.map { "its files on \(plan.host($0).name) were written to since" }.sorted()
        return ApusError(
            .stateNotKnown, steps.operation,
            ([
                "\(said)\(plan.guest) is \(look.source.words) on \(plan.source.name) and \(look.destination.words) on "
                    + plan.destination.name
            ] + changed).joined(separator: "; "),
            hint:
                "When both hosts answer: apus repair \(plan.guest). If it is there twice, find out which one is newer (its "
                + "disks, and what it wrote last), then give up the other: virsh -c \(plan.source.uri) undefine --keep-nvram "
                + "--keep-tpm --snapshots-metadata \(plan.guest), or the same with -c \(plan.destination.uri). Of one that "
                + "is saved, --managed-save gives its memory up, too.", underlying: cause
        )
    }
}
