import FleetModel

/// What stands against the move of a guest that does not run.
extension Preflight {
    typealias Rule = @Sendable (MoveFacts, MoveRequest) -> [Finding]

    /// What only the next start needs is a warning, unless the guest is to be started, or has its memory with it.
    static func coldRules(_ facts: MoveFacts, _ request: MoveRequest) -> [Rule] {
        let start: [Rule] = [machine, devices, paths, interfaces, trustedPlatform]
        let always: [Rule] = [
            identity, coldState, policy, coldDisks, statesThere, carriage, slots,
            { facts, _ in secrets(facts) },
        ]
        guard request.starts || ColdPlanner(facts, request).isSaved else {
            return always + start.map { rule in { rule($0, $1).map(\.asWarning) } }
        }
        return always + start + [versions, processor, timeStamps]
            + (request.starts || request.isWarm ? [memory, processors] : [])
    }

    /// Snapshots go along inside of the images.
    private static func coldState(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        let hardware = facts.hardware
        let virsh = facts.source.host.virsh
        let planner = ColdPlanner(facts, request)
        var findings = facts.guest.state.isActive ? [activity(facts) ?? power(facts)].compactMap(\.self) : []
        let strays = BelongingsPlanner(facts, request).strays
        let moved = planner.plan.relocations.keys.sorted()
        if !hardware.snapshots.isEmpty, !strays.isEmpty || !moved.isEmpty {
            let why =
                strays.isEmpty
                ? "name disk \(list(moved)) where it is now, and it would be elsewhere"
                : "have files of their own (\(list(strays))), which do not go along"
            findings.append(
                Finding(
                    .snapshotsPresent, .blocker, host: facts.sourceName, subject: facts.guestName,
                    detail: "\(facts.guestName) has \(count(hardware.snapshots.count, "snapshot")) on "
                        + "\(facts.sourceName) that \(why)",
                    hint:
                        "Delete those that are no longer needed (\(virsh) snapshot-delete \(facts.guestName) NAME)"
                        + (strays.isEmpty ? ", or leave --disk out." : ".")))
        }
        return findings + checkpointsLost(facts)
    }

    // MARK: Disks

    private static func coldDisks(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        let planner = ColdPlanner(facts, request)
        var promised: [String: Double] = [:]
        return planner.decisions.flatMap { decision -> [Finding] in
            disk(decision, facts)
                + decision.sendings.flatMap { arrival($0, decision.disk, &promised, facts) }
        } + unknownDisks(facts, request)
    }

    private static func disk(_ decision: ColdPlanner.Decision, _ facts: MoveFacts) -> [Finding] {
        let disk = decision.disk
        let seen = SeenImages(disk)
        let (here, there) = (facts.sourceName, facts.destinationName)
        var findings = state(of: disk, nil, facts).filter {
            $0.code != .diskTransient && $0.code != .diskChainOpen
        }
        if !disk.isChainComplete, !disk.isOnlyRead {
            findings.append(
                Finding(
                    .diskChainOpen, .blocker, host: here, subject: disk.target,
                    detail:
                        "what is below \(disk.image), disk \(disk.target) of \(facts.guestName) on \(here), "
                        + "could not be found out, and would be left behind",
                    hint: facts.source.host.remoteShell == nil
                        ? "Give \(here) a remote-shell in the inventory, such as [ssh, \(here)]."
                        : "See what qemu-img info --backing-chain -U \(disk.image) says on \(here); qemu-utils has it."
                ))
        }
        switch decision.verdict {
        case .shared: break
        case .medium: findings += medium(disk, facts)
        case .notProven:
            findings.append(
                Finding(
                    .diskNotProven, .blocker, host: there, subject: disk.target,
                    detail:
                        "whether disk \(disk.target) of \(facts.guestName) is the same storage on \(here) and "
                        + "\(there) is not proven: \(seen.unproven.joined(separator: "; "))",
                    hint:
                        "If you know that it is: --ignore disk-not-proven=\(disk.target). If it is not, its data "
                        + "would be left behind: send it, --disk \(disk.target)=PLACE."))
        case .sent(let sendings):
            let size = ByteCount(rounding: sendings.reduce(0) { $0 + Double($1.file.size?.bytes ?? 0) })
            findings.append(
                Finding(
                    .diskNotShared, .note, host: there, subject: disk.target,
                    detail:
                        "disk \(disk.target) of \(facts.guestName) is not the same storage on \(here) and \(there)"
                        + ", and will be sent: \(count(sendings.count, "file")), \(size)",
                    hint:
                        "Nothing to do. --disk \(disk.target)=pool:NAME or a path puts it elsewhere; --copy-disks "
                        + "never refuses such a move."))
        case .refused(let refusal):
            findings.append(
                Finding(
                    refusal.isAsked ? .diskPlaceUnusable : .diskNotShared, .blocker, host: there,
                    subject: disk.target,
                    detail:
                        "disk \(disk.target) of \(facts.guestName) on \(here) cannot be sent to \(there): "
                        + refusal.why, hint: refusal.hint))
        }
        return findings
    }

