import FleetModel
import FoundationEssentials
import Testing

@testable import Policy

/// A guest whose every page is in use, and a link of 100 MB/s, unless a row says otherwise.
private struct Row: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var memory = ByteCount.mebibytes(100)
    /// MiB that are dirty after 1, 2 and 4 s.
    var dirtied: [UInt64] = [0, 0, 0]
    var link: UInt64? = 100_000_000
    var bandwidth: UInt64?
    var downtimeLimit: Duration?
    var disks = ByteCount.zero
    var concurrent = 0
    var timeout: Duration? = .seconds(60)
    /// Command to activation in seconds, reckoned by hand, and how far off it may be.
    let total: Double
    var tolerance = 0.01
    var converges = true

    var input: ForecastInput {
        let overhead = ByteCount(UInt64(ForecastConstants.processOverhead))
        return ForecastInput(
            memory: memory, resident: ByteCount(memory.bytes + overhead.bytes),
            dirty: DirtyProfile(
                zip([1, 2, 4], dirtied).map {
                    DirtySample(
                        period: .seconds($0), dirtied: .mebibytes($1), mode: .dirtyBitmap, memory: memory)
                }),
            link: link.map { LinkSpeed(rate: ByteRate(bytesPerSecond: $0), source: .probe) },
            bandwidthLimit: bandwidth.map { ByteRate(bytesPerSecond: $0) }, downtimeLimit: downtimeLimit,
            timeout: timeout, concurrentMoves: concurrent, disksToCopy: disks,
            correction: PairCorrection(before: .seconds(1), after: .seconds(2), speedRatio: 1, moves: 9))
    }
}

@Suite("forecast")
struct ForecastTests {
    /// 100 MiB and their page headers are 105.06 MB on the wire; before, after and the switchover are 3 s and
    /// `switchover`.
    private static let fixed = 3 + ForecastConstants.switchover

    @Test(
        "plain pre-copy",
        arguments: [
            Row(testDescription: "an idle guest is sent once", total: fixed + 1.0506),
            Row(testDescription: "no memory costs what is fixed", memory: .zero, total: fixed),
            Row(
                testDescription: "a bandwidth limit below the link rules", bandwidth: 50_000_000,
                total: fixed + 2.1012),
            Row(
                testDescription: "a bandwidth limit above the link does not", bandwidth: 900_000_000,
                total: fixed + 1.0506),
            Row(testDescription: "a second move halves the link", concurrent: 1, total: fixed + 2.1012),
            Row(
                testDescription: "disks go first", disks: ByteCount(1_000_000_000), total: fixed + 10 + 1.0506
            ),
            Row(
                testDescription: "with no limit from the link one connection has its own", link: .max,
                total: fixed + 105_062_400 / ForecastConstants.streamRate),
            // It dirties half of what the link carries: 1 + 1/2 + 1/4 + … of the memory is sent until 30 MB
            // are left, which go with the switchover. In all 2 × 10.5 s less what was never dirtied again:
            // the last 0.3 s are dirtied by nobody.
            Row(
                testDescription: "half the link's speed takes twice the time", memory: .mebibytes(1000),
                dirtied: [48, 96, 192], total: fixed + 20.9 - 0.3, tolerance: 0.02),
            Row(
                testDescription: "a working set within the downtime limit goes with the switchover",
                dirtied: [20, 20, 20], total: fixed + 1.0506 + 0.14, tolerance: 0.03),
            Row(
                testDescription: "faster than the link never ends", memory: .mebibytes(1000),
                dirtied: [120, 240, 480], total: 60, converges: false),
            Row(
                testDescription: "a working set above the limit, rewritten all the time, never ends",
                dirtied: [100, 100, 100], total: 60, converges: false),
            Row(
                testDescription: "the same under a longer downtime limit ends", dirtied: [100, 100, 100],
                downtimeLimit: .seconds(2), total: fixed + 1.0506, tolerance: 0.15),
            Row(
                testDescription: "just below the link's speed ends", memory: .mebibytes(400),
                dirtied: [80, 160, 320], total: fixed + 22, tolerance: 0.4),
            Row(
                testDescription: "just above it does not", memory: .mebibytes(1000),
                dirtied: [101, 202, 404],
                total: 60, converges: false),
            Row(
                testDescription: "what does not fit before the deadline does not converge",
                memory: .mebibytes(10_000), total: 60, converges: false),
            Row(
                testDescription: "without a deadline a big guest has its time", memory: .mebibytes(10_000),
                timeout: nil, total: fixed + 105.06),
        ])
    private func preCopy(row: Row) throws {
        let forecast = try #require(ForecastModel.forecast(row.input).strategy(.preCopy))
        #expect(forecast.converges == row.converges)
        let total = forecast.total.likely.seconds
        #expect(abs(total - row.total) <= row.tolerance * row.total, "\(total) s")
        #expect(forecast.total.low <= forecast.total.likely && forecast.total.likely <= forecast.total.high)
        if forecast.converges {
            let limit = (row.downtimeLimit ?? .milliseconds(300)).seconds
            #expect(forecast.downtime.likely.seconds <= limit + ForecastConstants.switchover + 0.01)
        }
    }

    @Test("each strategy is there once, in its order")
    func strategies() {
        let forecast = ForecastModel.forecast(ForecastInput(memory: .mebibytes(256)))
        #expect(forecast.strategies.map(\.strategy) == MoveStrategy.allCases)
    }

