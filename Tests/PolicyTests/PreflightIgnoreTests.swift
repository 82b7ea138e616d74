import FleetModel
import Testing

@testable import Policy

@Suite("Preflight's ignored findings")
struct PreflightIgnoreTests {
    private static var twoDisks: MoveFacts {
        var sample = Sample()
        sample.disks = [Sample.disk(.notProven("no serial")), Sample.disk(.notProven("no serial"))]
        sample.disks[1].target = "vdb"
        sample.hardware.snapshots = [GuestHardware.Snapshot(name: "old", files: ["/var/tmp/old.memory"])]
        return sample.facts
    }

    private static func blocking(_ facts: MoveFacts, _ ignored: IgnoredFinding...) -> [String] {
        Preflight.findings(for: facts, request: MoveRequest(ignored: ignored)).filter(\.blocks).map {
            "\($0.code.rawValue)=\($0.subject)"
        }
    }

    @Test("lift a code, or one subject of it, and nothing else")
    func lifts() {
        let snapshots = "snapshots-present=web01"
        #expect(
            Self.blocking(Self.twoDisks) == [snapshots, "disk-not-proven=vda", "disk-not-proven=vdb"])
        #expect(Self.blocking(Self.twoDisks, IgnoredFinding(code: .diskNotProven)) == [snapshots])
        #expect(
            Self.blocking(Self.twoDisks, IgnoredFinding(code: .diskNotProven, subject: "vdb"))
                == [snapshots, "disk-not-proven=vda"])
    }

    @Test(
        "never lift what would cost a guest or leads nowhere",
        arguments: Finding.Code.allCases.filter { !$0.canBeIgnored })
    func never(code: Finding.Code) throws {
        let row = try #require(PreflightCase.all.first { $0.expected.first?.code == code })
        let findings = Preflight.findings(
            for: row.facts,
            request: MoveRequest(ignored: [IgnoredFinding(code: code)], disks: row.request.disks))
        #expect(findings.contains { $0.code == code && $0.blocks })
    }

    @Test("are named when they lift nothing")
    func useless() {
        let useful = IgnoredFinding(code: .snapshotsPresent)
        let useless = [
            IgnoredFinding(code: .diskNotProven, subject: "vdc"), IgnoredFinding(code: .mtuDiffers),
            IgnoredFinding(code: .sameHostUUID),
        ]
        let request = MoveRequest(ignored: [useful] + useless)
        let findings = Preflight.findings(for: Self.twoDisks, request: request)
        #expect(Preflight.uselessIgnores(of: request, among: findings) == useless)
    }
}
