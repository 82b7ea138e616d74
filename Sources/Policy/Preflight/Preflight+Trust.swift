import FleetModel

extension Preflight {
    /// Certificates, clocks and secrets.
    static func trust(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        certificate(facts, request) + clock(facts) + secrets(facts)
    }

    private static func certificate(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        let host = facts.destination.host
        // Without the source between, it is this machine's own connection, which has proven itself.
        let address = request.control == .peerToPeer ? host.peerURI.flatMap(addressUnderTLS) : nil
        switch facts.destination.details.certificate {
        case .known(let certificate)?:
            return [name(of: certificate, address, facts), age(of: certificate, facts)].compactMap { $0 }
        case let unknown:
            guard address != nil else { return [] }
            return [
                unread(
                    "certificate", "whether the TLS certificate of \(host.name) is good", of: host,
                    because: unknown?.reason ?? "it was not asked")
            ]
        }
    }

    /// The host of a URI whose transport is TLS, as it is where none is named; `nil` for any other transport.
    private static func addressUnderTLS(_ uri: String) -> String? {
        let scheme = uri.prefix { $0 != ":" }
        guard !scheme.contains("+") || scheme.hasSuffix("+tls") else { return nil }
        return HostDefaults(uri: uri).address
    }

    private static func name(
        of certificate: HostDetails.Certificate, _ address: String?, _ facts: MoveFacts
    ) -> Finding? {
        guard let address, !certificate.names.contains(where: { matches($0, address) }) else { return nil }
        let names = certificate.names.isEmpty ? "no name at all" : list(certificate.names)
        return Finding(
            .certificateNameMismatch, .blocker, host: facts.destinationName, subject: address,
            detail: "\(facts.destinationName) is reached as \(address), and its TLS certificate is valid for "
                + names,
            hint: "Issue a certificate whose subjectAltName has \(address) (DNS or IP), or use one of its "
                + "names in peer-uri.")
    }

    private static func age(of certificate: HostDetails.Certificate, _ facts: MoveFacts) -> Finding? {
        let days = bounded(certificate.remaining) / 86400
        guard days < 30 else { return nil }
        let whole = Int(abs(days))
        let when = whole == 0 ? "less than a day" : count(whole, "day")
        let hint =
            "Issue a new one, put it in /etc/pki/libvirt on \(facts.destinationName), then: "
            + "virt-admin server-update-tls libvirtd"
        return days <= 0
            ? Finding(
                .certificateExpired, .blocker, host: facts.destinationName, subject: "certificate",
                detail: "the TLS certificate of \(facts.destinationName) expired \(when) ago", hint: hint)
            : Finding(
                .certificateExpiresSoon, .warning, host: facts.destinationName, subject: "certificate",
                detail: "the TLS certificate of \(facts.destinationName) expires in \(when)", hint: hint)
    }

    /// Whether a certificate's name is the address: a wildcard stands for exactly one whole label, the
    /// leftmost; an IP address has to be the same text. Source: RFC 6125, section 6.4.
    static func matches(_ name: String, _ address: String) -> Bool {
        let name = name.lowercased()
        let address = address.lowercased()
        if name == address { return true }
        let isIP = address.contains(":") || address.allSatisfy { $0.isNumber || $0 == "." }
        guard !isIP else { return false }
        let pattern = labels(name)
        let labels = labels(address)
        guard pattern.count == labels.count, pattern.count > 0 else { return false }
        if pattern == labels { return true }
        // Two labels behind the wildcard at least: `*.org` would be the whole world.
        return pattern.count > 2 && pattern.first == "*" && pattern.dropFirst() == labels.dropFirst()
            && labels.first?.isEmpty == false
    }

    private static func labels(_ name: String) -> [Substring] {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        return labels.last == "" ? labels.dropLast() : labels
    }

    private static func clock(_ facts: MoveFacts) -> [Finding] {
        switch facts.path.clockOffset {
        case .notKnown(let reason):
            return [
                unread(
                    "clock offset",
                    "how far apart the clocks of \(facts.sourceName) and \(facts.destinationName) are",
                    of: facts.destination.host, because: reason, .note)
            ]
        case .known(let clock):
            let offset = bounded(clock.offset)
            let certain = abs(offset) - abs(bounded(clock.error))
            guard certain > 1 else { return [] }
            let ahead = offset > 0 ? "ahead of" : "behind"
            let shown = Duration.seconds(abs(offset))
            return [
                Finding(
                    .clockOffset, certain > 5 ? .warning : .note, host: facts.destinationName,
                    subject: "clock",
                    detail: "the clock of \(facts.destinationName) is \(shown.text) \(ahead) that of "
                        + "\(facts.sourceName): \(facts.guestName) may see time jump, and certificates and "
                        + "logs disagree",
                    hint: "Let both hosts follow the same NTP servers (chronyc tracking on each).")
            ]
        }
    }

    /// In seconds, at most some three thousand years: saved facts may say anything, and `Duration` traps on
    /// the rest.
    private static func bounded(_ duration: Duration) -> Double {
        min(max(duration, .seconds(-100_000_000_000)), .seconds(100_000_000_000)).seconds
    }

    /// What of libvirt's secrets the guest needs.
    static func secrets(_ facts: MoveFacts) -> [Finding] {
        let needs = facts.hardware.secrets
        guard !needs.isEmpty else { return [] }
        let host = facts.destination.host
        switch facts.destination.details.secrets {
        case .notKnown(let reason):
            return [
                unread(
                    "secrets", "whether \(host.name) has the secrets that \(facts.guestName) needs", of: host,
                    because: reason, hint: asking(host, "secret-list"))
            ]
        case .known(let held):
            let held = Set(held)
            return needs.filter { !held.contains($0.reference) }.map { need in
                Finding(
                    .secretMissing, .blocker, host: host.name, subject: need.reference,
                    detail: "\(host.name) does not have the secret \(need.reference), which opens "
                        + "\(need.use) of \(facts.guestName)",
                    hint:
                        "Define it there as on \(facts.sourceName) (\(host.virsh) secret-define SECRET.xml; "
                        + "\(host.virsh) secret-set-value).")
            }
        }
    }
}
