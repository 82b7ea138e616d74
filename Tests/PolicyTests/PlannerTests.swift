import FleetModel
import Testing

@testable import Policy

@Suite("A plan")
struct PlannerTests {
    private static func forecast(
        _ totals: [MoveStrategy: (seconds: Double, converges: Bool)], link: UInt64 = 125_000_000,
        stop: Duration = .seconds(9), basis: Forecast.Basis = .sampled
    ) -> Forecast {
        let input = ForecastInput(
            memory: .mebibytes(2048), link: LinkSpeed(rate: ByteRate(bytesPerSecond: link), source: .probe))
        let strategies = MoveStrategy.allCases.map { strategy in
            let total = Duration.milliseconds(Int64((totals[strategy]?.seconds ?? 100) * 1000))
            let downtime = strategy == .stopAndCopy ? stop : .milliseconds(100)
            return StrategyForecast(
                strategy: strategy, total: Estimate(low: total, likely: total, high: total),
                downtime: Estimate(low: downtime, likely: downtime, high: downtime),
                wire: Estimate(low: .zero, likely: .zero, high: .zero),
                rounds: Estimate(low: 1, likely: 2, high: 3), confidence: 0.9,
                converges: totals[strategy]?.converges ?? false, reason: "because of \(strategy.rawValue)")
        }
        return Forecast(input: input, basis: basis, strategies: strategies)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var sample = Sample()
        var request = MoveRequest()
        let forecast: Forecast?
        let strategy: MoveStrategy
    }

    private static let fastLink: UInt64 = 5_000_000_000

    /// A destination that post-copy may go to.
    private static let catchesFaults = Sample().with { $0.destination.details.catchesFaults = .known(true) }

    private static let onlyThrottling = ConvergencePolicy(
        onStall: [.throttle, .abort], maxRounds: nil, maxSent: nil, stallRounds: 3, enoughLeft: nil)

    @Test(
        "chooses",
        arguments: [
            Row(testDescription: "pre-copy when nothing is known", forecast: nil, strategy: .preCopy),
            Row(
                testDescription: "pre-copy when the forecast is an assumption",
                forecast: forecast([.autoConverge: (12, true)], basis: .assumed), strategy: .preCopy),
            Row(
                testDescription: "pre-copy when it converges",
                forecast: forecast([.preCopy: (10, true), .multifd: (2, true)]), strategy: .preCopy),
            Row(
                testDescription: "multifd where the link carries more than one stream",
                forecast: forecast([.preCopy: (10, true), .multifd: (4, true)], link: fastLink),
                strategy: .multifd),
            Row(
                testDescription: "pre-copy where multifd gains too little",
                forecast: forecast([.preCopy: (10, true), .multifd: (9.5, true)], link: fastLink),
                strategy: .preCopy),
            Row(
                testDescription: "pre-copy on a fast link under a bandwidth limit",
                request: MoveRequest(bandwidth: ByteRate(bytesPerSecond: 1 << 27)),
                forecast: forecast([.preCopy: (10, true), .multifd: (4, true)], link: fastLink),
                strategy: .preCopy),
            Row(
                testDescription: "xbzrle rather than slowing the guest down",
                forecast: forecast([.xbzrle: (20, true), .autoConverge: (12, true)]), strategy: .xbzrle),
            Row(
                testDescription: "auto-converge where only that converges",
                forecast: forecast([.autoConverge: (12, true)]), strategy: .autoConverge),
            Row(
                testDescription: "stop-and-copy where the user allows so long a stop",
                request: MoveRequest(downtimeLimit: .seconds(10)), forecast: forecast([:]),
                strategy: .stopAndCopy),
            Row(
                testDescription: "auto-converge where nothing helps",
                request: MoveRequest(downtimeLimit: .seconds(1)), forecast: forecast([:]),
                strategy: .autoConverge),
            Row(
                testDescription: "post-copy where pre-copy does not converge",
                sample: catchesFaults,
                forecast: forecast([.postCopyFallback: (8, true), .autoConverge: (12, true)]),
                strategy: .postCopyFallback),
            Row(
                testDescription: "no post-copy where nobody knows whether QEMU may catch page faults",
                forecast: forecast([
                    .postCopy: (1, true), .postCopyFallback: (1, true), .autoConverge: (12, true),
                ]), strategy: .autoConverge),
            Row(
                testDescription: "no post-copy where the user rules it out", sample: catchesFaults,
                request: MoveRequest(allowsPostCopy: false),
                forecast: forecast([.postCopyFallback: (8, true), .autoConverge: (12, true)]),
                strategy: .autoConverge),
            Row(
                testDescription: "no post-copy where it is not among the measures", sample: catchesFaults,
                request: MoveRequest(convergence: onlyThrottling),
                forecast: forecast([.postCopyFallback: (8, true), .autoConverge: (12, true)]),
                strategy: .autoConverge),
            Row(
                testDescription: "no post-copy that could not be mended",
                sample: catchesFaults.with { $0.source.libvirt = SoftwareVersion(8, 4, 0) },
                forecast: forecast([.postCopyFallback: (8, true), .autoConverge: (12, true)]),
                strategy: .autoConverge),
            Row(
                testDescription: "pre-copy for a paused guest, whatever it wrote before",
                sample: Sample().with { $0.state = GuestState(.paused, reason: "user") },
                forecast: forecast([.autoConverge: (12, true)]), strategy: .preCopy),
            Row(
                testDescription: "no multifd where libvirt is older than 5.2",
                sample: Sample().with { $0.destination.libvirt = SoftwareVersion(5, 1, 0) },
                forecast: forecast([.preCopy: (10, true), .multifd: (4, true)], link: fastLink),
                strategy: .preCopy),
        ])
    func chooses(row: Row) throws {
        let plan = try Planner(
            facts: row.sample.facts, request: row.request, findings: [], forecast: row.forecast
        ).plan()
        #expect(plan.method.strategy == row.strategy)
        #expect(plan.choices.first?.choice == row.strategy.rawValue)
        #expect(plan.choices.allSatisfy { !$0.reason.isEmpty })
        #expect(plan.rejected.allSatisfy { !$0.reason.isEmpty && $0.strategy != row.strategy })
        #expect(plan.refusal == nil)
    }

