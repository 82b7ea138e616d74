package import FleetModel

/// Everything that would stop or hurt a move, found before anything is touched.
package enum Preflight {
    /// Worst first; in a fixed order otherwise.
    package static func findings(for facts: MoveFacts, request: MoveRequest) -> [Finding] {
        let all =
            identity(facts) + state(facts) + versions(facts, request) + reach(facts, request)
            + facts.disks.compactMap { storage($0, facts) }
        return all.enumerated()
            .sorted { ($0.element.severity, $0.offset) < ($1.element.severity, $1.offset) }
            .map(\.element)
    }

    private static func identity(_ facts: MoveFacts) -> [Finding] {
        let guest = facts.guest.identity
        let source = facts.source.host.name
        let destination = facts.destination.host.name
        var findings: [Finding] = []
        if let uuid = facts.source.uuid, uuid == facts.destination.uuid {
            // Everything else that looks wrong then (the guest on both!) only follows from this.
            return [
                Finding(
                    .sameHostUUID, .blocker, host: destination, subject: destination,
                    detail: "\(source) and \(destination) report the same host UUID \(uuid)",
                    hint:
                        "If they are two machines, give each its own host_uuid in libvirtd.conf and "
                        + "restart libvirtd."
                )
            ]
        }
        if facts.source.uuid == nil || facts.destination.uuid == nil {
            findings.append(
                Finding(
                    .hostUUIDNotKnown, .note, host: facts.source.uuid == nil ? source : destination,
                    subject: "host UUID", detail: "its libvirt does not tell the host's UUID",
                    hint: "Make sure yourself that \(source) and \(destination) are two machines."))
        }
        if facts.guest.activity == .migratingOut {
            // It is on both hosts because it moves just now; guest-busy says so.
        } else if let twin = facts.sameUUID, twin.state.isActive {
            findings.append(
                Finding(
                    .guestOnTwoHosts, .blocker, host: destination, subject: guest.name,
                    detail:
                        "guest \(guest.name) is \(facts.guest.state) on \(source) and \(twin.state) on "
                        + "\(destination)",
                    hint:
                        "Find out which of the two is the true one before anything else; do not start or "
                        + "move either."
                ))
        } else if let twin = facts.sameUUID, twin.identity.name != guest.name {
            findings.append(
                Finding(
                    .guestUUIDTaken, .blocker, host: destination, subject: guest.name,
                    detail: "the guest \(twin.identity.name) on \(destination) has the UUID of \(guest.name)",
                    hint: "Undefine one of them, or give it a UUID of its own."))
        } else if let twin = facts.sameName, twin.identity.uuid != guest.uuid {
            findings.append(
                Finding(
                    .guestNameTaken, .blocker, host: destination, subject: guest.name,
                    detail:
                        "\(destination) has another guest named \(guest.name) (UUID \(twin.identity.uuid))",
                    hint: "Rename one of them: virsh domrename \(guest.name) NEW-NAME, while it is shut off.")
            )
        } else if let twin = facts.sameUUID {
            findings.append(
                Finding(
                    .definitionReplaced, .note, host: destination, subject: guest.name,
                    detail:
                        "\(destination) has a definition of this guest (\(twin.state)), which will be "
                        + "replaced",
                    hint:
                        "Nothing to do, unless that definition is to be kept: then save it with virsh "
                        + "dumpxml."
                ))
        }
        return findings
    }

    private static func state(_ facts: MoveFacts) -> [Finding] {
        let guest = facts.guest
        if let activity = guest.activity {
            return [
                Finding(
                    .guestBusy, .blocker, host: guest.host, subject: guest.identity.name,
                    detail: "\(guest.identity.name) is busy on \(guest.host): \(activity.rawValue)",
                    hint:
                        "Wait until that has ended (apus status --watch), or end it (apus abort "
                        + "\(guest.identity.name))."
                )
            ]
        }
        guard guest.state.kind != .running, guest.state.kind != .paused else { return [] }
        return [
            Finding(
                .guestNotActive, .blocker, host: guest.host, subject: guest.identity.name,
                detail: "\(guest.identity.name) is \(guest.state) on \(guest.host); "
                    + "this version moves running and paused guests",
                hint:
                    "When it runs nowhere else, start it: virsh -c \(facts.source.host.uri) start "
                    + "\(guest.identity.name)."
            )
        ]
    }

    private static func storage(_ disk: Disk, _ facts: MoveFacts) -> Finding? {
        let source = facts.source.host.name
        let place =
            switch disk.source {
            case .file(let path), .block(let path), .network(let path), .other(let path): path
            case .none: "no medium"
            }
        switch disk.storage {
        case .notNeeded, .shared:
            return nil
        case .local(let system):
            return Finding(
                .diskNotShared, .blocker, host: source, subject: disk.target,
                detail: "disk \(disk.target) of \(facts.guest.identity.name) is \(place) on \(source), "
                    + "on a file system of that host alone (\(system))",
                hint:
                    "Put the disk on storage that \(facts.destination.host.name) sees too (NFS, CephFS, "
                    + "GlusterFS, "
                    + "a network disk) and move again.")
        case .notKnown(let reason):
            return Finding(
                .diskStorageNotKnown, .note, host: source, subject: disk.target,
                detail: "whether disk \(disk.target) (\(place)) is shared is not known: \(reason)",
                hint: "Give \(source) a remote-shell in the inventory. Until then libvirt itself decides.")
        }
    }

    private static func reach(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        let destination = facts.destination.host
        guard request.control == .peerToPeer, destination.peerURI == nil else { return [] }
        return [
            Finding(
                .peerURIMissing, .blocker, host: destination.name, subject: destination.name,
                detail:
                    "how \(facts.source.host.name) reaches the libvirt of \(destination.name) is not known: "
                    + "its uri (\(destination.uri)) names no host",
                hint:
                    "Set peer-uri for \(destination.name) in the inventory (such as qemu+ssh://HOST/system), "
                    + "or use --direct.")
        ]
    }
}
