import FleetModel

extension Preflight {
    /// What the guest's interfaces are plugged into.
    static func interfaces(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        var plugs: [Plug] = []
        for interface in facts.interfaces {
            if let known = plugs.firstIndex(where: { $0.matches(interface) }) {
                plugs[known].interfaces.append(interface.name)
            } else {
                plugs.append(
                    Plug(
                        connection: interface.connection, portGroup: interface.portGroup,
                        interfaces: [interface.name]))
            }
        }
        return plugs.flatMap { findings(for: $0, facts) }
    }

    /// One thing on the host, and the interfaces that are plugged into it.
    private struct Plug {
        let connection: InterfaceFacts.Connection
        let portGroup: String?
        var interfaces: [String]

        func matches(_ interface: InterfaceFacts) -> Bool {
            connection == interface.connection && portGroup == interface.portGroup
        }

        func words(_ guest: String) -> String {
            "the interface\(interfaces.count == 1 ? "" : "s") \(list(interfaces)) of \(guest)"
        }
    }

    private static func findings(for plug: Plug, _ facts: MoveFacts) -> [Finding] {
        let there = facts.destinationName
        switch plug.connection {
        case .none: return []
        case .bridge(let name):
            return link(name, .bridge, "bridge", .bridgeMissing, plug, facts)
        case .openVSwitch(let name):
            return link(name, .openVSwitch, "Open vSwitch bridge", .bridgeMissing, plug, facts)
        case .macvtap(let name):
            return link(name, nil, "network device", .networkDeviceMissing, plug, facts)
        case .network(let name):
            return network(name, plug, facts)
        case .vhostUser(let socket):
            return [
                Finding(
                    .vhostUserInterface, .warning, host: there, subject: socket,
                    detail:
                        "\(plug.words(facts.guestName)) \(plug.interfaces.count == 1 ? "ends" : "end") in "
                        + "the vhost-user socket \(socket) of \(facts.sourceName); whether a switch serves "
                        + "that on \(there) cannot be seen from outside",
                    hint: "See that the same switch (such as Open vSwitch with DPDK) runs on \(there) and "
                        + "uses \(socket) with the same features.")
            ]
        case .other(let kind):
            return [
                unread(
                    "interface", "what \(plug.words(facts.guestName)) (\(kind)) needs on \(there)",
                    of: facts.destination.host, because: "this version of apus does not know that kind",
                    hint: "See yourself that \(there) can plug it in as \(facts.sourceName) does.")
            ]
        }
    }

    // MARK: devices of the host

    private static func link(
        _ name: String, _ kind: HostDetails.Link.Kind?, _ noun: String, _ code: Finding.Code, _ plug: Plug,
        _ facts: MoveFacts
    ) -> [Finding] {
        let there = facts.destinationName
        switch facts.destination.details.links {
        case .notKnown(let reason):
            return [
                unread(
                    name, "whether \(there) has the \(noun) \(name) for \(plug.words(facts.guestName))",
                    of: facts.destination.host, because: reason)
            ]
        case .known(let links):
            guard let link = links.first(where: { $0.name == name }) else {
                return [missing(name, noun, code, "\(there) has no \(noun) \(name)", plug, facts)]
            }
            guard kind == nil || link.kind == kind else {
                return [missing(name, noun, code, "\(name) on \(there) is no \(noun)", plug, facts)]
            }
            return mtu(of: name, link, plug, facts)
        }
    }

    private static func missing(
        _ name: String, _ noun: String, _ code: Finding.Code, _ seen: String, _ plug: Plug, _ facts: MoveFacts
    ) -> Finding {
        let there = facts.destinationName
        let command =
            switch plug.connection {
            case .openVSwitch:
                ": ovs-vsctl add-br \(name), with the uplink that it has on \(facts.sourceName)"
            case .bridge:
                ": ip link add \(name) type bridge, with the uplink that it has on \(facts.sourceName), and "
                    + "make it permanent"
            default: " as on \(facts.sourceName)"
            }
        return Finding(
            code, .blocker, host: there, subject: name,
            detail: "\(seen), which \(plug.words(facts.guestName)) "
                + "\(plug.interfaces.count == 1 ? "is" : "are") plugged into on \(facts.sourceName)",
            hint: "Set it up on \(there)\(command).")
    }