    @Test(
        "names --warm once, where what blocks a live move would not block that",
        arguments: [
            WarmRow("snapshots of a disk that would be copied", advises: true) {
                $0.disks = [Sample.disk(.absent("no such file"))]
                $0.hardware.snapshots = Sample.snapshots
            },
            WarmRow("two blockers of live moves alone", advises: true) {
                $0.disks = [Sample.disk(.absent("no such file"))]
                $0.hardware.snapshots = Sample.snapshots
                $0.control = .known(.unreachable("timed out"))
            },
            WarmRow("one of two blocks both", advises: false) {
                $0.disks = [Sample.disk(.absent("no such file"))]
                $0.hardware.snapshots = Sample.snapshots
                $0.hardware.machine = "pc-q35-99"
                $0.destination.details.hypervisor = .known(Sample.Machine.hypervisor(hasMachine: false))
            },
        ])
    func warm(row: WarmRow) throws {
        let facts = row.sample.facts
        let findings = Preflight.findings(for: facts, request: MoveRequest())
        let error = #expect(throws: ApusError.self) {
            try Planner(facts: facts, request: MoveRequest(), findings: findings, forecast: nil).plan()
        }
        let hint = error?.hint ?? ""
        #expect(hint.ranges(of: "--warm").count == (row.advises ? 1 : 0), "\(hint)")
        let blockers = findings.filter(\.blocks)
        if blockers.count == 1, let only = blockers.first { #expect(hint.hasPrefix(only.hint)) }
    }

    struct WarmRow: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sample: Sample
        let advises: Bool

