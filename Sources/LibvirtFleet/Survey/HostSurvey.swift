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
        if script.asksHugePage {
            details.defaultHugePage = answers.read("huge-page") { lines in
                ByteCount((lines.first?.first.flatMap { UInt64($0) } ?? 2048) * 1024)
            }
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
        let read = answers.read("certificate") { lines in lines.map { $0.joined(separator: "\t") } }
        switch read {
        case .notKnown(let reason): return .notKnown(reason)
        case .known(let lines):
            func values(_ key: String) -> [String] {
                lines.filter { $0.hasPrefix(key + "\t") }.map { String($0.dropFirst(key.count + 1)) }
            }
            guard let seconds = values("remaining").first.flatMap({ Int64($0) }) else {
                return .notKnown(
                    "none of \(script.certificates.joined(separator: ", ")) could be read with openssl on "
                        + link.host.name)
            }
            // A certificate with alternative names is judged by those alone. Source: RFC 6125, 6.4.4.
            let names = values("name")
            return .known(
                HostDetails.Certificate(
                    names: names.isEmpty ? values("common") : names, remaining: .seconds(seconds)))
        }
    }
}

extension HostAnswers {
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
