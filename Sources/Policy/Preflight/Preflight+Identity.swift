import FleetModel

extension Preflight {
    /// Two machines, and one guest that is on the source alone.
    static func identity(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        if let uuid = facts.source.uuid, uuid == facts.destination.uuid {
            // Everything else that looks wrong then (the guest on both!) only follows from this.
            return [
                Finding(
                    .sameHostUUID, .blocker, host: facts.destinationName, subject: facts.destinationName,
                    detail: "\(facts.sourceName) and \(facts.destinationName) report the same host UUID "
                        + uuid,
                    hint:
                        "If they are two machines, give each its own host_uuid in libvirtd.conf and "
                        + "restart libvirtd.")
            ]
        }
        return [facts.source, facts.destination].filter { $0.uuid == nil }.map { host in
            unread(
                "host UUID", "whether \(host.host.name) is a machine of its own", of: host.host,
                because: "its libvirt does not tell the host's UUID", .note,
                hint: "Make sure yourself that \(facts.sourceName) and \(facts.destinationName) are two "
                    + "machines.")
        } + [twin(facts)].compactMap { $0 }
    }

    private static func twin(_ facts: MoveFacts) -> Finding? {
        let guest = facts.guest.identity
        let destination = facts.destinationName
        if facts.guest.activity == .migratingOut {
            // It is on both hosts because it moves just now; guest-busy says so.
            return nil
        }
        if let twin = facts.sameUUID, twin.state.isActive {
            return Finding(
                .guestOnTwoHosts, .blocker, host: destination, subject: guest.name,
                detail:
                    "guest \(guest.name) is \(facts.guest.state) on \(facts.sourceName) and \(twin.state) on "
                    + destination,
                hint:
                    "Find out which of the two is the true one before anything else; do not start or move "
                    + "either.")
        }
        if let twin = facts.sameUUID, twin.identity.name != guest.name {
            return Finding(
                .guestUUIDTaken, .blocker, host: destination, subject: guest.name,
                detail: "the guest \(twin.identity.name) on \(destination) has the UUID of \(guest.name)",
                hint: "Undefine one of them, or give it a UUID of its own.")
        }
        if let twin = facts.sameName, twin.identity.uuid != guest.uuid {
            return Finding(
                .guestNameTaken, .blocker, host: destination, subject: guest.name,
                detail: "\(destination) has another guest named \(guest.name) (UUID \(twin.identity.uuid))",
                hint: "Rename one of them while it is shut off: \(facts.destination.host.virsh) domrename "
                    + "\(guest.name) NEW-NAME")
        }
        if let twin = facts.sameUUID {
            return Finding(
                .definitionReplaced, .note, host: destination, subject: guest.name,
                detail: "\(destination) has a definition of \(guest.name) (\(twin.state)), which will be "
                    + "replaced",
                hint:
                    "Nothing to do, unless that definition is to be kept: then save it with "
                    + "\(facts.destination.host.virsh) dumpxml \(guest.name)")
        }
        return nil
    }
}
