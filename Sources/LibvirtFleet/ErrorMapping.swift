import FleetModel
import Libvirt

extension ApusError {
    /// Says in our words what libvirt said about a host.
    init(_ error: LibvirtError, host: Host) {
        let detail = "\(host.name): \(error.message)"
        let lower = error.message.lowercased()
        switch error.code {
        case .noConnection, .remoteFailure, .systemError, .authenticationFailed, .internalError,
            .accessDenied:
            if lower.contains("permission denied") || lower.contains("authentication")
                || error.code == .accessDenied
            {
                self.init(
                    .permissionDenied, error.operation, detail,
                    hint: "Run as root, or let this user manage guests on \(host.name) "
                        + "(group libvirt, or an ssh key that is accepted there).",
                    underlying: error)
            } else if error.operation.hasPrefix("connect") {
                self.init(
                    .hostUnreachable, error.operation, detail,
                    hint:
                        "See whether \(host.name) is up and its libvirtd runs: virsh -c \(host.uri) version.",
                    underlying: error)
            } else if lower.contains("client socket is closed") || lower.contains("broken pipe")
                || lower.contains("end of file") || lower.contains("connection reset")
                || lower.contains("cannot recv data") || lower.contains("keepalive")
            {
                self.init(
                    .connectionLost, error.operation, detail,
                    hint: "See whether \(host.name) and its libvirtd are up: virsh -c \(host.uri) version.",
                    underlying: error)
            } else {
                self.init(
                    .libvirtFailed, error.operation, detail,
                    hint: "The libvirtd log on \(host.name) has more.", underlying: error)
            }
        default:
            self.init(
                .libvirtFailed, error.operation, detail, hint: "The libvirtd log on \(host.name) has more.",
                underlying: error)
        }
    }

    /// Says in our words why a migration's call failed.
    ///
    /// - Parameters:
    ///   - error: libvirt's.
    ///   - guest: which guest.
    ///   - source: the host that it leaves.
    ///   - destination: the host that it goes to.
    ///   - isEncrypted: whether its memory goes through TLS.
    ///   - tlsName: the name that the destination's certificate has to bear then, where that is known.
    init(
        migration error: LibvirtError, guest: GuestIdentity, source: Host, destination: Host,
        isEncrypted: Bool = false, tlsName: String? = nil
    ) {
        let operation = "move \(guest) from \(source.name) to \(destination.name)"
        let lower = error.message.lowercased()
        switch error.code {
        case _ where isEncrypted && Self.isAboutTLS(lower):
            let name =
                tlsName.map { "bear the name \($0)" } ?? "bear the name that its libvirt gives the host"
            self.init(
                .migrationFailed, operation,
                "the encrypted connection from \(source.name) to \(destination.name) was refused, or broke: "
                    // QEMU repeats itself line by line.
                    + (error.message.split(separator: "\n").first.map(String.init) ?? error.message),
                hint:
                    "The server-cert.pem of \(destination.name) has to \(name), and both hosts have to trust each "
                    + "other's authority: apus check \(guest) --to \(destination.name) --tls looks at that, and the "
                    + "QEMU log of \(guest) on \(source.name) has the reason. Another name is tls-name in the inventory.",
                underlying: error)
        case .operationAborted:
            self.init(
                .migrationAborted, operation, "the move of \(guest) was aborted", hint: nil, underlying: error
            )
        case .operationFailed where lower.contains("canceled") || lower.contains("cancelled"):
            self.init(
                .migrationAborted, operation, "the move of \(guest) was aborted", hint: nil, underlying: error
            )
        case .migrateUnsafe:
            self.init(
                .migrationFailed, operation, "libvirt calls the move unsafe: \(error.message)",
                hint:
                    "A disk of \(guest) is not on storage that \(source.name) and \(destination.name) share, "
                    + "or its cache mode is not none or directsync.",
                underlying: error)
        case .cpuIncompatible:
            self.init(
                .migrationFailed, operation,
                "the processor of \(destination.name) does not fit \(guest): \(error.message)",
                hint:
                    "Compare virsh domcapabilities on both hosts, or give \(guest) a CPU model that both "
                    + "have.",
                underlying: error)
        case .noSupport, .operationUnsupported, .argumentUnsupported, .configUnsupported:
            self.init(
                .migrationFailed, operation, "\(error.message)",
                hint:
                    "libvirt or QEMU on \(source.name) or \(destination.name) is too old for this, or "
                    + "built without it: "
                    + "apus hosts shows their versions.",
                underlying: error)
        case .operationFailed where lower.contains("migration of disk"):
            self.init(
                .migrationFailed, operation, "\(error.message)",
                hint: lower.contains("no space left")
                    ? "The storage of \(destination.name) that the copy goes to is full: make room there (df -h), or "
                        + "name another place with --disk."
                    : "The QEMU logs of \(guest) on \(source.name) and \(destination.name) "
                        + "(/var/log/libvirt/qemu/\(guest).log) have more.",
                underlying: error)
        case _
        where lower.contains("unable to connect") || lower.contains("failed to connect")
            || lower.contains("cannot recv data"):
            self.init(
                .migrationFailed, operation, error.message,
                hint:
                    "\(source.name) must reach \(destination.peerURI ?? destination.uri) and the ports "
                    + "49152-49215 of "
                    + "\(destination.migrationAddress ?? destination.name). Try from \(source.name): "
                    + "virsh -c \(destination.peerURI ?? destination.uri) version.",
                underlying: error)
        default:
            self.init(
                .migrationFailed, operation, error.message,
                hint: "The libvirtd and QEMU logs of \(guest) on \(source.name) and \(destination.name) "
                    + "(/var/log/libvirt/qemu/\(guest).log) have more.",
                underlying: error)
        }
    }

    /// Whether a message speaks of certificates or of an encrypted channel, as QEMU's do.
    private static func isAboutTLS(_ message: String) -> Bool {
        ["tls", "certificate", "x509", "credentials"].contains { message.contains($0) }
    }
}