    /// Packets that fit the source's device and not the destination's would vanish after the move.
    private static func mtu(
        of name: String, _ there: HostDetails.Link, sourceName: String? = nil, _ plug: Plug,
        _ facts: MoveFacts
    ) -> [Finding] {
        let nameHere = sourceName ?? name
        switch facts.source.details.links {
        case .notKnown(let reason):
            return [
                unread(
                    "MTU", "what MTU \(nameHere) has on \(facts.sourceName)", of: facts.source.host,
                    because: reason, .note)
            ]
        case .known(let links):
            guard let here = links.first(where: { $0.name == nameHere }), there.mtu < here.mtu else {
                return []
            }
            return [
                Finding(
                    .mtuDiffers, .warning, host: facts.destinationName, subject: name,
                    detail: "\(name) has an MTU of \(there.mtu) on \(facts.destinationName) and \(nameHere) "
                        + "one of \(here.mtu) on \(facts.sourceName): larger packets of \(facts.guestName) "
                        + "get lost after the move",
                    hint: "On \(facts.destinationName): ip link set \(name) mtu \(here.mtu), its uplink "
                        + "likewise, and make it permanent.")
            ]
        }
    }

    // MARK: libvirt's networks

    private static func network(_ name: String, _ plug: Plug, _ facts: MoveFacts) -> [Finding] {
        let (there, host) = (facts.destinationName, facts.destination.host)
        switch facts.destination.details.networks {
        case .notKnown(let reason):
            return [
                unread(
                    name, "whether \(there) has the network \(name) for \(plug.words(facts.guestName))",
                    of: host, because: reason, hint: asking(host, "net-list --all"))
            ]
        case .known(let networks):
            guard let network = networks.first(where: { $0.name == name }) else {
                return [
                    Finding(
                        .networkMissing, .blocker, host: there, subject: name,
                        detail: "\(there) has no network \(name), which \(plug.words(facts.guestName)) "
                            + "\(plug.interfaces.count == 1 ? "is" : "are") plugged into on "
                            + facts.sourceName,
                        hint: "Define it as on \(facts.sourceName): \(facts.source.host.virsh) net-dumpxml "
                            + "\(name) > net.xml; \(host.virsh) net-define net.xml; \(host.virsh) net-start "
                            + name)
                ]
            }
            return state(of: network, plug, facts) + mtu(of: network, plug, facts)
        }
    }

    private static func state(
        of network: HostDetails.Network, _ plug: Plug, _ facts: MoveFacts
    ) -> [Finding] {
        let (there, host) = (facts.destinationName, facts.destination.host)
        var findings: [Finding] = []
        if !network.isActive {
            findings.append(
                Finding(
                    .networkInactive, .blocker, host: there, subject: network.name,
                    detail: "the network \(network.name) on \(there) is not started, and "
                        + "\(plug.words(facts.guestName)) \(plug.interfaces.count == 1 ? "needs" : "need") "
                        + "it",
                    hint: "\(host.virsh) net-start \(network.name); \(host.virsh) net-autostart "
                        + network.name))
        }
        if let group = plug.portGroup, !network.portGroups.contains(group) {
            findings.append(
                Finding(
                    .portGroupMissing, .blocker, host: there, subject: network.name,
                    detail: "the network \(network.name) on \(there) has no port group \(group), which "
                        + "\(plug.words(facts.guestName)) \(plug.interfaces.count == 1 ? "asks" : "ask") for",
                    hint: "Add the <portgroup> as on \(facts.sourceName): \(host.virsh) net-edit "
                        + network.name))
        }
        return findings
    }

    private static func mtu(of network: HostDetails.Network, _ plug: Plug, _ facts: MoveFacts) -> [Finding] {
        guard let bridge = network.bridge,
            let link = facts.destination.details.links.value?.first(where: { $0.name == bridge }),
            let here = facts.source.details.networks.value?.first(where: { $0.name == network.name })?.bridge
        else { return [] }
        return mtu(of: bridge, link, sourceName: here, plug, facts)
    }
}
