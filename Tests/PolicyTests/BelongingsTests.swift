import FleetModel
import Testing

@testable import Policy

@Suite("What libvirt leaves behind")
struct BelongingsTests {
    private static func belongings(
        _ request: MoveRequest = MoveRequest(), _ change: (inout Sample) -> Void
    ) -> BelongingsPlanner {
        BelongingsPlanner(Sample().with(change).facts, request)
    }

    private static let uuid = Sample.identity.uuid

    @Test("snapshots follow where their data is; a plan names them and has none of their documents")
    func snapshots() {
        let planner = Self.belongings { $0.hardware.snapshots = Sample.snapshots }
        #expect(
            planner.preparations == [
                Preparation(
                    .forgetSnapshots, on: .source,
                    undoneBy: .snapshots(
                        guest: Self.uuid,
                        [
                            CarriedSnapshot(name: "before-upgrade", parent: nil, isCurrent: false),
                            CarriedSnapshot(
                                name: "after-upgrade", parent: "before-upgrade", isCurrent: true),
                        ], .carried))
            ])
        #expect(planner.choices.map(\.choice) == ["2 snapshots carried along"])
        #expect(Self.belongings { _ in }.preparations.isEmpty)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let keepsDefinition: Bool
        let disk: DiskFacts
        let files: [String]
        let fate: SnapshotsFate
    }

    private static func overlay() -> DiskFacts {
        Sample.disk(.proven("seen", libvirtAgrees: true), at: .file("/images/web01.overlay"))
    }

    @Test(
        "snapshots whose data does not follow stay with the definition that stays, or are given up",
        arguments: [
            Row(
                testDescription: "all on shared storage", keepsDefinition: true, disk: overlay(), files: [],
                fate: .carried),
            Row(
                testDescription: "an external one whose image the guest writes to", keepsDefinition: false,
                disk: overlay(), files: ["/images/web01.overlay"], fate: .carried),
            Row(
                testDescription: "its memory in a file that nobody has proven", keepsDefinition: false,
                disk: overlay(), files: ["/var/tmp/memory"], fate: .givenUp),
            Row(
                testDescription: "a disk that is copied", keepsDefinition: false,
                disk: Sample.disk(.absent("no such file")), files: [], fate: .givenUp),
            Row(
                testDescription: "a disk that is copied, and the definition is kept", keepsDefinition: true,
                disk: Sample.disk(.absent("no such file")), files: [], fate: .kept),
        ])
    func fates(row: Row) {
        let planner = Self.belongings(MoveRequest(keepDefinition: row.keepsDefinition)) {
            $0.disks = [row.disk]
            $0.hardware.snapshots = [GuestHardware.Snapshot(name: "old", isCurrent: true, files: row.files)]
        }
        #expect(planner.fate == row.fate)
    }

    @Test("a device leaves when its policy and the user say so, and the destination's own comes in")
    func devices() {
        let release = GuestHardware.Release(
            alias: "hostdev0", name: "0000:3b:00.0",
            replacements: ["beta": .element("<hostdev/>"), "gamma": .nothing])
        let asked = MoveRequest(detachesPassthrough: true)
        let planner = Self.belongings(asked) { $0.hardware.releases = [release] }
        #expect(
            planner.preparations == [
                Preparation(
                    .unplug(alias: "hostdev0"), on: .source,
                    undoneBy: .device(
                        guest: Self.uuid,
                        CarriedDevice(
                            alias: "hostdev0", name: "0000:3b:00.0", replacement: .element("<hostdev/>"))))
            ])
        #expect(release.carried(to: "gamma").replacement == .nothing)
        #expect(release.carried(to: "delta").replacement == .same)
        #expect(Self.belongings { $0.hardware.releases = [release] }.preparations.isEmpty)
        let standing = Self.belongings(asked) {
            $0.hardware.releases = [release]
            $0.state = GuestState(.paused, reason: "user")
        }
        #expect(standing.preparations.isEmpty)
    }

    @Test("a plan does not hold when snapshots came, went or changed places meanwhile")
    func basis() {
        let before = PlanBasis(Sample().with { $0.hardware.snapshots = Sample.snapshots }.facts)
        #expect(before.changes(to: before).isEmpty)
        let reverted = PlanBasis(
            Sample().with {
                $0.hardware.snapshots = [
                    GuestHardware.Snapshot(name: "before-upgrade", isCurrent: true),
                    GuestHardware.Snapshot(name: "after-upgrade", parent: "before-upgrade"),
                ]
            }.facts)
        #expect(before.changes(to: reverted).count == 2)
        let gone = PlanBasis(Sample().with { $0.hardware.snapshots = [Sample.snapshots[0]] }.facts)
        #expect(before.changes(to: gone).count == 1)
    }
}
