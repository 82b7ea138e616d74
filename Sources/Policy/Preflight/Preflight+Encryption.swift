import FleetModel

extension Preflight {
    /// The certificates that QEMU encrypts the move with, where it is to be encrypted.
    static func encryption(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        guard request.tls else { return [] }
        return encryption(of: facts.source, facts) + encryption(of: facts.destination, facts)
            + certificateName(facts)
    }

    private static func encryption(of host: HostFacts, _ facts: MoveFacts) -> [Finding] {
        let name = host.host.name
        guard case .known(let files)? = host.details.encryption else {
            return [
                unread(
                    "encryption", "whether \(name) has what QEMU needs to encrypt the move", of: host.host,
                    because: host.details.encryption?.reason ?? "it was not asked")
            ]
        }
        var findings: [Finding] = []
        if !files.missing.isEmpty {
            findings.append(
                Finding(
                    .tlsFilesMissing, .blocker, host: name, subject: files.directory,
                    detail: "the move is to be encrypted, and \(name) has no \(list(files.missing)) in "
                        + files.directory,
                    hint:
                        "Put them there, or name another folder as migrate_tls_x509_cert_dir in its qemu.conf: "
                        + "docs/tls.md says what belongs into it."))
        }
        let days = files.certificate.map { $0.remaining.days } ?? .infinity
        let role = name == facts.sourceName ? "client-cert.pem" : "server-cert.pem"
        if days < 30 {
            let whole = Int(abs(days))
            let when = whole == 0 ? "less than a day" : count(whole, "day")
            findings.append(
                Finding(
                    days <= 0 ? .certificateExpired : .certificateExpiresSoon,
                    days <= 0 ? .blocker : .warning,
                    host: name, subject: role,
                    detail: days <= 0
                        ? "the certificate that \(name) encrypts moves with expired \(when) ago"
                        : "the certificate that \(name) encrypts moves with expires in \(when)",
                    hint:
                        "Issue a new one and put it in \(files.directory) on \(name); the next move reads it."
                ))
        }
        return findings
    }

    /// QEMU on the source compares the name, as text for an address.
    private static func certificateName(_ facts: MoveFacts) -> [Finding] {
        let host = facts.destination.host
        guard let certificate = facts.destination.details.encryption?.value?.certificate,
            let name = host.tlsName ?? host.migrationAddress,
            !certificate.names.contains(where: { matches($0, name) })
        else { return [] }
        let names = certificate.names.isEmpty ? "no name at all" : list(certificate.names)
        return [
            Finding(
                .certificateNameMismatch, .blocker, host: host.name, subject: name,
                detail:
                    "the certificate that \(host.name) encrypts moves with has to bear the name \(name), and is "
                    + "valid for \(names)",
                hint:
                    "Issue one whose subjectAltName has \(name) (DNS or IP), or give \(host.name) one of its names as "
                    + "tls-name in the inventory.")
        ]
    }
}

extension Duration {
    /// At most some three thousand years either way: saved facts may say anything.
    fileprivate var days: Double {
        Swift.min(Swift.max(self, .seconds(-100_000_000_000)), .seconds(100_000_000_000)).seconds / 86400
    }
}