    /// What an image would find where it goes.
    private static func arrival(
        _ sending: ColdPlanner.Sending, _ disk: DiskFacts, _ promised: inout [String: Double],
        _ facts: MoveFacts
    ) -> [Finding] {
        let path = sending.file.destination
        let directory = parentDirectory(of: path)
        let size = sending.file.size ?? .zero
        switch sending.place {
        case .notKnown(let reason):
            return [
                unread(
                    disk.target, "whether \(path) fits \(facts.destinationName)", of: facts.destination.host,
                    because: reason)
            ]
        case .known(let place):
            let before = promised[directory, default: 0]
            promised[directory] = before + Double(size.bytes)
            let target = Target(
                disk: disk.target, path: path, space: size,
                mayReplace: facts.cold?.ours.contains(path) == true)
            return self.target(target, place, before: before, facts)
        }
    }

    // MARK: What the firmware and the TPM keep

    /// Under the guest's name or UUID the destination may have what nobody else has: the keys of a TPM. A definition that
    /// is there says that it is an older one of this guest's, and so does an earlier move.
    private static func statesThere(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        let going = ColdPlanner(facts, request).files.filter(\.isState)
        guard let cold = facts.cold, facts.sameUUID == nil, !going.isEmpty else { return [] }
        let host = facts.destination.host
        guard let there = cold.there.value else {
            return [
                unread(
                    "guest-state",
                    "whether \(host.name) has UEFI variables or a TPM state of \(facts.guestName) already",
                    of: host,
                    because: cold.there.reason ?? "", .blocker)
            ]
        }
        let digests = Dictionary(
            (cold.files.value ?? []).map { ($0.path, $0.digest) }, uniquingKeysWith: { $1 })
        let strange = there.filter { file in
            let isSame = file.digest != nil && digests[file.path] == file.digest
            return !isSame && !cold.ours.contains(file.path) && going.contains { $0.destination == file.path }
        }
        return [(ColdFacts.Kind.firmware, "UEFI variables"), (.tpm, "a TPM state")].compactMap { kind, what in
            let paths = strange.filter { $0.kind == kind }.map(\.path)
            guard !paths.isEmpty else { return nil }
            return Finding(
                .guestStateExists, .blocker, host: host.name, subject: kind.rawValue,
                detail:
                    "\(host.name) has \(what) under the name or UUID of \(facts.guestName) (\(list(paths))), other than "
                    + "\(facts.sourceName) has, though no such guest is defined there and no move is known to have left that",
                hint:
                    "Find out whose that is. To keep it, move it aside on \(host.name): "
                    + paths.map { "mv \($0) \($0).old" }.joined(separator: "; ")
                    + ". To have it replaced: --ignore guest-state-exists=\(kind.rawValue)")
        }
    }

    // MARK: The way

    /// Whether apus is on both hosts, where files have to go.
    private static func carriage(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        let planner = ColdPlanner(facts, request)
        guard let cold = facts.cold else { return [] }
        let source = facts.source.host
        var findings: [Finding] = []
        if let reason = cold.files.reason {
            let needs =
                facts.hardware.tpm != nil || facts.hardware.firmware?.variables != nil || planner.isSaved
            findings.append(
                unread(
                    "files", "which files \(source.name) keeps for \(facts.guestName) besides its disks",
                    of: source,
                    because: reason, needs ? .blocker : .note))
        }
        guard !planner.files.isEmpty else { return findings }
        return findings + carriers(cold.carriers, of: "the files of \(facts.guestName)", facts)
    }
}

extension Finding {
    /// The same, where it does not stop the move.
    fileprivate var asWarning: Finding {
        guard severity == .blocker, code != .tpmPassthrough else { return self }
        return Finding(code, .warning, host: host, subject: subject, detail: detail, hint: hint)
    }
}
