import FleetModel

extension Preflight {
    /// What a move asks of libvirt, and since when libvirt has it. Source: libvirt's own "Since" notes.
    private struct Need {
        let what: String
        let since: SoftwareVersion
    }

    static func versions(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        var needs = [Need(what: "a migration with typed parameters", since: SoftwareVersion(1, 1, 0))]
        if request.downtimeLimit != nil {
            needs.append(
                Need(what: "a downtime limit that can be read and put back", since: SoftwareVersion(3, 7, 0)))
        }
        return [facts.source, facts.destination].flatMap { host in
            needs.filter { host.libvirtVersion < $0.since }.map { need in
                Finding(
                    .libvirtTooOld, .blocker, host: host.host.name, subject: "libvirt \(host.libvirtVersion)",
                    detail:
                        "libvirt \(host.libvirtVersion) on \(host.host.name) has no "
                        + "\(need.what.dropFirst(2))",
                    hint: "Update libvirt on \(host.host.name) to \(need.since) or newer.")
            }
        }
    }
}
