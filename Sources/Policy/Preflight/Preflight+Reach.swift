import FleetModel

extension Preflight {
    /// Whether the source reaches the destination.
    static func reach(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        (request.control == .peerToPeer ? control(facts) : []) + data(facts) + ownName(facts) + ports(facts)
    }

    private static func control(_ facts: MoveFacts) -> [Finding] {
        let (here, destination) = (facts.sourceName, facts.destination.host)
        guard let uri = destination.peerURI else {
            return [
                Finding(
                    .peerURIMissing, .blocker, host: destination.name, subject: destination.name,
                    detail: "how \(here) reaches the libvirt of \(destination.name) is not known: its uri "
                        + "(\(destination.uri)) names no host",
                    hint: "Set peer-uri for \(destination.name) in the inventory (such as "
                        + "qemu+ssh://HOST/system), or use --direct.")
            ]
        }
        guard let probe = facts.path.control else { return [] }
        let port = "port \(probe.number) of \(probe.address)"
        let seen: String
        switch probe.answer {
        case .known(.open): return []
        case .known(.refused): seen = "nothing listens on \(port)"
        case .known(.unreachable(let reason)): seen = "\(port) does not answer (\(reason))"
        case .notKnown(let reason):
            return [
                unread(
                    "control port", "whether \(here) reaches the libvirt of \(destination.name) (\(port))",
                    of: facts.source.host, because: reason)
            ]
        }
        return [
            Finding(
                .destinationUnreachable, .blocker, host: destination.name, subject: destination.name,
                detail: "\(here) cannot reach the libvirt of \(destination.name): \(seen)",
                hint: "On \(here): virsh -c \(uri) version. Then see to the route, the firewall and the "
                    + "daemon on \(destination.name), or use --direct. This finding cannot be ignored.")
        ]
    }

    private static func data(_ facts: MoveFacts) -> [Finding] {
        let (here, destination) = (facts.sourceName, facts.destination.host)
        guard let probe = facts.path.data else {
            // A name that leads back to the host itself is said by its own rule.
            return destination.migrationAddress == nil && ownLoops(facts).isEmpty
                ? [
                    unread(
                        "migration address", "where the memory would flow on \(destination.name)",
                        of: destination,
                        because: "the inventory gives it no migration-address: its libvirt will name the "
                            + "host's own name",
                        hint: "Set migration-address for \(destination.name) in the inventory.")
                ] : []
        }
        let port = "port \(probe.number) of \(probe.address)"
        switch probe.answer {
        // Nothing listens there until a move begins: to be refused is to be reached.
        case .known(.open), .known(.refused): return []
        case .known(.unreachable(let reason)):
            let range = facts.destination.details.ports.value ?? HostDetails.PortRange(used: 0)
            return [
                Finding(
                    .dataPortUnreachable, .blocker, host: destination.name, subject: probe.address,
                    detail: "\(here) cannot send memory to \(destination.name): \(port) does not answer "
                        + "(\(reason))",
                    hint: "Open TCP \(range.first)-\(range.last) on \(destination.name) for \(here) (such as "
                        + "nft insert rule inet filter input tcp dport \(range.first)-\(range.last) accept), "
                        + "or set another migration-address.")
            ]
        case .notKnown(let reason):
            return [
                unread(
                    "data port", "whether \(here) can send memory to \(destination.name) (\(port))",
                    of: facts.source.host, because: reason)
            ]
        }
    }

    /// Without an address of ours, libvirt sends the memory to what the destination calls itself. Source:
    /// libvirt's "hostname on destination resolved to localhost, but migration requires an FQDN".
    private static func ownName(_ facts: MoveFacts) -> [Finding] {
        let destination = facts.destination.host
        let isNeeded = destination.migrationAddress == nil
        switch facts.destination.details.ownName {
        case .notKnown(let reason):
            return [
                unread(
                    "host name", "what \(destination.name) resolves its own name to", of: destination,
                    because: reason, isNeeded ? .warning : .note)
            ]
        case .known(let own):
            let loops = ownLoops(facts)
            guard !loops.isEmpty else { return [] }
            return [
                Finding(
                    .hostnameLoopback, isNeeded ? .blocker : .note, host: destination.name, subject: own.name,
                    detail: "\(destination.name) resolves its own name \(own.name) to \(list(loops)), "
                        + (isNeeded
                            ? "and \(facts.sourceName) would send the memory to itself"
                            : "which does no harm while it has a migration-address"),
                    hint: "Put the host's real address beside \(own.name) in /etc/hosts on "
                        + "\(destination.name)"
                        + (isNeeded ? ", or set its migration-address in the inventory." : "."))
            ]
        }
    }

    private static func ownLoops(_ facts: MoveFacts) -> [String] {
        (facts.destination.details.ownName.value?.addresses ?? []).filter(isLoopback)
    }

    private static func ports(_ facts: MoveFacts) -> [Finding] {
        let destination = facts.destination.host
        switch facts.destination.details.ports {
        case .notKnown(let reason):
            return [
                unread(
                    "ports", "how many ports \(destination.name) has left for moves", of: destination,
                    because: reason, .note)
            ]
        case .known(let range):
            let total = count(of: range)
            let isFull = range.used >= total
            guard isFull || Double(range.used) > Double(total) * 0.8 else { return [] }
            return [
                Finding(
                    .portsShort, isFull ? .blocker : .warning, host: destination.name, subject: "ports",
                    detail: "\(range.used) of the \(total) ports \(range.first)-\(range.last) that "
                        + "moves to \(destination.name) can use are taken",
                    hint: "See who holds them (ss -tlnp on \(destination.name)), or widen migration_port_max "
                        + "in its qemu.conf and the firewall.")
            ]
        }
    }

    /// 0 for a range that ends before it begins.
    private static func count(of range: HostDetails.PortRange) -> Int {
        let (span, overflows) = range.last.subtractingReportingOverflow(range.first)
        guard range.first <= range.last else { return 0 }
        return overflows || span == .max ? .max : span + 1
    }
}
