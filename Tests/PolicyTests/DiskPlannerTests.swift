import FleetModel
import Testing

@testable import Policy

@Suite("What becomes of a disk")
struct DiskPlannerTests {
    private static let gone = DiskFacts.Sharing.absent("no such file")
    private static let seen = DiskFacts.Sharing.proven("same SHA-256", libvirtAgrees: true)

    private static func planner(
        _ disks: [DiskFacts], _ request: DiskRequest = DiskRequest(), bandwidth: ByteRate? = nil,
        _ change: (inout Sample) -> Void = { _ in }
    ) -> DiskPlanner {
        var sample = Sample()
        sample.disks = disks
        change(&sample)
        return DiskPlanner(sample.facts, MoveRequest(bandwidth: bandwidth, disks: request))
    }

    /// Each disk with a target, a file and a good place of its own.
    private static func apart(_ disks: DiskFacts...) -> [DiskFacts] {
        disks.enumerated().map { number, disk in
            var disk = disk
            let path = "/images/web01-\(number).qcow2"
            disk.target = "vd\(number)"
            disk.chain[0] = DiskFacts.Image(
                location: .file(path), format: disk.chain[0].format, sharing: disk.chain[0].sharing)
            disk.place = disk.place.map { _ in .known(Sample.place(path)) }
            return disk
        }
    }

