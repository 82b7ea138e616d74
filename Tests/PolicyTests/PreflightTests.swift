import FleetModel
import Testing

@testable import Policy

@Suite("Preflight")
struct PreflightTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let facts: MoveFacts
        var request = MoveRequest()
        let expected: [Finding.Code]
        var severity = Finding.Severity.blocker
    }

    private static let stranger = GuestIdentity(name: "other", uuid: "bbbbbbbb-0000-0000-0000-000000000000")

    @Test(
        "finds",
        arguments: [
            Row(testDescription: "nothing on a healthy pair", facts: Sample().facts, expected: []),
            Row(
                testDescription: "nothing against a paused guest",
                facts: Sample().with { $0.state = GuestState(.paused, reason: "user") }.facts, expected: []),
            Row(
                testDescription: "a guest that is shut off",
                facts: Sample().with { $0.state = GuestState(.shutOff) }.facts, expected: [.guestNotActive]),
            Row(
                testDescription: "a guest that is being moved already",
                facts: Sample().with { $0.activity = .migratingOut }.facts, expected: [.guestBusy]),
            Row(
                testDescription: "only the move itself in a guest that moves just now",
                facts: Sample().with {
                    $0.activity = .migratingOut
                    $0.sameUUID = Sample.guest(on: "beta", GuestState(.paused, reason: "migration"))
                    $0.sameName = $0.sameUUID
                }.facts, expected: [.guestBusy]),
            Row(
                testDescription: "one machine under two names",
                facts: Sample().with { $0.destinationUUID = $0.sourceUUID }.facts, expected: [.sameHostUUID]),
            Row(
                testDescription: "a host without a UUID, as a note",
                facts: Sample().with { $0.destinationUUID = nil }.facts, expected: [.hostUUIDNotKnown],
                severity: .note),
            Row(
                testDescription: "a running twin on the destination",
                facts: Sample().with { $0.sameUUID = Sample.guest(on: "beta", GuestState(.running)) }.facts,
                expected: [.guestOnTwoHosts]),
            Row(
                testDescription: "an old definition of the guest itself, as a note",
                facts: Sample().with {
                    $0.sameUUID = Sample.guest(on: "beta", GuestState(.shutOff))
                    $0.sameName = $0.sameUUID
                }.facts, expected: [.definitionReplaced], severity: .note),
            Row(
                testDescription: "the name taken by another guest",
                facts: Sample().with {
                    let twin = GuestIdentity(name: "web01", uuid: stranger.uuid)
                    $0.sameName = Sample.guest(twin, on: "beta", GuestState(.shutOff))
                }.facts, expected: [.guestNameTaken]),
            Row(
                testDescription: "the UUID taken by another guest",
                facts: Sample().with {
                    let twin = GuestIdentity(name: "other", uuid: Sample.identity.uuid)
                    $0.sameUUID = Sample.guest(twin, on: "beta", GuestState(.shutOff))
                }.facts, expected: [.guestUUIDTaken]),
            Row(
                testDescription: "a disk of this host alone",
                facts: Sample().with { $0.disks = [disk(.local("ext4"))] }.facts, expected: [.diskNotShared]),
            Row(
                testDescription: "a disk that could not be looked at, as a note",
                facts: Sample().with { $0.disks = [disk(.notKnown("no remote-shell"))] }.facts,
                expected: [.diskStorageNotKnown], severity: .note),
            Row(
                testDescription: "nothing against shared and read-only disks",
                facts: Sample().with { $0.disks = [disk(.shared("nfs")), disk(.notNeeded)] }.facts,
                expected: []),
            Row(
                testDescription: "no way from the source to the destination's libvirt",
                facts: Sample().with { $0.peerURI = nil }.facts, expected: [.peerURIMissing]),
            Row(
                testDescription: "no need of such a way when apus drives the move",
                facts: Sample().with { $0.peerURI = nil }.facts, request: MoveRequest(control: .direct),
                expected: []),
            Row(
                testDescription: "libvirt that is too old, on both hosts",
                facts: Sample().with { $0.libvirt = SoftwareVersion(1, 0, 6) }.facts,
                expected: [.libvirtTooOld, .libvirtTooOld]),
            Row(
                testDescription: "libvirt too old for a downtime limit only where one is asked for",
                facts: Sample().with { $0.libvirt = SoftwareVersion(3, 0, 0) }.facts,
                request: MoveRequest(downtimeLimit: .milliseconds(100)),
                expected: [.libvirtTooOld, .libvirtTooOld]),
        ])
    func finds(row: Row) {
        let findings = Preflight.findings(for: row.facts, request: row.request)
        #expect(findings.map(\.code) == row.expected)
        #expect(findings.allSatisfy { $0.severity == row.severity })
        for finding in findings {
            #expect(finding.host == "alpha" || finding.host == "beta")
            #expect(!finding.hint.isEmpty)
        }
    }

    @Test("says the worst first")
    func worstFirst() {
        let facts = Sample().with {
            $0.destinationUUID = nil
            $0.disks = [Self.disk(.notKnown("x")), Self.disk(.local("xfs"))]
        }.facts
        let severities = Preflight.findings(for: facts, request: MoveRequest()).map(\.severity)
        #expect(severities == [.blocker, .note, .note])
    }

    private static func disk(_ storage: Disk.Storage) -> Disk {
        Disk(target: "vda", source: .file("/images/web01.qcow2"), isReadOnly: false, storage: storage)
    }
}
