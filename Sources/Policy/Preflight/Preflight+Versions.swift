import FleetModel

extension Preflight {
    /// What a move asks of libvirt, and since when libvirt has it. Source: libvirt's own "Since" notes.
    private struct Need {
        let what: String
        let since: SoftwareVersion
    }

    static func versions(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        var needs = [Need(what: "migration with typed parameters", since: SoftwareVersion(1, 1, 0))]
        if request.downtimeLimit != nil {
            needs.append(
                Need(what: "downtime limit that can be read and put back", since: SoftwareVersion(3, 7, 0)))
        }
        return [facts.source, facts.destination].flatMap { host in
            needs.filter { host.libvirtVersion < $0.since }.map { need in
                Finding(
                    .libvirtTooOld, .blocker, host: host.host.name, subject: "libvirt \(host.libvirtVersion)",
                    detail: "libvirt \(host.libvirtVersion) on \(host.host.name) has no \(need.what)",
                    hint: "Update libvirt on \(host.host.name) to \(need.since) or newer.")
            }
        }
            + [
                downgrade(
                    "QEMU", from: facts.source.hypervisorVersion, to: facts.destination.hypervisorVersion,
                    facts),
                downgrade(
                    "libvirt", from: facts.source.libvirtVersion, to: facts.destination.libvirtVersion,
                    facts),
            ].compactMap { $0 }
    }

    /// A guest may have state that an older program cannot read; distributions test upwards only.
    private static func downgrade(
        _ program: String, from source: SoftwareVersion, to destination: SoftwareVersion, _ facts: MoveFacts
    ) -> Finding? {
        guard destination < source, destination != .none else { return nil }
        return Finding(
            .versionDowngrade, .warning, host: facts.destinationName, subject: program,
            detail: "\(facts.destinationName) has \(program) \(destination), older than \(source) on "
                + "\(facts.sourceName): moves are tested towards newer versions only",
            hint: "Update \(program) on \(facts.destinationName) first, or expect that the move may fail and "
                + "\(facts.guestName) stay where it is.")
    }
}
