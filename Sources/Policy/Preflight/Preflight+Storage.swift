import FleetModel

extension Preflight {
    /// Whether each disk is the same bytes on both hosts.
    static func storage(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        facts.disks.filter { !$0.chain.isEmpty }.flatMap { disk in
            state(of: disk, facts)
                + (disk.isOnlyRead ? medium(disk, facts) : sharing(disk, facts) + cache(disk, facts))
        } + targets(facts)
    }

    private static func state(of disk: DiskFacts, _ facts: MoveFacts) -> [Finding] {
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
        if !disk.isChainComplete {
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
    private static func sharing(_ disk: DiskFacts, _ facts: MoveFacts) -> [Finding] {
        let seen = Seen(disk)
        let (here, there) = (facts.sourceName, facts.destinationName)
        let subject = "disk \(disk.target) of \(facts.guestName)"
        var findings: [Finding] = []
        if !seen.elsewhere.isEmpty {
            findings.append(
                Finding(
                    .diskNotShared, .blocker, host: there, subject: disk.target,
                    detail: "\(subject) is not the same storage on \(here) and \(there): "
                        + seen.elsewhere.joined(separator: "; "),
                    hint: "Put the disk on storage that both hosts see under the same path (NFS, CephFS, "
                        + "GlusterFS, a network disk), or mount that storage on \(there) as well."))
        }
        if !seen.unproven.isEmpty {
            findings.append(
                Finding(
                    .diskNotProven, .blocker, host: there, subject: disk.target,
                    detail: "whether \(subject) is the same storage on \(here) and \(there) is not proven: "
                        + "\(seen.unproven.joined(separator: "; "))"
                        + (disk.isBlockDevice ? "; libvirt would just assume it of a block device" : ""),
                    hint: "If you know that it is the same storage: --ignore disk-not-proven=\(disk.target). "
                        + "If it is not, the guest's data would be lost."))
        }
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
    private static func medium(_ disk: DiskFacts, _ facts: MoveFacts) -> [Finding] {
        let seen = Seen(disk)
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

    /// libvirt calls a cache other than `none` and `directsync` unsafe unless QEMU drops it at the switch, as
    /// its `drop-cache` does since 4.0. Source: `qemuMigrationSrcIsSafe`; QEMU's block-core.json.
    private static func cache(_ disk: DiskFacts, _ facts: MoveFacts) -> [Finding] {
        let mode = disk.cache ?? "writeback"
        guard !["none", "directsync"].contains(mode), !disk.isShareable, disk.isOnHostFile else { return [] }
        let old = [facts.source, facts.destination].first {
            $0.hypervisorVersion < SoftwareVersion(4, 0, 0) && $0.hypervisorVersion != .none
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

/// The images of a chain by what was seen of them, each as `PATH: WHAT WAS SEEN`.
private struct Seen {
    var elsewhere: [String] = []
    var unproven: [String] = []
    var unrecognized: [String] = []

    init(_ disk: DiskFacts) {
        for image in disk.chain {
            switch image.sharing {
            case .proven(_, libvirtAgrees: true): break
            case .proven(let how, libvirtAgrees: false): unrecognized.append("\(image.location): \(how)")
            case .different(let how), .absent(let how): elsewhere.append("\(image.location): \(how)")
            case .notProven(let why): unproven.append("\(image.location): \(why)")
            }
        }
    }
}

extension DiskFacts {
    /// Whether the guest cannot change it.
    fileprivate var isOnlyRead: Bool { isReadOnly || device == .cdrom }

    /// Where the image is that the guest writes to.
    var image: String { chain.first?.location.description ?? "no medium" }

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
