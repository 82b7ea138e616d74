import DomainXML
package import FleetModel
import Libvirt

/// Which processor runs on several hosts, and which hosts run a guest's processor.
package struct CPUAdvisor: Sendable {
    private let connector: HostConnector

    package init(connector: HostConnector = HostConnector()) {
        self.connector = connector
    }

    /// KVM on the hosts' own architecture, with libvirt's default emulator.
    private static let kvm = HypervisorKind(
        emulator: nil, architecture: nil, machine: nil, virtualization: "kvm")

    /// The richest `<cpu>` that runs on all of the hosts.
    ///
    /// - Parameter hosts: two or more make sense; one gives its own host model.
    /// - Returns: the baseline, what each host loses by it, and which running guests would not fit.
    /// - Throws: `ApusError` with `host-unreachable`, `permission-denied`, or `libvirt-failed` where hosts have
    ///   nothing in common.
    package func baseline(_ hosts: [Host]) async throws(ApusError) -> CPUBaseline {
        var links: [HostLink] = []
        var models: [String] = []
        for host in hosts {
            let link = HostLink(host: host, connector: connector)
            models.append(try await hostModel(link))
            links.append(link)
        }
        guard let judge = try await oldest(links) else {
            throw ApusError(
                .libvirtFailed, "make a baseline", "no host was named", hint: "apus cpu baseline HOST…")
        }
        let documents = models
        let xml = try await judge.use { (connection) throws(LibvirtError) in
            try await connection.baselineCPU(
                documents, for: Self.kvm, expandFeatures: false, migratable: true)
        }
        let common = try await features(of: xml, by: judge, Self.kvm)
        var losses: [CPUBaseline.Loss] = []
        var misfits: [CPUBaseline.Misfit] = []
        var notJudged: [String] = []
        for (link, model) in zip(links, models) {
            let own = try await features(of: model, by: link, Self.kvm)
            losses.append(CPUBaseline.Loss(host: link.host.name, features: own.subtracting(common).sorted()))
            for guest in try await runningGuests(on: link) {
                do throws(ApusError) {
                    // What its own host lacks, it does not truly have.
                    let more = try await features(of: guest.cpu, by: link, guest.kind).intersection(own)
                        .subtracting(common)
                    if !more.isEmpty {
                        misfits.append(
                            CPUBaseline.Misfit(
                                guest: guest.name, host: link.host.name, features: more.sorted()))
                    }
                } catch {
                    notJudged.append("\(guest.name) on \(link.host.name): \(error.detail)")
                }
            }
        }
        return CPUBaseline(xml: xml, losses: losses, misfits: misfits, notJudged: notJudged)
    }

    /// A guest's live processor against each of some hosts, its own first.
    ///
    /// - Throws: `ApusError` with `unknown-guest`, `guest-ambiguous`, `host-unreachable`, `permission-denied`.
    package func compare(
        guest: String, with hosts: [Host], inventory: Inventory
    ) async throws(ApusError) -> (guest: Guest, verdicts: [(host: String, verdict: CPUFacts.Verdict)]) {
        let links = inventory.hosts.map { HostLink(host: $0, connector: connector) }
        let located = try await GuestLocator(guest: guest, links: links).locate()
        let processor = try await processor(of: located.guest, on: located.link)
        var verdicts: [(host: String, verdict: CPUFacts.Verdict)] = []
        for host in [located.link.host] + hosts.filter({ $0 != located.link.host }) {
            let link = HostLink(host: host, connector: connector)
            guard let processor else {
                verdicts.append((host.name, .fits))
                continue
            }
            do throws(ApusError) {
                let comparison = try await link.use { (connection) throws(LibvirtError) in
                    try await connection.compareCPU(processor.cpu, for: processor.kind)
                }
                verdicts.append((host.name, CPUFacts.Verdict(comparison)))
            } catch {
                verdicts.append((host.name, .notKnown(error.detail)))
            }
        }
        return (located.guest, verdicts)
    }

    private struct Processor: Sendable {
        let name: String
        let cpu: String
        let kind: HypervisorKind
    }

    private func hostModel(_ link: HostLink) async throws(ApusError) -> String {
        let text = try await link.use { (connection) throws(LibvirtError) in
            try await connection.domainCapabilities(for: Self.kvm)
        }
        guard let xml = (try? DomainCapabilities(parsing: text))?.processors.hostModel?.xml else {
            throw ApusError(
                .libvirtFailed, "read the processor of \(link.host.name)",
                "libvirt on \(link.host.name) offers no host model for KVM guests",
                hint: "virsh -c \(link.host.uri) domcapabilities --virttype kvm shows what it offers.")
        }
        return xml
    }

    /// An older libvirt knows fewer models; what it names, the others know too.
    private func oldest(_ links: [HostLink]) async throws(ApusError) -> HostLink? {
        var found: (link: HostLink, version: LibraryVersion)?
        for link in links {
            let version = try await link.use { (connection) throws(LibvirtError) in
                try await connection.libvirtVersion()
            }
            if found.map({ version < $0.version }) ?? true { found = (link, version) }
        }
        return found?.link
    }

    /// Every feature by name, the model's own included.
    private func features(
        of cpu: String, by link: HostLink, _ kind: HypervisorKind
    ) async throws(ApusError) -> Set<String> {
        let xml = try await link.use { (connection) throws(LibvirtError) in
            try await connection.baselineCPU([cpu], for: kind, expandFeatures: true, migratable: false)
        }
        let features = (try? CPUDefinition(parsing: xml))?.features ?? []
        return Set(features.filter(\.isRequired).map(\.name))
    }

    private func runningGuests(on link: HostLink) async throws(ApusError) -> [Processor] {
        let summaries = try await link.use { (connection) throws(LibvirtError) in
            try await connection.domains().filter { $0.id != nil }
        }
        var processors: [Processor] = []
        for summary in summaries {
            let guest = Guest(summary, host: link.host)
            // One that ended between the two questions runs nowhere.
            if let processor = try? await processor(of: guest, on: link),
                processor.kind.virtualization == "kvm"
            {
                processors.append(processor)
            }
        }
        return processors
    }

    /// `nil` for a guest with QEMU's default processor.
    private func processor(of guest: Guest, on link: HostLink) async throws(ApusError) -> Processor? {
        let reference = DomainReference.uuid(guest.identity.uuid)
        let xml = try await link.use { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.xml(.migratable)
            }
        }
        guard let definition = try? GuestDefinition(parsing: xml), let cpu = definition.cpu else {
            return nil
        }
        let virtualization = definition.accelerator == .qemu ? "qemu" : "kvm"
        return Processor(
            name: guest.identity.name, cpu: cpu.xml,
            kind: HypervisorKind(
                emulator: definition.emulator, architecture: definition.architecture,
                machine: definition.machine, virtualization: virtualization))
    }
}
