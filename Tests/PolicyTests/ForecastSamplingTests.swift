import FleetModel
import Testing

@testable import Policy

@Suite("sampling for a forecast")
struct ForecastSamplingTests {
    private static let memory = ByteCount.mebibytes(1024)

    private static func sample(
        _ seconds: Int, _ dirtied: UInt64, _ mode: DirtySample.Mode = .dirtyBitmap
    ) -> DirtySample {
        DirtySample(period: .seconds(seconds), dirtied: .mebibytes(dirtied), mode: mode, memory: memory)
    }

    private static func schedule(
        link: UInt64 = 125 << 20, accelerator: ForecastInput.Accelerator = .kvm, countsExactly: Bool = true
    ) -> SamplingSchedule {
        SamplingSchedule(
            ForecastInput(
                memory: memory, accelerator: accelerator,
                link: LinkSpeed(rate: ByteRate(bytesPerSecond: link), source: .probe)),
            countsExactly: countsExactly)
    }

    @Test("KVM's dirty log: one second, then four")
    func exact() {
        let schedule = Self.schedule()
        #expect(schedule.next(after: []) == .calculate(seconds: 1, mode: .dirtyBitmap))
        #expect(schedule.next(after: [Self.sample(1, 20)]) == .calculate(seconds: 4, mode: .dirtyBitmap))
        #expect(schedule.next(after: [Self.sample(1, 20), Self.sample(4, 80)]) == nil)
    }

    @Test("page sampling where there is no such log", arguments: [true, false])
    func sampled(underTCG: Bool) {
        let schedule = Self.schedule(accelerator: underTCG ? .tcg : .kvm, countsExactly: underTCG)
        var samples: [DirtySample] = []
        var periods: [Int] = []
        while case .calculate(let seconds, let mode) = schedule.next(after: samples) {
            #expect(mode == .pageSampling)
            periods.append(seconds)
            samples.append(Self.sample(seconds, UInt64(seconds) * 10, mode))
        }
        #expect(periods == [1, 1, 1, 4])
    }

    @Test(
        "pages are read only where it decides something",
        arguments: [
            (100, true, "the link takes the set in 0.8 s: everything hangs on the first second"),
            (20, false, "the set fits the downtime limit"),
            (300, false, "the set is rewritten faster than the link takes it"),
        ])
    func readsPages(dirtied: UInt64, reads: Bool, why: Comment) {
        let samples = [Self.sample(1, dirtied), Self.sample(4, dirtied)]
        let step = Self.schedule().next(after: samples)
        #expect((step != nil) == reads, why)
        let read = DirtySample(
            period: .milliseconds(100), dirtied: .mebibytes(5), mode: .pageReading, memory: Self.memory)
        #expect(Self.schedule().next(after: samples + [read]) == nil)
    }

    @Test("readings become samples: the share of pages that differ, of the working set")
    func readings() {
        // Twenty readings 50 ms apart of four pages, each rewritten every 200 ms, one after the other.
        let traces = (0..<4).map { page in
            PageTrace(
                (0..<20).map { time in
                    .init(time: .milliseconds(50 * time), digest: UInt64((time + page) / 4))
                })
        }
        let samples = DirtySample.reading(traces, within: Self.sample(1, 80))
        #expect(samples.map(\.period) == [.milliseconds(50), .milliseconds(100), .milliseconds(200)])
        let dirtied = samples.map { Double($0.dirtied.bytes) / 0x1p20 }
        #expect(abs(dirtied[0] - 20) < 2 && abs(dirtied[1] - 40) < 3 && dirtied[2] == 80, "\(dirtied)")
        #expect(samples.allSatisfy { $0.mode == .pageReading && $0.pages == 4 })
    }