    @Test("is its own: shared, copied, or only read")
    func each() throws {
        let planner = Self.planner(
            Self.apart(Sample.disk(), Sample.disk(Self.gone), Sample.disk { $0.isReadOnly = true })
                + [DiskFacts(target: "sda")])
        let plans = planner.plans
        #expect(plans.map(\.target) == ["vd0", "vd1", "vd2"])
        #expect(plans[0].treatment == .shared && plans[2].treatment == .medium)
        let order = try #require(plans[1].order)
        #expect(
            order
                == ImageOrder(
                    disk: "vd1", pool: "default", path: "/images/web01-1.qcow2", format: "qcow2",
                    capacity: .mebibytes(10240)))
        #expect(plans.allSatisfy { !$0.reason.isEmpty })
        #expect(planner.bytesToCopy == .mebibytes(4096))
        #expect(
            planner.preparations == [
                Preparation(
                    .createImage(order), on: .destination,
                    undoneBy: .volume(pool: "default", path: "/images/web01-1.qcow2"))
            ])
        #expect(planner.conclusions.isEmpty)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let place: DiskRequest.Place
        var location = DiskFacts.Location.file("/images/web01.qcow2")
        let path: String
        let pool: String?
    }

    @Test(
        "goes where --disk says",
        arguments: [
            Row(
                testDescription: "a pool", place: .pool("fast"), path: "/srv/fast/web01.qcow2", pool: "fast"),
            Row(
                testDescription: "a path in no pool", place: .path("/x/y.qcow2"), path: "/x/y.qcow2",
                pool: nil),
            Row(
                testDescription: "a path in a pool", place: .path("/srv//fast/y.qcow2"),
                path: "/srv//fast/y.qcow2",
                pool: "fast"),
            Row(
                testDescription: "a path in a stopped pool", place: .path("/slow/y"), path: "/slow/y",
                pool: nil),
            Row(
                testDescription: "a directory", place: .path("/srv/fast/"), path: "/srv/fast/web01.qcow2",
                pool: "fast"),
            Row(
                testDescription: "a block device's pool", place: .pool("fast"),
                location: .block("/dev/vg0/web01"),
                path: "/srv/fast/web01", pool: "fast"),
            Row(
                testDescription: "a network disk's pool", place: .pool("fast"),
                location: .network("rbd://mon/p/web01"),
                path: "/srv/fast/web01", pool: "fast"),
            Row(
                testDescription: "a disk without a name", place: .pool("fast"), location: .other("/"),
                path: "/srv/fast/vda.img", pool: "fast"),
        ])
    func places(row: Row) throws {
        let disk = Sample.disk(Self.seen, at: row.location) { $0.place = .known(Sample.place(row.path)) }
        let planner = Self.planner([disk], PreflightCase.request { $0.places["vda"] = row.place }) {
            $0.destination.details.pools = .known([
                HostDetails.Pool(name: "fast", type: "dir", isActive: true, directory: "/srv/fast"),
                HostDetails.Pool(name: "slow", type: "dir", isActive: false, directory: "/slow"),
            ])
        }
        let order = try #require(planner.plans.first?.order)
        #expect(order.path == row.path && order.pool == row.pool)
        #expect(
            planner.preparations.first?.trace
                == row.pool.map { .volume(pool: $0, path: row.path) } ?? .file(row.path))
    }

    struct Chains: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let disks: [DiskFacts]
        let onlyTops: [Bool]
        let amount: ByteCount
    }

    @Test(
        "leaves images below out where the destination has them",
        arguments: [
            Chains(
                testDescription: "a proven base", disks: apart(PreflightCase.chain(gone, on: seen)),
                onlyTops: [true],
                amount: .mebibytes(4096)),
            Chains(
                testDescription: "a base that is not there",
                disks: apart(PreflightCase.chain(gone, on: gone)),
                onlyTops: [false], amount: .mebibytes(4096 + 2048)),
            Chains(
                testDescription: "a base that nobody can tell",
                disks: apart(PreflightCase.chain(gone, on: .notProven("why"))), onlyTops: [false],
                amount: .mebibytes(4096 + 2048)),
            Chains(
                testDescription: "a proven base, and a disk without one",
                disks: apart(PreflightCase.chain(gone, on: seen), Sample.disk(gone)),
                onlyTops: [true, false],
                amount: .mebibytes(8192)),
            Chains(
                testDescription:
                    "a proven base, and another disk's that is not: libvirt leaves out all or none",
                disks: apart(PreflightCase.chain(gone, on: seen), PreflightCase.chain(gone, on: gone)),
                onlyTops: [false, false], amount: .mebibytes(2 * (4096 + 2048))),
        ])
    func chains(row: Chains) {
        let planner = Self.planner(row.disks)
        #expect(planner.copies.map(\.onlyTop) == row.onlyTops)
        #expect(planner.copies.map { $0.order.backing != nil } == row.onlyTops)
        #expect(planner.bytesToCopy == row.amount)
    }

    @Test("is copied whole where an image below it has no known size, or nobody knows what it takes up")
    func unknownSizes() {
        var disk = PreflightCase.chain(Self.gone, on: Self.gone)
        disk.chain[1] = DiskFacts.Image(location: .file("/b"), format: "raw", sharing: Self.gone)
        #expect(Self.planner([disk]).bytesToCopy == .mebibytes(10240))
        disk = Sample.disk(Self.gone) { $0.allocation = nil }
        #expect(Self.planner([disk]).bytesToCopy == .mebibytes(10240))
    }

    @Test("loses its source image only when that was asked for, and only as a file")
    func conclusions() {
        let block = Sample.disk(Self.gone, at: .block("/dev/vg0/web01")) {
            $0.target = "vdb"
            $0.place = .known(Sample.place("/new/web01"))
        }
        let request = PreflightCase.request {
            $0.removesSource = true
            $0.places["vdb"] = .path("/new/")
        }
        let planner = Self.planner(
            [Sample.disk(Self.gone), block, Sample.disk { $0.target = "vdc" }], request)
        #expect(planner.conclusions == [.removeImage(path: "/images/web01.qcow2")])
        let said = planner.choices.map { "\($0.subject): \($0.choice)" }
        #expect(said.contains("source images: 1 removed after arrival"))
        #expect(said.contains("source images: 1 kept on alpha"))
    }

    @Test("takes all of its room again on the destination where it was to have it from the start")
    func takesRoom() {
        let planner = Self.planner(
            [Sample.disk(Self.gone)],
            PreflightCase.request {
                $0.preallocation = .full
                $0.removesSource = true
            })
        #expect(
            planner.conclusions == [
                .takeRoom(path: "/images/web01.qcow2"), .removeImage(path: "/images/web01.qcow2"),
            ])
        #expect(planner.choices.contains { $0.choice == "1 removed after arrival" })
    }

    @Test("is kept in step by waiting where the guest writes faster than half of the link, and libvirt can")
    func writesTwice() {
        let disk = Sample.disk(Self.gone) { $0.writes = ByteRate(bytesPerSecond: 60_000_000) }
        let fast = ByteRate(bytesPerSecond: 125_000_000)
        let slow = ByteRate(bytesPerSecond: 100_000_000)
        let planner = Self.planner([disk])
        #expect(planner.reasonToWriteTwice(link: slow) != nil)
        #expect(planner.reasonToWriteTwice(link: fast) == nil)
        #expect(planner.reasonToWriteTwice(link: nil) == nil)
        #expect(Self.planner([disk], bandwidth: slow).reasonToWriteTwice(link: fast) != nil)
        #expect(
            Self.planner([disk]) { $0.destination.libvirt = SoftwareVersion(7, 9, 0) }
                .reasonToWriteTwice(link: slow) == nil)
        let shared = Sample.disk { $0.writes = ByteRate(bytesPerSecond: 60_000_000) }
        #expect(Self.planner([shared]).reasonToWriteTwice(link: slow) == nil)
    }

    @Test("stands in the plan: what is made, copied, kept and why; libvirt is not vouched to for a copy")
    func planned() throws {
        var sample = Sample()
        sample.disks = [Sample.disk(.different("other bytes")) { $0.chain.append(Self.unrecognized) }]
        let request = MoveRequest(disks: PreflightCase.request { $0.removesSource = true })
        let plan = try Planner(
            facts: sample.facts, request: request,
            findings: Preflight.findings(for: sample.facts, request: request), forecast: nil
        ).plan()
        #expect(!plan.vouchesForStorage)
        #expect(plan.copiedDisks.map(\.target) == ["vda"] && plan.copiesOnlyTops)
        #expect(
            plan.steps.contains(
                "create /images/web01.qcow2 (qcow2, 10 GiB, on /images/base.raw) on beta for disk vda"))
        #expect(plan.steps.contains { $0.hasPrefix("copy disk vda while web01 runs") })
        #expect(plan.steps.last == "remove /images/web01.qcow2 from the source (alpha)")
        #expect(plan.choices.contains { $0.subject == "disk vda" && $0.reason.contains("other bytes") })
        #expect(plan.basis.facts["disk vda, copy"] == "/images/web01.qcow2")

        let larger = sample.with { $0.disks[0].capacity = .mebibytes(20480) }
        let error = #expect(throws: ApusError.self) { try plan.renewed(on: larger.facts, findings: []) }
        #expect(error?.code == .planOutdated && error?.detail.contains("disk vda, size") == true)
    }

    private static let unrecognized = DiskFacts.Image(
        location: .file("/images/base.raw"), format: "raw", sharing: .proven("seen", libvirtAgrees: false))

    @Test("that the user vouches for is not copied")
    func lifted() {
        let disks = Self.apart(Sample.disk(.notProven("no serial")), Sample.disk(Self.gone))
        let planner = Self.planner(disks, PreflightCase.request { $0.copying = .never })
        #expect(planner.plans.map(\.treatment) == [.shared, .shared])
        #expect(planner.copies.isEmpty && planner.preparations.isEmpty)
    }

    @Test("counts in the forecast")
    func forecast() {
        var sample = Sample()
        sample.disks = [Sample.disk(Self.gone)]
        let experience = Experience(pairMoves: [], guestMoves: [], links: [], dirty: nil)
        let input = experience.input(sample.facts, MoveRequest(), measuredDirty: nil, measuredLink: nil)
        #expect(input.disksToCopy == .mebibytes(4096))
    }

    @Test("that moves on its own host is asked about its place, and its job, and no more")
    func oneHost() {
        var sample = Sample()
        sample.destination = sample.source
        sample.destination.details.pools = .known([
            HostDetails.Pool(name: "fast", type: "dir", isActive: true, directory: "/fast")
        ])
        sample.disks = [Sample.disk(Self.seen) { $0.place = .known(Sample.place("/fast/web01.qcow2")) }]
        let request = MoveRequest(disks: PreflightCase.request { $0.places["vda"] = .pool("fast") })
        #expect(Preflight.findings(onOneHost: sample.facts, request: request) == [])
        #expect(Preflight.findings(for: sample.facts, request: request).contains { $0.code == .sameHostUUID })
        #expect(DiskPlanner(sample.facts, request).plans.first?.order?.path == "/fast/web01.qcow2")

        sample.hardware.snapshots = Sample.snapshots
        sample.disks[0].job = "commit"
        sample.disks[0].place = .known(Sample.place("/fast/web01.qcow2", exists: true))
        let codes = Preflight.findings(onOneHost: sample.facts, request: request).map(\.code)
        #expect(codes == [.snapshotsPresent, .blockJobActive, .targetExists])
        let ignoring = MoveRequest(
            ignored: [IgnoredFinding(code: .snapshotsPresent)], disks: request.disks)
        let blocking = Preflight.findings(onOneHost: sample.facts, request: ignoring).filter(\.blocks)
        #expect(blocking.map(\.code) == [.blockJobActive, .targetExists])
    }
}
