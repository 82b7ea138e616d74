import ArgumentParser
import FleetModel
import LibvirtFleet

/// `apus cpu`
struct CPUCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cpu", abstract: "Says which processor fits which hosts.",
        discussion: "Example: apus cpu baseline alpha beta", subcommands: [Baseline.self, Compare.self])

    /// `apus cpu baseline`
    struct Baseline: CommandWithOptions {
        static let configuration = CommandConfiguration(
            commandName: "baseline", abstract: "Prints the <cpu> that runs on all of the hosts.",
            discussion: """
                Example: apus cpu baseline alpha beta

                Below it: which features each host loses by it, and which of the running guests have more.
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var state: StateOptions

        @Argument(help: "The hosts (default: every host of the inventory).") var host: [String] = []

        func run() async throws {
            let inventory = try common.readInventory()
            let hosts = try host.isEmpty ? inventory.hosts : host.map { try inventory.host(named: $0) }
            let baseline = try await CPUAdvisor().baseline(hosts)
            if common.json {
                Envelope(
                    command: "cpu", changed: false, result: BaselineReport(baseline: baseline), error: nil
                ).print()
            } else {
                Console.print(text(baseline))
            }
        }

        private func text(_ baseline: CPUBaseline) -> String {
            var lines = [baseline.xml]
            for loss in baseline.losses {
                lines.append(
                    "\(loss.host) loses \(loss.features.isEmpty ? "nothing" : loss.features.joined(separator: ", "))"
                )
            }
            for misfit in baseline.misfits {
                lines.append(
                    "\(misfit.guest) on \(misfit.host) would not fit: it has "
                        + misfit.features.joined(separator: ", "))
            }
            lines += baseline.notJudged.map { "not judged: \($0)" }
            return lines.joined(separator: "\n")
        }
    }

    /// `apus cpu compare`
    struct Compare: CommandWithOptions {
        static let configuration = CommandConfiguration(
            commandName: "compare", abstract: "Compares a running guest's processor with hosts.",
            discussion: """
                Example: apus cpu compare web01 beta gamma

                Exit status 2 when a host lacks a feature that the guest's own host has.
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var state: StateOptions

        @Argument(help: "The guest: its name or UUID.") var guest: String

        @Argument(help: "The hosts (default: every host of the inventory).") var host: [String] = []

        func run() async throws {
            let inventory = try common.readInventory()
            let hosts = try host.isEmpty ? inventory.hosts : host.map { try inventory.host(named: $0) }
            let (guest, verdicts) = try await CPUAdvisor().compare(
                guest: guest, with: hosts, inventory: inventory)
            let own = verdicts.first?.verdict.features ?? []
            let rows = verdicts.map { host, verdict in
                HostVerdict(host, verdict, beyond: own)
            }
            if common.json {
                Envelope(
                    command: "cpu", changed: false,
                    result: ComparisonReport(guest: guest.identity.name, host: guest.host, hosts: rows),
                    error: nil
                ).print()
            } else {
                var table = Table([("HOST", .left), ("FITS", .left), ("WHY", .left)])
                for row in rows { table.add([row.host, row.fits, row.reason]) }
                Console.print("\(guest.identity) runs on \(guest.host).")
                Console.print(table.text())
            }
            if rows.contains(where: { $0.fits == "no" }) { throw ExitStatus.blocked }
        }
    }
}

private struct BaselineReport: Encodable {
    let baseline: CPUBaseline
}

private struct ComparisonReport: Encodable {
    let guest: String
    let host: String
    let hosts: [HostVerdict]
}

/// What one host says to a guest's processor.
private struct HostVerdict: Encodable {
    let host: String
    /// `yes`, `no`, `not-known`.
    let fits: String
    let reason: String
    let missing: [String]

    /// `beyond` is what the guest's own host lacks as well, which keeps it from nowhere.
    init(_ host: String, _ verdict: CPUFacts.Verdict, beyond: [String]) {
        self.host = host
        switch verdict {
        case .fits: (fits, reason, missing) = ("yes", "it gives all that the guest has", [])
        case .notKnown(let why): (fits, reason, missing) = ("not-known", why, [])
        case .lacks(let why, let features):
            let more = features.filter { !beyond.contains($0) }
            missing = more
            let lacksNoMore = !features.isEmpty && more.isEmpty
            fits = lacksNoMore ? "yes" : "no"
            reason =
                lacksNoMore
                ? "it lacks no more than the guest's own host (\(features.joined(separator: ", ")))"
                : more.isEmpty ? why : "it lacks \(more.joined(separator: ", "))"
        }
    }
}

extension CPUFacts.Verdict {
    fileprivate var features: [String] {
        guard case .lacks(_, let features) = self else { return [] }
        return features
    }
}
