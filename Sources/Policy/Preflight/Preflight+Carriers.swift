import FleetModel

extension Preflight {
    /// Whether apus can carry a live move's connections, where it is to.
    static func relay(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        guard request.relaying == .always, let relay = facts.relay else { return [] }
        var findings = carriers(relay, of: "memory and disks of \(facts.guestName)", facts)
        if let (host, cause) = relayForbidden(facts) {
            findings.append(
                Finding(
                    .relayConfined, .blocker, host: host.name, subject: facts.guestName,
                    detail:
                        "the QEMU of \(facts.guestName) could not use a relay's socket on \(host.name): \(cause)",
                    hint: "Move it without: --relay never."))
        }
        return findings
    }

    /// The host that confines its guests so that a relay's sockets cannot be used, and how; `nil` where none does.
    static func relayForbidden(_ facts: MoveFacts) -> (Host, String)? {
        for host in [facts.source, facts.destination] {
            switch host.details.relayConfinement?.value {
            case .seLinux?:
                return (
                    host.host,
                    "SELinux is enforcing, and the socket would bear no label that QEMU may connect to"
                )
            case .strictAppArmor?:
                return (
                    host.host, "AppArmor confines it, and virt-aa-helper has no rule for migration sockets"
                )
            case .appArmor? where !RelayPlan.fits(facts.guest.identity):
                return (
                    host.host,
                    "AppArmor confines it, and the guest's name does not fit into the sockets that it may make"
                )
            case .appArmor?, .some(.none), nil: continue
            }
        }
        return nil
    }

    /// Whether apus is on both hosts, and the source's reaches the destination's.
    ///
    /// - Parameters:
    ///   - carriers: what was seen of them.
    ///   - load: what they are to carry, in words that fit before "cannot go".
    ///   - facts: of the move.
    /// - Returns: findings.
    static func carriers(_ carriers: Carriers, of load: String, _ facts: MoveFacts) -> [Finding] {
        let (source, destination) = (facts.source.host, facts.destination.host)
        var findings: [Finding] = []
        func missing(_ host: Host, _ what: String, _ hint: String) -> Finding {
            Finding(
                .apusMissing, .blocker, host: host.name, subject: host.name,
                detail: "\(load) cannot go from \(source.name) to \(destination.name): \(what)", hint: hint)
        }
        func install(on host: Host, _ reason: String, _ shell: [String]) -> String {
            reason.contains("there is no")
                ? "Install the same release of apus on \(host.name) (one file, make install), or say where it is: apus: "
                    + "/path/to/apus for \(host.name) in the inventory."
                : "Mend what it says; by hand\(host == destination ? ", on \(source.name)" : ""): "
                    + "\((shell + [host.apus, "--version"]).joined(separator: " "))"
        }
        if let reason = carriers.sender.reason {
            findings.append(
                missing(
                    source, reason,
                    source.remoteShell == nil
                        ? "Give \(source.name) a remote-shell in the inventory, such as [ssh, \(source.name)]."
                        : install(on: source, reason, source.remoteShell ?? [])))
        }
        if let reason = carriers.receiver.reason {
            findings.append(
                missing(
                    destination, reason,
                    destination.shell(from: source) == nil
                        ? "Say how \(source.name) runs a command on \(destination.name): peer-shell: [ssh, "
                            + "\(destination.name)] for \(destination.name) in the inventory."
                        : install(on: destination, reason, destination.shell(from: source) ?? [])))
        }
        if let here = carriers.sender.value, let there = carriers.receiver.value, here != there {
            findings.append(
                Finding(
                    .apusDiffers, .warning, host: destination.name, subject: destination.name,
                    detail: "\(source.name) has apus \(here) and \(destination.name) \(there)",
                    hint:
                        "They understand each other as long as they are one release apart; install the same one."
                ))
        }
        return findings
    }
}
