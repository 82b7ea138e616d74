import FleetModel

extension Preflight {
    /// Whether the guest's own state lets it go.
    static func state(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        [activity(facts) ?? power(facts)].compactMap { $0 } + records(facts)
    }

    private static func activity(_ facts: MoveFacts) -> Finding? {
        let guest = facts.guest
        guard let activity = guest.activity else { return nil }
        return Finding(
            .guestBusy, .blocker, host: facts.sourceName, subject: facts.guestName,
            detail: "\(facts.guestName) is busy on \(facts.sourceName): \(activity.rawValue)",
            hint:
                "Wait until that has ended (apus status --watch), or end it (apus abort \(facts.guestName)).")
    }

    private static func power(_ facts: MoveFacts) -> Finding? {
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
            detail: "\(facts.guestName) is \(state) on \(facts.sourceName); this version moves running and "
                + "paused guests",
            hint: "When it runs nowhere else, start it: \(facts.source.host.virsh) start \(facts.guestName)")
    }

    /// What libvirt keeps about the guest's past, which does not travel.
    private static func records(_ facts: MoveFacts) -> [Finding] {
        let hardware = facts.hardware
        let virsh = facts.source.host.virsh
        var findings: [Finding] = []
        if hardware.snapshots > 0 {
            // libvirt: "cannot migrate domain with %d snapshots"
            findings.append(
                Finding(
                    .snapshotsPresent, .blocker, host: facts.sourceName, subject: facts.guestName,
                    detail: "\(facts.guestName) has \(count(hardware.snapshots, "snapshot")) on "
                        + "\(facts.sourceName), and libvirt moves no guest that has any",
                    hint:
                        "See them: \(virsh) snapshot-list \(facts.guestName). Delete those that are no "
                        + "longer needed: \(virsh) snapshot-delete \(facts.guestName) NAME; with --metadata "
                        + "only libvirt's record goes and the disks keep their data."))
        }
        if hardware.checkpoints > 0 {
            findings.append(
                Finding(
                    .checkpointsPresent, .warning, host: facts.sourceName, subject: facts.guestName,
                    detail: "\(facts.guestName) has \(count(hardware.checkpoints, "checkpoint")) on "
                        + "\(facts.sourceName), which \(facts.destinationName) will not know: an "
                        + "incremental backup then has nothing to build on",
                    hint: "Plan a full backup after the move, or save the checkpoints before it (\(virsh) "
                        + "checkpoint-dumpxml \(facts.guestName) NAME)."))
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
}
