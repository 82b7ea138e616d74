import DomainXML
import FleetModel
import Libvirt

/// What a check wants to know of one host, for one guest.
struct HostSurvey: Sendable {
    let link: HostLink
    let shell: OpenShell
    let guest: GuestReading
    /// What the remote shell is asked besides what it always is.
    let script: HostScript

    /// Both ways at once: libvirt, and the remote shell.
    ///
    /// - Throws: `ApusError` when libvirt cannot even tell what the host is.
    func facts() async throws(ApusError) -> (facts: HostFacts, answers: HostAnswers) {
        async let told = shell.ask(script)
        let capabilities = await capabilities()
        var facts = try await link.ask { (connection) throws(LibvirtError) in
            try await FleetReader().facts(of: link.host, connection, capabilities)
        }
        var details = await libvirtDetails(capabilities)
        if facts.hypervisorVersion == .none, let known = details.hypervisor.value {
            // What libvirt remembers of a QEMU that has just gone is no QEMU.
            details.hypervisor = .known(known.withoutEmulator)
        }
        let answers = await told
        details.links = answers.read("links") { lines in
            lines.compactMap { line in
                guard line.count == 3, let kind = HostDetails.Link.Kind(rawValue: line[1]) else { return nil }
                return HostDetails.Link(name: line[0], kind: kind, mtu: Int(line[2]) ?? 0)
            }
        }
        details.addresses = answers.read("addresses") { lines in
            // `2: eth0    inet 192.0.2.11/24 brd …`
            lines.compactMap { $0.first?.split(separator: " ").dropFirst(3).first }
                .map { String($0.prefix { $0 != "/" }) }
        }
        details.ownName = answers.read("name") { lines in
            HostDetails.OwnName(
                name: lines.first?.first ?? "", addresses: Set(lines.dropFirst().compactMap(\.first)).sorted()
            )
        }
        details.catchesFaults = answers.catchesFaults
        details.ports = portRange(answers)
        details.presentPaths = presentPaths(answers)
        if !script.certificates.isEmpty { details.certificate = certificate(answers) }
        if script.encryption != nil { details.encryption = encryption(answers) }
        if script.asksHugePage {
            details.defaultHugePage = answers.read("huge-page") { lines in
                ByteCount((lines.first?.first.flatMap { UInt64($0) } ?? 2048) * 1024)
            }
        }
        if script.asksRelay {
            details.processorLoad = answers.reading("load", { Double($0) })
            details.relayConfinement = answers.reading(
                "confinement", { HostDetails.Confinement(rawValue: $0) })
        }
        if guest.hardware.tpm != nil {
            details.tpmStateFileSystem = answers.read("file-systems") { _ in
                answers.fileSystem(of: HostSurvey.tpmStates)?.kind ?? ""
            }
        }
        facts.details = details
        return (facts, answers)
    }

    /// Where libvirt keeps the states of emulated TPMs. Source: libvirt's `virqemudriverconfig`.
    static let tpmStates = "/var/lib/libvirt/swtpm"

    // MARK: Over the remote shell

    private func portRange(_ answers: HostAnswers) -> Reading<HostDetails.PortRange> {
        let configured = answers.read("range") { $0.map { $0.joined(separator: " ") } }.value ?? []
        func bound(_ name: String) -> Int? {
            configured.last { $0.hasPrefix(name) }.flatMap { Int($0.dropFirst(name.count + 1)) }
        }
        let first = bound("min") ?? 49152
        let last = max(first, bound("max") ?? 49215)
        return answers.read("listening") { lines in
            let ports = Set(lines.compactMap(\.first).compactMap { Int($0, radix: 16) })
            return HostDetails.PortRange(
                first: first, last: last, used: ports.count { $0 >= first && $0 <= last })
        }
    }

    private func presentPaths(_ answers: HostAnswers) -> Reading<[String]> {
        guard !guest.hardware.paths.isEmpty || guest.hardware.firmware != nil else { return .known([]) }
        return answers.read("paths") { lines in
            let there = Set(lines.compactMap(\.first))
            return guest.neededPaths.filter { there.contains($0.looked) }.map(\.path)
        }
    }

    private func certificate(_ answers: HostAnswers) -> Reading<HostDetails.Certificate> {
        switch answers.lines("certificate") {
        case .failure(let why): return .notKnown(why.reason)
        case .success(let lines):
            guard let certificate = HostDetails.Certificate(lines) else {
                return .notKnown(
                    "none of \(script.certificates.joined(separator: ", ")) could be read with openssl on "
                        + link.host.name)
            }
            return .known(certificate)
        }
    }

    private func encryption(_ answers: HostAnswers) -> Reading<HostDetails.Encryption> {
        switch answers.lines("encryption") {
        case .failure(let why): return .notKnown(why.reason)
        case .success(let lines):
            let directory = lines.first { $0.first == "directory" }?.last ?? ""
            if lines.contains(["hidden"]) {
                return .notKnown("\(directory) cannot be looked into by the user that commands run as")
            }
            let missing = lines.filter { $0.first == "missing" }.compactMap(\.last)
            let certificate = HostDetails.Certificate(lines)
            if certificate == nil,
                !missing.contains(where: { $0.hasSuffix("-cert.pem") && $0 != "ca-cert.pem" })
            {
                return .notKnown("the certificate in \(directory) could not be read with openssl")
            }
            return .known(
                HostDetails.Encryption(directory: directory, missing: missing, certificate: certificate))
        }
    }
}

extension HostAnswers {
    /// The first word of a section.
    func reading<Value: Sendable & Hashable & Codable>(
        _ section: String, _ change: (String) -> Value?
    ) -> Reading<Value> {
        switch lines(section) {
        case .success(let lines):
            lines.first?.first.flatMap(change).map { .known($0) }
                ?? .notKnown("the host's answer cannot be read")
        case .failure(let why): .notKnown(why.reason)
        }
    }

    /// A section, turned into a value; or why it is not known.
    func read<Value: Sendable & Hashable & Codable>(
        _ section: String, _ change: ([[String]]) -> Value
    ) -> Reading<Value> {
        switch lines(section) {
        case .success(let lines): .known(change(lines))
        case .failure(let why): .notKnown(why.reason)
        }
    }
}

extension HostDetails.Certificate {
    /// From what `HostScript` says of a certificate; `nil` where it could not be read.
    fileprivate init?(_ lines: [[String]]) {
        func values(_ key: String) -> [String] {
            lines.filter { $0.first == key }.map { $0.dropFirst().joined(separator: "\t") }
        }
        guard let seconds = values("remaining").first.flatMap({ Int64($0) }) else { return nil }
        // A certificate with alternative names is judged by those alone. Source: RFC 6125, 6.4.4.
        let names = values("name")
        self.init(names: names.isEmpty ? values("common") : names, remaining: .seconds(seconds))
    }
}
