import FleetModel

extension Preflight {
    /// Whether each disk is the same bytes on both hosts, or can be copied along.
    static func storage(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        let planner = DiskPlanner(facts, request)
        return planner.decisions.flatMap { decision in
            state(of: decision.disk, decision.copy, facts)
                + (decision.disk.isOnlyRead
                    ? medium(decision.disk, facts)
                    : sharing(decision, facts) + cache(decision, facts))
                + asked(decision, facts)
        } + unknownDisks(facts, request) + targets(planner)
    }

    static func state(of disk: DiskFacts, _ copy: DiskCopy?, _ facts: MoveFacts) -> [Finding] {
        let virsh = facts.source.host.virsh
        func finding(
            _ code: Finding.Code, _ severity: Finding.Severity, _ detail: String, _ hint: String
        ) -> Finding {
            Finding(
                code, severity, host: facts.sourceName, subject: disk.target,
                detail: "disk \(disk.target) of \(facts.guestName) on \(facts.sourceName) \(detail)",
                hint: hint)
        }
        var findings: [Finding] = []
        if !disk.otherUsers.isEmpty, !disk.isOnlyRead, !disk.isShareable {
            findings.append(
                finding(
                    .diskInUse, .blocker, "(\(disk.image)) is in use by \(list(disk.otherUsers)) too",
                    "Find out which of them may write to it and stop the others: two writers destroy what is "
                        + "in it. This finding cannot be ignored."))
        }
        if let reason = disk.otherUsersUnread, !disk.isOnlyRead, !disk.isShareable {
            findings.append(
                unread(
                    disk.target, "whether another guest uses disk \(disk.target) (\(disk.image)) too",
                    of: facts.source.host, because: reason, hint: asking(facts.source.host, "list")))
        }
        if disk.isTransient {
            findings.append(
                finding(
                    .diskTransient, .blocker,
                    "is transient: libvirt throws its writes away, and moves no guest with such a disk",
                    "Take <transient/> out of the disk's definition and restart the guest."))
        }
        if let job = disk.job {
            findings.append(
                finding(
                    .blockJobActive, .blocker,
                    "has a job under way (\(job)), and libvirt moves no guest that has one",
                    "Wait for it (\(virsh) blockjob \(facts.guestName) \(disk.target) --info), or end it "
                        + "(\(virsh) blockjob \(facts.guestName) \(disk.target) --abort)."))
        }
        // A copy in one takes everything along that QEMU sees.
        if !disk.isChainComplete, copy == nil {
            findings.append(
                finding(
                    .diskChainOpen, .warning,
                    "may have further backing images behind \(disk.chain.last?.location.description ?? "it")"
                        + ", which were not looked at",
                    "Follow the chain on \(facts.sourceName) (qemu-img info -U --backing-chain "
                        + "\(disk.image)) and see that \(facts.destinationName) has every image of it."))
        }
        return findings
    }

    /// A disk that the guest writes to.
    private static func sharing(_ decision: DiskPlanner.Decision, _ facts: MoveFacts) -> [Finding] {
        let disk = decision.disk
        let seen = SeenImages(disk)
        let (here, there) = (facts.sourceName, facts.destinationName)
        let subject = "disk \(disk.target) of \(facts.guestName)"
        var findings: [Finding] = []
        switch decision.verdict {
        case .copied(let copy) where !seen.elsewhere.isEmpty:
            findings.append(
                Finding(
                    .diskNotShared, .note, host: there, subject: disk.target,
                    detail: "\(subject) is not the same storage on \(here) and \(there) "
                        + "(\(seen.elsewhere.joined(separator: "; "))), and will be copied: \(copy.amount)",
                    hint: "Nothing to do. --disk \(disk.target)=pool:NAME or a path puts the copy elsewhere; "
                        + "--copy-disks never refuses such a move."))
        case .refused(let refusal) where !refusal.isAsked:
            findings.append(
                Finding(
                    .diskNotShared, .blocker, host: there, subject: disk.target,
                    detail: "\(subject) is not the same storage on \(here) and \(there) "
                        + "(\(seen.elsewhere.joined(separator: "; "))), and is not copied: \(refusal.why)",
                    hint: refusal.hint))
        case .notProven:
            findings.append(
                Finding(
                    .diskNotProven, .blocker, host: there, subject: disk.target,
                    detail: "whether \(subject) is the same storage on \(here) and \(there) is not proven: "
                        + "\(seen.unproven.joined(separator: "; "))"
                        + (disk.isBlockDevice ? "; libvirt would just assume it of a block device" : ""),
                    hint: "If you know that it is the same storage: --ignore disk-not-proven=\(disk.target). "
                        + "If it is not, the guest's data would be lost: copy it, --disk \(disk.target)=PLACE."
                ))
        default: break
        }
        guard decision.copy == nil else { return findings }
        if !seen.unrecognized.isEmpty {
            findings.append(
                Finding(
                    .diskShareUnrecognized, .note, host: here, subject: disk.target,
                    detail: "\(subject) is the same storage on \(here) and \(there) "
                        + "(\(seen.unrecognized.joined(separator: "; "))), which libvirt does not recognize",
                    hint: "Nothing to do: the move tells libvirt that the storage is safe."))
        }
        return findings
    }

