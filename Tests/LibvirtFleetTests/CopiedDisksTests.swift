import FleetModel
import Libvirt
import Migration
import Testing

@testable import LibvirtFleet

@Suite("Disks that are copied along")
struct CopiedDisksTests {
    private static let alpha = Host(name: "alpha", uri: "qemu+ssh://alpha/system")

    private static func plan(_ disks: [DiskPlan], writesTwice: Bool = false) -> MovePlan {
        var method = TransferMethod()
        method.writesTwice = writesTwice
        return MovePlan(
            guest: GuestIdentity(name: "web01", uuid: "aaaaaaaa-0000-0000-0000-000000000000"), source: alpha,
            destination: Host(name: "beta", uri: "qemu+ssh://beta/system"), request: MoveRequest(),
            wasPaused: false,
            isPersistent: true, wasDefinedThere: false, method: method, vouchesForStorage: false,
            memory: .mebibytes(256),
            disks: disks,
            preparations: [], conclusions: [], choices: [], rejected: [], findings: [],
            sourceQEMU: SoftwareVersion(7, 2, 0), destinationQEMU: SoftwareVersion(7, 2, 0),
            basis: PlanBasis([:]),
            forecast: nil)
    }

    private static func copy(_ target: String, to path: String, onlyTop: Bool = false) -> DiskPlan {
        DiskPlan(
            target: target,
            treatment: .copy(
                ImageOrder(disk: target, pool: nil, path: path, format: "qcow2", capacity: .mebibytes(64)),
                onlyTop: onlyTop), because: "it is not there")
    }

    private static let shared = DiskPlan(target: "vdz", treatment: .shared, because: "seen")

    struct Flags: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let disks: [DiskPlan]
        var writesTwice = false
        let flags: MigrationFlags
    }

    @Test(
        "set libvirt's flags",
        arguments: [
            Flags(testDescription: "none", disks: [shared], writesTwice: true, flags: []),
            Flags(testDescription: "whole", disks: [shared, copy("vda", to: "/a")], flags: .nonSharedDisk),
            Flags(
                testDescription: "tops",
                disks: [copy("vda", to: "/a", onlyTop: true), copy("vdb", to: "/b")],
                flags: .nonSharedIncrement),
            Flags(
                testDescription: "in step", disks: [copy("vda", to: "/a")], writesTwice: true,
                flags: [.nonSharedDisk, .synchronousWrites]),
        ])
    func flags(row: Flags) {
        #expect(CopiedDisks(Self.plan(row.disks, writesTwice: row.writesTwice)).flags == row.flags)
    }

    private static func document(_ disks: String...) -> String {
        "<domain><name>web01</name><devices>\(disks.joined())</devices></domain>"
    }

    private static func disk(_ target: String, _ source: String, _ chain: String = "") -> String {
        "<disk type='file' device='disk'>\(source)\(chain)<target dev='\(target)'/></disk>"
    }

    private static let chain =
        "<backingStore type='file'><format type='raw'/><source file='/base'/></backingStore>"

    @Test("leave a definition alone that is right for the destination as it is")
    func unchanged() throws {
        let live = Self.document(
            Self.disk("vda", "<source file='/a'/>"), Self.disk("vdb", "<source file='/b'/>", Self.chain))
        for disks in [
            [Self.copy("vda", to: "/a")], [Self.copy("vdb", to: "/b", onlyTop: true)], [Self.shared],
            [Self.copy("vdq", to: "/q")],
        ] {
            let result = try CopiedDisks(Self.plan(disks)).definitions(live: live, inactive: live)
            #expect(result.live == nil && result.inactive == nil)
        }
    }

    @Test("are named where they go, in both definitions, and stand alone where they were a chain")
    func moved() throws {
        let live = Self.document(
            Self.disk(
                "vda", "<source file='/a' index='1'><seclabel model='dac' relabel='no'/></source>", Self.chain
            ),
            Self.disk("vdb", "<source file='/b'/>", Self.chain), Self.disk("vdc", "<source file='/c'/>"))
        let inactive = Self.document(
            Self.disk("vda", "<source file='/a'/>"), Self.disk("vdb", "<source file='/other'/>"))
        let copies = CopiedDisks(
            Self.plan([
                Self.copy("vda", to: "/new/a"), Self.copy("vdb", to: "/b"), Self.copy("vdc", to: "/new/c"),
            ]))
        #expect(copies.targets == ["vda", "vdb", "vdc"])
        let result = try copies.definitions(live: live, inactive: inactive)
        #expect(
            result.live
                == Self.document(
                    Self.disk("vda", "<source file='/new/a'><seclabel model='dac' relabel='no'/></source>"),
                    Self.disk("vdb", "<source file='/b'/>"), Self.disk("vdc", "<source file='/new/c'/>"))
                + "\n")
        #expect(
            result.inactive
                == Self.document(
                    Self.disk("vda", "<source file='/new/a'/>"), Self.disk("vdb", "<source file='/other'/>"))
                + "\n")
        #expect(try copies.definitions(live: live, inactive: nil).inactive == nil)
    }

    @Test("of a definition that cannot be read are an error that names guest and host")
    func unreadable() {
        let error = #expect(throws: ApusError.self) {
            try CopiedDisks(Self.plan([Self.copy("vda", to: "/a")])).definitions(live: "<dom", inactive: nil)
        }
        #expect(error?.code == .guestUnreadable)
        #expect(error?.operation.contains("web01") == true && error?.hint?.contains("alpha") == true)
    }

    struct Script: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let order: ImageOrder
        let line: String
    }

    @Test(
        "are made over a remote shell",
        arguments: [
            Script(
                testDescription: "raw",
                order: ImageOrder(
                    disk: "vda", pool: nil, path: "/a b", format: "raw", capacity: ByteCount(512)),
                line: "qemu-img create -q -f raw -- \"$p\" 512 ||"),
            Script(
                testDescription: "raw, all of it",
                order: ImageOrder(
                    disk: "vda", pool: nil, path: "/a", format: "raw", capacity: ByteCount(512),
                    preallocation: .full),
                line: "qemu-img create -q -f raw -o preallocation=falloc -- \"$p\" 512 ||"),
            Script(
                testDescription: "qcow2 on a base",
                order: ImageOrder(
                    disk: "vda", pool: nil, path: "/a", format: "qcow2", capacity: ByteCount(512),
                    backing: "/it's",
                    backingFormat: "qcow2"),
                line: "qemu-img create -q -f qcow2 -o compat=1.1 -b '/it'\\''s' -F qcow2 -- \"$p\" 512 ||"),
        ])
    func script(row: Script) {
        let script = DestinationImages.script(for: row.order)
        #expect(script.contains("\n\(row.line)"), "\(script)")
    }

    @Test("are watched for how fast the guest writes to them")
    func writes() {
        let now = ContinuousClock.now
        let before = DiskWrites(at: now, bytes: ["vda": 1000, "vdb": 500, "vdd": 7])
        let after = DiskWrites(
            at: now.advanced(by: .milliseconds(500)), bytes: ["vda": 3000, "vdb": 400, "vdc": 9, "vdd": 7])
        // A counter that went back, or was not there before, tells nothing.
        #expect(
            after.rates(since: before)
                == ["vda": ByteRate(bytesPerSecond: 4000), "vdd": ByteRate(bytesPerSecond: 0)])
        let tooSoon = DiskWrites(at: now.advanced(by: .milliseconds(100)), bytes: ["vda": 3000])
        #expect(tooSoon.rates(since: before).isEmpty)
    }
}
