import FleetModel

extension Preflight {
    /// Whether the guest's own state lets it go.
    static func state(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        [activity(facts) ?? power(facts)].compactMap { $0 } + records(facts, request)
    }

    static func activity(_ facts: MoveFacts) -> Finding? {
        let guest = facts.guest
        guard let activity = guest.activity else { return nil }
        return Finding(
            .guestBusy, .blocker, host: facts.sourceName, subject: facts.guestName,
            detail: "\(facts.guestName) is busy on \(facts.sourceName): \(activity.rawValue)",
            hint: "Wait until that has ended (apus status --watch)"
                + (guest.state.reason.hasPrefix("postcopy")
                    ? "." : ", or end it (apus abort \(facts.guestName))."))
    }

    static func power(_ facts: MoveFacts) -> Finding? {
        let state = facts.guest.state
        if state.kind == .paused, state.reason == "ioerror" {
            return Finding(
                .guestIOError, .blocker, host: facts.sourceName, subject: facts.guestName,
                detail:
                    "\(facts.guestName) stands paused on \(facts.sourceName) after an I/O error of a disk",
                hint: "See which disk (\(facts.source.host.virsh) domblkerror \(facts.guestName)), mend its "
                    + "storage, then \(facts.source.host.virsh) resume \(facts.guestName)")
        }
        guard state.kind != .running, state.kind != .paused else { return nil }
        return Finding(
            .guestNotActive, .blocker, host: facts.sourceName, subject: facts.guestName,
            detail:
                "\(facts.guestName) is \(state) on \(facts.sourceName): it moves when it runs, is paused, saved or shut off",
            hint: "Wait until it is (\(facts.source.host.virsh) domstate \(facts.guestName)), and try again.")
    }

    /// What libvirt keeps about the guest's past, which does not travel.
    private static func records(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        let hardware = facts.hardware
        let virsh = facts.source.host.virsh
        let copied = DiskPlanner(facts, request).copies.map(\.order.disk)
        var findings = snapshots(facts, request, copied)
        if hardware.checkpoints > 0, !copied.isEmpty {
            findings.append(
                Finding(
                    .checkpointsPresent, .blocker, host: facts.sourceName, subject: facts.guestName,
                    detail: "\(facts.guestName) has \(count(hardware.checkpoints, "checkpoint")) on "
                        + "\(facts.sourceName), and \(disks(copied)) would arrive without: an incremental backup on "
                        + "\(facts.destinationName) would have nothing to build on",
                    hint: "Take a last incremental backup, then delete them (\(virsh) checkpoint-delete "
                        + "\(facts.guestName) NAME), or lift this: --ignore checkpoints-present."))
        } else {
            findings += checkpointsLost(facts)
        }
        if hardware.agent == .disconnected {
            findings.append(
                Finding(
                    .guestAgentSilent, .note, host: facts.sourceName, subject: facts.guestName,
                    detail: "the guest agent in \(facts.guestName) on \(facts.sourceName) does not answer",
                    hint: "The move does without it. To have it back, start qemu-guest-agent in the guest."))
        }
        return findings
    }

    /// Checkpoints are libvirt's records of the source alone.
    static func checkpointsLost(_ facts: MoveFacts) -> [Finding] {
        guard facts.hardware.checkpoints > 0 else { return [] }
        return [
            Finding(
                .checkpointsPresent, .warning, host: facts.sourceName, subject: facts.guestName,
                detail: "\(facts.guestName) has \(count(facts.hardware.checkpoints, "checkpoint")) on "
                    + "\(facts.sourceName), which \(facts.destinationName) will not know: an "
                    + "incremental backup then has nothing to build on",
                hint: "Plan a full backup after the move, or save the checkpoints before it "
                    + "(\(facts.source.host.virsh) checkpoint-dumpxml \(facts.guestName) NAME).")
        ]
    }

    /// libvirt moves no guest that has any ("cannot migrate domain with %d snapshots"); Apus carries them to where
    /// their data is.
    private static func snapshots(
        _ facts: MoveFacts, _ request: MoveRequest, _ copied: [String]
    ) -> [Finding] {
        let snapshots = facts.hardware.snapshots
        guard !snapshots.isEmpty else { return [] }
        let belongings = BelongingsPlanner(facts, request)
        let virsh = facts.source.host.virsh
        let has = "\(facts.guestName) has \(count(snapshots.count, "snapshot")) on \(facts.sourceName)"
        let without =
            "Delete those that are no longer needed (\(virsh) snapshot-delete \(facts.guestName) NAME), or move the "
            + "guest over shared storage. With --ignore snapshots-present it goes without them."
        if !copied.isEmpty {
            // What a snapshot goes back to is in the images: inside them, or below the one that is copied.
            return [
                Finding(
                    .snapshotsPresent, .blocker, host: facts.sourceName, subject: facts.guestName,
                    detail: "\(has), and \(disks(copied)) would arrive without what it goes back to: a "
                        + "revert on \(facts.destinationName) would destroy the guest",
                    hint: without)
            ]
        }
        guard belongings.strays.isEmpty else {
            return [
                Finding(
                    .snapshotsPresent, .blocker, host: facts.sourceName, subject: facts.guestName,
                    detail: "\(has) with files of their own (\(list(belongings.strays))), and whether "
                        + "\(facts.destinationName) has the same is not known",
                    hint: without)
            ]
        }
        return [
            Finding(
                .snapshotsPresent, .note, host: facts.sourceName, subject: facts.guestName,
                detail: "\(has); libvirt would not move it with them: they are carried along",
                hint: "See them after the move: \(facts.destination.host.virsh) snapshot-list "
                    + "\(facts.guestName)")
        ]
    }

    private static func disks(_ targets: [String]) -> String {
        "disk\(targets.count == 1 ? "" : "s") \(targets.joined(separator: ", "))"
    }
}