    /// A disk that the guest only reads: it has to be there, and nothing is lost.
    static func medium(_ disk: DiskFacts, _ facts: MoveFacts) -> [Finding] {
        let seen = SeenImages(disk)
        let (here, there) = (facts.sourceName, facts.destinationName)
        let kind = disk.device == .cdrom ? "the CD-ROM" : "the read-only disk"
        var findings: [Finding] = []
        if !seen.elsewhere.isEmpty {
            let eject =
                disk.device == .cdrom
                ? ", or eject it (\(facts.source.host.virsh) change-media \(facts.guestName) \(disk.target) "
                    + "--eject --live), or set startupPolicy='optional' on its source"
                : ""
            findings.append(
                Finding(
                    .mediumMissing, .blocker, host: there, subject: disk.target,
                    detail: "\(kind) \(disk.target) of \(facts.guestName) on \(here) is not the same on "
                        + "\(there): \(seen.elsewhere.joined(separator: "; "))",
                    hint: "Copy it to the same path on \(there)\(eject)."))
        }
        if !seen.unproven.isEmpty {
            findings.append(
                unread(
                    disk.target,
                    "whether \(kind) \(disk.target) of \(facts.guestName) is the same on \(there)",
                    of: facts.source.host.remoteShell == nil ? facts.source.host : facts.destination.host,
                    because: seen.unproven.joined(separator: "; ")))
        }
        return findings
    }

    /// What the user asked for a disk and cannot be.
    private static func asked(_ decision: DiskPlanner.Decision, _ facts: MoveFacts) -> [Finding] {
        guard case .refused(let refusal) = decision.verdict, refusal.isAsked else { return [] }
        let disk = decision.disk
        return [
            Finding(
                .diskPlaceUnusable, .blocker, host: facts.destinationName, subject: disk.target,
                detail:
                    "disk \(disk.target) of \(facts.guestName) on \(facts.sourceName) cannot be copied to the "
                    + "place that --disk names: \(refusal.why)",
                hint: refusal.hint)
        ]
    }

    /// Places for disks that the guest has not.
    static func unknownDisks(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        let known = facts.disks.filter { !$0.chain.isEmpty }.map(\.target)
        return request.disks.places.keys.filter { !known.contains($0) }.sorted().map { target in
            Finding(
                .diskPlaceUnusable, .blocker, host: facts.sourceName, subject: target,
                detail:
                    "\(facts.guestName) on \(facts.sourceName) has no disk \(target) with something in it",
                hint: known.isEmpty ? "It has none: leave --disk out." : "It has \(list(known)).")
        }
    }

    /// libvirt calls a cache other than `none` and `directsync` unsafe unless QEMU drops it at the switch, as
    /// its `drop-cache` does since 4.0. Source: `qemuMigrationSrcIsSafe`; QEMU's block-core.json.
    private static func cache(_ decision: DiskPlanner.Decision, _ facts: MoveFacts) -> [Finding] {
        let disk = decision.disk
        let mode = disk.cache ?? "writeback"
        guard !["none", "directsync"].contains(mode), !disk.isShareable, disk.isOnHostFile else { return [] }
        // A copy is written by the destination's QEMU alone: no cache there knows an older state of it.
        let old = [facts.source, facts.destination].first {
            $0.hypervisorVersion < SoftwareVersion(4, 0, 0) && $0.hypervisorVersion != .none
                && decision.copy == nil
        }
        guard old != nil || mode == "unsafe" else { return [] }
        let why =
            old.map { "QEMU \($0.hypervisorVersion) on \($0.host.name) does not drop it at the switch" }
            ?? "what the guest believes written may be lost when \(facts.sourceName) fails"
        return [
            Finding(
                .diskCacheUnsafe, old == nil ? .note : .blocker, host: old?.host.name ?? facts.sourceName,
                subject: disk.target,
                detail:
                    "disk \(disk.target) of \(facts.guestName) on \(facts.sourceName) has cache='\(mode)', "
                    + "and \(why)",
                hint: "Set cache='none' on the disk's driver and restart the guest"
                    + (old == nil ? "." : ", or update QEMU to 4.0 or newer."))
        ]
    }
}

extension DiskFacts {
    fileprivate var isBlockDevice: Bool {
        if case .block = chain.first?.location { true } else { false }
    }

    fileprivate var isOnHostFile: Bool {
        switch chain.first?.location {
        case .file, .block, .other: true
        case .network, nil: false
        }
    }
}
