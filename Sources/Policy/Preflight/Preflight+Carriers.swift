import FleetModel

extension Preflight {
    /// Whether apus can carry a live move's connections, where it is to.
    static func relay(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        guard request.relaying == .always, let relay = facts.relay else { return [] }
        var findings = carriers(relay, of: "memory and disks of \(facts.guestName)", facts)
        if let host = relayForbidden(facts) {
            let cause =
                RelayPlan.fits(facts.guest.identity)
                ? "its virt-aa-helper has no rule for migration sockets"
                : "the guest's name is too long for the sockets that it may make"
            findings.append(
                Finding(
                    .relayConfined, .blocker, host: host.name, subject: facts.guestName,
                    detail: "AppArmor on \(host.name) would not let the QEMU of \(facts.guestName) make the "
                        + "relay's socket: \(cause)",
                    hint: "Move it without: --relay never."))
        }
        return findings
    }

    /// The host that confines its guests so that a relay's sockets cannot be made, if there is one.
    static func relayForbidden(_ facts: MoveFacts) -> Host? {
        let host = facts.destination
        switch host.details.relayConfinement?.value {
        case .forbids?: return host.host
        case .allows?: return RelayPlan.fits(facts.guest.identity) ? nil : host.host
        case Optional.none, .some(.none): return nil
        }
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