        init(_ description: String, advises: Bool, _ change: @Sendable (inout Sample) -> Void) {
            testDescription = description
            sample = Sample().with(change)
            self.advises = advises
        }
    }

    @Test("is not made against a blocker, and is against one that was lifted")
    func blocked() throws {
        var finding = Finding(.diskNotProven, .blocker, host: "alpha", subject: "vda", detail: "d", hint: "h")
        let error = #expect(throws: ApusError.self) {
            try Planner(facts: Sample().facts, request: MoveRequest(), findings: [finding], forecast: nil)
                .plan()
        }
        #expect(error?.code == .blocked)
        #expect(error?.findings == [finding])
        finding.isIgnored = true
        let plan = try Planner(
            facts: Sample().facts, request: MoveRequest(), findings: [finding], forecast: nil
        ).plan()
        #expect(plan.findings == [finding])
    }

    @Test("warns of a move that would not converge, and names what would")
    func convergence() {
        let findings = Planner.convergence(Sample().facts, Self.forecast([.autoConverge: (12, true)]))
        #expect(findings.map(\.code) == [.wouldNotConverge])
        #expect(findings.first?.hint.contains("auto-converge") == true)
        #expect(Planner.convergence(Sample().facts, Self.forecast([.preCopy: (1, true)])).isEmpty)
        #expect(Planner.convergence(Sample().facts, nil).isEmpty)
    }

    @Test("keeps in reserve what may be needed on a stall, and never beside a strategy that was named")
    func reserves() throws {
        func method(_ request: MoveRequest, _ sample: Sample = Self.catchesFaults) throws -> TransferMethod {
            try Planner(facts: sample.facts, request: request, findings: [], forecast: nil).plan().method
        }
        let usual = try method(MoveRequest())
        #expect(usual.strategy == .preCopy && usual.allowsPostCopy && usual.slowsGuestDown)
        #expect(try !method(MoveRequest(), Sample()).allowsPostCopy)
        #expect(try !method(MoveRequest(allowsPostCopy: false)).allowsPostCopy)
        #expect(try !method(MoveRequest(convergence: Self.onlyThrottling)).allowsPostCopy)
        let named = try method(MoveRequest(strategy: .preCopy))
        #expect(!named.allowsPostCopy && !named.slowsGuestDown)
        #expect(try !method(MoveRequest(strategy: .multifd)).allowsPostCopy)
        let paused = Self.catchesFaults.with { $0.state = GuestState(.paused, reason: "user") }
        #expect(try !method(MoveRequest(), paused).allowsPostCopy)
    }

    @Test("vouches for storage only where it was proven and libvirt does not count it as shared")
    func vouches() throws {
        func plan(_ sharing: DiskFacts.Sharing, readOnly: Bool = false) throws -> MovePlan {
            let sample = Sample().with { sample in
                sample.disks = [Sample.disk(sharing) { $0.isReadOnly = readOnly }]
            }
            return try Planner(facts: sample.facts, request: MoveRequest(), findings: [], forecast: nil)
                .plan()
        }
        #expect(try plan(.proven("seen", libvirtAgrees: false)).vouchesForStorage)
        #expect(try !plan(.proven("seen", libvirtAgrees: true)).vouchesForStorage)
        #expect(try !plan(.proven("seen", libvirtAgrees: false), readOnly: true).vouchesForStorage)
        #expect(try !plan(.notProven("why")).vouchesForStorage)
    }

    @Test("holds while its facts do, and names what has changed")
    func renewal() throws {
        let sample = Sample().with { $0.disks = [Sample.disk()] }
        let plan = try Planner(facts: sample.facts, request: MoveRequest(), findings: [], forecast: nil)
            .plan()
        let busier = sample.with { $0.destination.freeMemory = .mebibytes(1) }
        #expect(try plan.renewed(on: busier.facts, findings: []).basis == plan.basis)
        let changed = sample.with {
            $0.destination.qemu = SoftwareVersion(8, 0, 0)
            $0.disks = [Sample.disk(.different("size"))]
        }
        let error = #expect(throws: ApusError.self) { try plan.renewed(on: changed.facts, findings: []) }
        #expect(error?.code == .planOutdated)
        #expect(error?.detail.contains("destination QEMU was 7.2.22 and is 8.0.0") == true)
        #expect(error?.detail.contains("disk vda") == true)
        let finding = Finding(.memoryShort, .blocker, host: "beta", subject: "m", detail: "d", hint: "h")
        let blocked = #expect(throws: ApusError.self) {
            try plan.renewed(on: sample.facts, findings: [finding])
        }
        #expect(blocked?.code == .blocked)
    }

    struct Forged: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let change: @Sendable (inout TransferMethod) -> Void
        var qemu = SoftwareVersion(7, 2, 0)
        let isRefused: Bool
    }

    @Test(
        "that was forged",
        arguments: [
            Forged(
                testDescription: "to post-copy with multifd is refused",
                change: {
                    $0.allowsPostCopy = true
                    $0.connections = 4
                }, isRefused: true),
            Forged(
                testDescription: "to xbzrle with multifd is refused",
                change: {
                    $0.xbzrleCache = .mebibytes(64)
                    $0.connections = 4
                }, isRefused: true),
            Forged(
                testDescription: "to post-copy with auto-converge runs",
                change: {
                    $0.allowsPostCopy = true
                    $0.slowsGuestDown = true
                }, isRefused: false),
            Forged(
                testDescription: "to no connections is refused", change: { $0.connections = 0 },
                isRefused: true),
            Forged(
                testDescription: "to 256 connections is refused", change: { $0.connections = 256 },
                isRefused: true),
            Forged(testDescription: "to multifd runs", change: { $0.connections = 2 }, isRefused: false),
            Forged(
                testDescription: "to xbzrle with auto-converge runs",
                change: {
                    $0.xbzrleCache = .mebibytes(64)
                    $0.slowsGuestDown = true
                }, isRefused: false),
        ])
    func forged(row: Forged) {
        var method = TransferMethod()
        row.change(&method)
        #expect((method.refusal(source: row.qemu, destination: row.qemu) != nil) == row.isRefused)
    }
}

@Suite("Destinations")
struct CandidateTests {
    private static func finding(_ severity: Finding.Severity) -> Finding {
        Finding(.mtuDiffers, severity, host: "h", subject: "br0", detail: "d", hint: "x")
    }

    @Test("are ranked: what is possible, quiet, and roomy comes first")
    func ranked() {
        func checked(_ host: String, _ severities: [Finding.Severity], available: UInt64) -> Candidate {
            Candidate(
                host: host,
                outcome: .checked(
                    findings: severities.map(Self.finding), forecast: nil, available: .mebibytes(available)))
        }
        let ranked = Candidate.ranked([
            Candidate(host: "down", outcome: .notReached("no answer")),
            checked("blocked", [.blocker], available: 9000),
            checked("twice", [.blocker, .blocker], available: 9),
            checked("warned", [.warning], available: 9000), checked("small", [.note], available: 10),
            checked("roomy", [], available: 20),
        ])
        #expect(ranked.map(\.host) == ["roomy", "small", "warned", "blocked", "twice", "down"])
        #expect(ranked.filter(\.isPossible).map(\.host) == ["roomy", "small", "warned"])
        #expect(ranked.allSatisfy { !$0.reason.isEmpty })
    }
}
