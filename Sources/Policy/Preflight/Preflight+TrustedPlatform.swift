import FleetModel

extension Preflight {
    /// The guest's TPM and where its state lies.
    static func trustedPlatform(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        switch facts.hardware.tpm {
        case nil: return []
        case .passthrough(let device)?:
            return [
                Finding(
                    .tpmPassthrough, .blocker, host: facts.sourceName, subject: device,
                    detail: "\(facts.guestName) uses \(device), the TPM of \(facts.sourceName) itself, whose "
                        + "keys cannot leave it",
                    hint:
                        "Shut the guest down, give it an emulated TPM (<backend type='emulator'/>) and enrol "
                        + "its keys anew.")
            ]
        case .other(let kind)?:
            return [
                unsupported(
                    "the TPM of \(facts.guestName) on \(facts.sourceName) is of the kind \(kind), which this "
                        + "version of apus cannot judge",
                    "See that \(facts.destinationName) has the same, then --ignore tpm-unsupported.", facts)
            ]
        case .emulator(let version)?:
            return emulated(version, facts) + state(facts)
        }
    }

    private static func emulated(_ version: String?, _ facts: MoveFacts) -> [Finding] {
        // An emulator that could not be asked for is said by the machine's own rule.
        guard let hypervisor = facts.destination.details.hypervisor.value, !hypervisor.emulatesTPM else {
            return []
        }
        return [
            unsupported(
                "\(facts.destinationName) cannot emulate the TPM\(version.map { " \($0)" } ?? "") that "
                    + "\(facts.guestName) has on \(facts.sourceName)",
                "Install swtpm and swtpm-tools on \(facts.destinationName).", facts)
        ]
    }

    private static func unsupported(_ detail: String, _ hint: String, _ facts: MoveFacts) -> Finding {
        Finding(
            .tpmUnsupported, .blocker, host: facts.destinationName, subject: "TPM", detail: detail, hint: hint
        )
    }

    /// Two emulators on one state: libvirt hands it over since 8.10.0. Source: libvirt's news of that
    /// version, "Support migration of vTPM state of QEMU vms on shared storage".
    private static func state(_ facts: MoveFacts) -> [Finding] {
        let since = SoftwareVersion(8, 10, 0)
        let hosts = [facts.source, facts.destination]
        let unreadable = hosts.compactMap { host in
            (host.details.tpmStateFileSystem ?? .notKnown("it was not asked")).reason.map { reason in
                unread(
                    "TPM state", "whether the TPM states of \(host.host.name) lie on shared storage",
                    of: host.host, because: reason)
            }
        }
        guard
            let shared = hosts.first(where: {
                $0.details.tpmStateFileSystem?.value.map(isSharedFileSystem) ?? false
            }), let system = shared.details.tpmStateFileSystem?.value
        else { return unreadable }
        let old = hosts.first { $0.libvirtVersion < since }
        let what =
            "the TPM state of \(facts.guestName) lies on shared storage (\(system) on \(shared.host.name))"
        return unreadable + [
            Finding(
                .tpmStateShared, old == nil ? .warning : .blocker, host: shared.host.name, subject: "TPM",
                detail: old.map {
                    "\(what), and libvirt \($0.libvirtVersion) on \($0.host.name) cannot hand it over"
                }
                    ?? "\(what): the swtpm of both hosts must know --migration",
                hint: old.map { "Update libvirt on \($0.host.name) to \(since) or newer." }
                    ?? "See that swtpm socket --print-capabilities names cmdarg-migration on both hosts.")
        ]
    }

    /// libvirt's own list: `virFileIsSharedFS`.
    private static func isSharedFileSystem(_ kind: String) -> Bool {
        let kind = kind.lowercased()
        return ["nfs", "gfs2", "ocfs2", "afs", "smb", "cifs", "ceph", "gpfs", "quobyte", "glusterfs"]
            .contains { kind.hasPrefix($0) || kind.hasPrefix("fuse.\($0)") }
    }
}
