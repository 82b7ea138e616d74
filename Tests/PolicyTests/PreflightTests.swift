import FleetModel
import FoundationEssentials
import Testing

@testable import Policy

@Suite("Preflight")
struct PreflightTests {
    @Test("finds", arguments: PreflightCase.all)
    func finds(row: PreflightCase) {
        let found = row.findings.map { PreflightCase.Expectation(code: $0.code, severity: $0.severity) }
        #expect(found == row.expected)
    }

    @Test("says where, what and what to do", arguments: PreflightCase.all)
    func sentences(row: PreflightCase) {
        for finding in row.findings {
            #expect(["alpha", "beta"].contains(finding.host))
            #expect(finding.detail.contains("alpha") || finding.detail.contains("beta"), "\(finding.detail)")
            #expect(!finding.subject.isEmpty && !finding.hint.isEmpty)
            #expect(!finding.detail.hasSuffix("."), "\(finding.detail)")
            for text in [finding.detail, finding.hint] {
                #expect(!text.contains("Optional") && !text.contains("  "), "\(text)")
            }
        }
    }

    /// From the forecast, which is not preflight's.
    private static let foundElsewhere: Set<Finding.Code> = [.wouldNotConverge]

    @Test("has a case for every code")
    func complete() {
        let found = Set(PreflightCase.all.flatMap { $0.expected.map(\.code) })
        #expect(found == Set(Finding.Code.allCases).subtracting(Self.foundElsewhere))
    }

    @Test("says what docs/codes.md says that it says")
    func documented() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/codes.md")
        let lines = String(decoding: try Data(contentsOf: page), as: UTF8.self).split(separator: "\n")
        for code in Set(Finding.Code.allCases).subtracting(Self.foundElsewhere) {
            let all = PreflightCase.all.flatMap(\.findings).filter { $0.code == code }
            let severities = Set(all.map(\.severity)).sorted().map(\.rawValue).joined(separator: ", ")
            let example = try #require(all.first)
            let row = "| `\(code.rawValue)` | \(severities) | \(example.detail) | \(example.hint) |"
                .replacing("<", with: "\\<")
            #expect(lines.contains { $0 == row }, "\(row)")
        }
    }

    @Test("gives the worst first, by topic within one severity")
    func order() {
        var sample = Sample()
        sample.destination.uuid = nil
        sample.hardware.snapshots = Sample.snapshots
        sample.destination.details.ports = .known(HostDetails.PortRange(used: 64))
        sample.disks = [Sample.disk(.absent("gone")), Sample.disk(.notProven("no serial"))]
        sample.destination.qemu = SoftwareVersion(6, 0, 0)
        let findings = Preflight.findings(for: sample.facts, request: MoveRequest())
        #expect(
            findings.map(\.code) == [
                .snapshotsPresent, .diskNotProven, .portsShort, .versionDowngrade, .diskNotShared, .notKnown,
            ])
    }

    @Test("names a dozen features and counts the rest")
    func dozen() throws {
        var sample = Sample()
        let features = (10..<24).map { "feature\($0)" }
        sample.cpu = .known(Sample.cpu(destination: .lacks(reason: "no", features: features.reversed())))
        let finding = try #require(Preflight.findings(for: sample.facts, request: MoveRequest()).first)
        #expect(finding.detail.contains("it lacks \(features[..<12].joined(separator: ", ")) and 2 more"))
    }

    @Test(
        "says how to make an unread fact readable",
        arguments: [
            (nil, "Give beta a remote-shell in the inventory"), ([], "where apus runs its commands itself"),
            (["ssh", "root@beta"], "where apus runs its commands with ssh root@beta"),
        ] as [([String]?, String)])
    func unread(shell: [String]?, hint: String) throws {
        var sample = Sample()
        sample.clock = .notKnown("nobody could look")
        sample.destination.remoteShell = shell
        let finding = try #require(Preflight.findings(for: sample.facts, request: MoveRequest()).first)
        #expect(finding.detail.hasSuffix("is not known because nobody could look"))
        #expect(finding.hint.contains(hint))
    }

    @Test(
        "knows a certificate's name",
        arguments: [
            NameRow("beta.example", "beta.example", true), NameRow("BETA.example.", "beta.EXAMPLE", true),
            NameRow("*.example.org", "beta.example.org", true),
            NameRow("*.example.org", "a.beta.example.org", false),
            NameRow("*.example.org", "example.org", false), NameRow("*.example.org", ".example.org", false),
            NameRow("b*.example.org", "beta.example.org", false), NameRow("*.org", "example.org", false),
            NameRow("*", "beta", false), NameRow("", "", true), NameRow(".", "beta", false),
            NameRow("*.0.2.1", "192.0.2.1", false), NameRow("192.0.2.1", "192.0.2.1", true),
        ])
    func names(row: NameRow) {
        #expect(Preflight.matches(row.name, row.address) == row.isValid)
    }

    struct NameRow: Sendable, CustomTestStringConvertible {
        let name: String
        let address: String
        let isValid: Bool
        var testDescription: String { "\(name) for \(address)" }

        init(_ name: String, _ address: String, _ isValid: Bool) {
            (self.name, self.address, self.isValid) = (name, address, isValid)
        }
    }

    @Test("what is left on the destination beside the guest, and whom that counts")
    func room() {
        func room(_ bend: (inout Sample) -> Void) -> MovePlan.Room? {
            Preflight.room(Sample().with(bend).facts)
        }
        let other = Reservation(
            move: "m1", guest: GuestIdentity(name: "db01", uuid: "db01"), source: "gamma",
            destination: "beta",
            memory: .mebibytes(512), owner: ProcessMark(pid: 1, started: 1, boot: ""), since: 0)
        let alone = room { $0.destination.details.availableMemory = .known(.mebibytes(4096)) }
        // Less 2 GiB and 64 MiB and 1 % and 2 × 8 MiB
        #expect(alone.map { $0.left.bytes >> 20 } == 1947)
        #expect(alone?.counted == [])
        let beside = room {
            $0.destination.details.availableMemory = .known(.mebibytes(4096))
            $0.reservations = [other]
        }
        #expect(beside?.counted == ["m1"])
        #expect(beside.map { $0.left.bytes + 512 << 20 } == alone?.left.bytes)
        #expect(room { $0.destination.details.availableMemory = .known(.zero) }?.left == .zero)
        #expect(room { $0.destination.details.availableMemory = .notKnown("it does not tell") } == nil)
    }
}