    @Test("readings that tell nothing give no sample")
    func emptyReadings() {
        let whole = Self.sample(1, 80)
        #expect(DirtySample.reading([], within: whole).isEmpty)
        #expect(DirtySample.reading([PageTrace([])], within: whole).isEmpty)
        let still = PageTrace(Array(repeating: .init(time: .seconds(1), digest: 1), count: 5))
        #expect(DirtySample.reading([still], within: whole).isEmpty)
    }

    @Test("what readings below a second change: fast enough never ends, slow enough does")
    func belowOneSecond() throws {
        func converges(_ milliseconds: Int, dirtied: UInt64) throws -> Bool {
            let whole = [Self.sample(1, 100), Self.sample(4, 100)]
            let read = DirtySample(
                period: .milliseconds(milliseconds), dirtied: .mebibytes(dirtied), mode: .pageReading,
                memory: Self.memory)
            let forecast = ForecastModel.forecast(
                ForecastInput(
                    memory: Self.memory, dirty: DirtyProfile(whole + [read]),
                    link: LinkSpeed(rate: ByteRate(bytesPerSecond: 125 << 20), source: .probe),
                    timeout: .seconds(60)))
            return try #require(forecast.strategy(.preCopy)).converges
        }
        #expect(try converges(100, dirtied: 10))
        #expect(try !converges(100, dirtied: 40))
    }

    @Test("libvirt's whole MiB/s: half of one is put back, and a still guest stays still")
    func wholeMebibytes() {
        func dirtied(_ rate: UInt64, seconds: Int = 4) -> UInt64 {
            DirtySample(
                period: .seconds(seconds), mebibytesPerSecond: rate, mode: .dirtyBitmap, memory: Self.memory
            ).dirtied.bytes
        }
        #expect(dirtied(20) == 82 << 20)
        #expect(dirtied(0) == 0)
        #expect(dirtied(.max) == Self.memory.bytes)
    }

    @Test("a pair's moves: the least of what is fixed, the median of the speed")
    func learning() throws {
        func move(_ before: Int, _ after: Int, wire: UInt64, transfer: Int = 10) -> PastMove {
            PastMove(
                strategy: .preCopy, total: .seconds(20), wire: ByteCount(wire), rounds: 3,
                before: .milliseconds(before), transfer: .seconds(transfer), after: .milliseconds(after),
                link: ByteRate(bytesPerSecond: 100_000_000))
        }
        #expect(PairCorrection.learned(from: []) == nil)
        #expect(PairCorrection.learned(from: [PastMove(strategy: .preCopy, total: .zero, rounds: 0)]) == nil)
        let moves = [
            move(400, 200, wire: 900_000_000), move(500, 300, wire: 950_000_000),
            move(9000, 2000, wire: 990_000_000), move(400, 200, wire: 1, transfer: 0),
        ]
        let learned = try #require(PairCorrection.learned(from: moves))
        #expect(learned.before == .milliseconds(400))
        #expect(learned.after == .milliseconds(200))
        #expect(abs(learned.speedRatio - 0.95) < 1e-9)
        #expect(learned.moves == 4)
    }

    @Test("moves of files teach nothing about moves of memory")
    func files() {
        let cold = PastMove(
            strategy: nil, total: .seconds(60), wire: .mebibytes(4096), rounds: 0, before: .seconds(1),
            transfer: .seconds(50), after: .seconds(9), link: ByteRate(bytesPerSecond: 100_000_000))
        let live = PastMove(
            strategy: .preCopy, total: .seconds(20), wire: .mebibytes(95), rounds: 3,
            before: .milliseconds(400), transfer: .seconds(10), after: .milliseconds(200),
            link: ByteRate(bytesPerSecond: 100_000_000))
        func input(_ moves: [PastMove]) -> ForecastInput {
            Experience(pairMoves: moves, guestMoves: moves, links: [], dirty: nil)
                .input(Sample().facts, MoveRequest(), measuredDirty: nil, measuredLink: nil)
        }
        #expect(input([cold, live, cold]) == input([live]))
        #expect(input([cold]).correction == nil && input([cold]).lastMove == nil)
    }
}