    @Test("a guest that never converges: what the other strategies make of it")
    func beyondPreCopy() throws {
        let row = Row(testDescription: "", dirtied: [100, 100, 100], total: 0)
        let forecast = ForecastModel.forecast(row.input)
        let stopped = try #require(forecast.strategy(.stopAndCopy))
        #expect(abs(stopped.downtime.likely.seconds - 1.0506 - ForecastConstants.switchover) < 0.01)
        #expect(stopped.converges)
        let pulled = try #require(forecast.strategy(.postCopy))
        #expect(pulled.converges)
        #expect(pulled.downtime.likely < stopped.downtime.likely)
        let fallback = try #require(forecast.strategy(.postCopyFallback))
        #expect(fallback.converges)
        #expect(fallback.total.likely >= pulled.total.likely)
        let slowed = try #require(forecast.strategy(.autoConverge))
        #expect(slowed.converges)
        #expect(slowed.rounds.likely > 2)
    }

    @Test("more connections carry more where one is the limit")
    func multifd() throws {
        let input = ForecastInput(
            memory: .mebibytes(8192), link: LinkSpeed(rate: ByteRate(bytesPerSecond: .max), source: .probe),
            connections: 4)
        let forecast = ForecastModel.forecast(input)
        let one = try #require(forecast.strategy(.preCopy))
        let four = try #require(forecast.strategy(.multifd))
        #expect(four.total.likely < one.total.likely)
    }

    @Test("the less is known, the wider the range and the smaller the confidence")
    func knowledge() throws {
        let sampled = Row(testDescription: "", dirtied: [10, 20, 40], total: 0).input
        let link = LinkSpeed(rate: ByteRate(bytesPerSecond: 100_000_000), source: .moves)
        let last = PastMove(
            strategy: .preCopy, total: .seconds(5), rounds: 4,
            dirtyRate: ByteRate(bytesPerSecond: 10 << 20))
        let remembered = ForecastInput(
            memory: sampled.memory, resident: sampled.resident, link: link, correction: sampled.correction,
            lastMove: last)
        let assumed = ForecastInput(memory: sampled.memory)
        let forecasts = [sampled, remembered, assumed].map { ForecastModel.forecast($0) }
        #expect(forecasts.map(\.basis) == [.sampled, .remembered, .assumed])
        let preCopies = try forecasts.map { try #require($0.strategy(.preCopy)) }
        let widths = preCopies.map { $0.total.high.seconds / $0.total.low.seconds }
        #expect(widths[0] < widths[1] && widths[1] < widths[2], "\(widths)")
        #expect(preCopies[0].confidence > preCopies[1].confidence)
        #expect(preCopies[1].confidence > preCopies[2].confidence)
    }

    @Test(
        "nonsense gets an answer, and one that can be stored",
        arguments: [
            ForecastInput(memory: .zero, resident: ByteCount(.max)),
            ForecastInput(memory: ByteCount(.max), resident: .zero, disksToCopy: ByteCount(.max)),
            ForecastInput(
                memory: .mebibytes(1),
                link: LinkSpeed(rate: ByteRate(bytesPerSecond: 0), source: .probe),
                bandwidthLimit: ByteRate(bytesPerSecond: 0)),
            ForecastInput(
                memory: .mebibytes(1), downtimeLimit: .seconds(-1), timeout: .seconds(-1),
                concurrentMoves: .max, connections: .min),
            ForecastInput(memory: .mebibytes(1), downtimeLimit: .zero, timeout: .zero, concurrentMoves: .min),
            ForecastInput(
                memory: .mebibytes(1), downtimeLimit: .seconds(Int64.max), timeout: .seconds(Int64.max)),
            ForecastInput(
                memory: .mebibytes(64),
                dirty: DirtyProfile([
                    DirtySample(period: .zero, dirtied: ByteCount(.max), mode: .dirtyBitmap, memory: .zero),
                    DirtySample(
                        period: .seconds(-1), dirtied: ByteCount(.max), mode: .pageSampling, memory: .zero),
                    DirtySample(
                        period: .seconds(1), dirtied: ByteCount(.max), mode: .pageSampling,
                        memory: .mebibytes(64)),
                    DirtySample(
                        period: .seconds(2), dirtied: .zero, mode: .dirtyBitmap, memory: ByteCount(.max)),
                ])),
            ForecastInput(
                memory: .mebibytes(64),
                correction: PairCorrection(
                    before: .seconds(-9), after: .seconds(-9), speedRatio: .nan, moves: -1)),
            ForecastInput(
                memory: .mebibytes(64),
                correction: PairCorrection(before: .zero, after: .zero, speedRatio: .infinity, moves: .max)),
            ForecastInput(
                memory: .mebibytes(64),
                correction: PairCorrection(before: .zero, after: .zero, speedRatio: 0, moves: 0)),
            ForecastInput(
                memory: .mebibytes(64),
                lastMove: PastMove(
                    strategy: .postCopy, total: .seconds(-1), rounds: -1,
                    dirtyRate: ByteRate(bytesPerSecond: .max))),
        ])
    func nonsense(input: ForecastInput) throws {
        let forecast = ForecastModel.forecast(input)
        let stored = try JSONEncoder().encode(forecast)
        #expect(try JSONDecoder().decode(Forecast.self, from: stored) == forecast)
        #expect(forecast.strategies.count == MoveStrategy.allCases.count)
        for strategy in forecast.strategies {
            #expect(strategy.total.low >= .zero)
            #expect(
                strategy.total.low <= strategy.total.likely && strategy.total.likely <= strategy.total.high)
            #expect(strategy.downtime.low <= strategy.downtime.high && strategy.downtime.low >= .zero)
            #expect(strategy.wire.low <= strategy.wire.high)
            #expect(strategy.rounds.low <= strategy.rounds.high && strategy.rounds.low >= 0)
            #expect(!strategy.reason.isEmpty)
        }
    }
}
