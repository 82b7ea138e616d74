import Testing

@testable import FleetModel

@Suite("Quantities")
struct QuantityTests {
    struct TimeRow: Sendable, CustomTestStringConvertible {
        let text: String
        let time: Duration?
        var testDescription: String { text.isEmpty ? "nothing" : text }
    }

    @Test(
        "a time is a number with its unit",
        arguments: [
            TimeRow(text: "300ms", time: .milliseconds(300)),
            TimeRow(text: "2m", time: .seconds(120)),
            TimeRow(text: "1.5s", time: .milliseconds(1500)),
            TimeRow(text: "2 h", time: .seconds(7200)),
            TimeRow(text: "250us", time: .microseconds(250)),
            TimeRow(text: "300", time: nil),
            TimeRow(text: "ms", time: nil),
            TimeRow(text: "-5s", time: nil),
            TimeRow(text: "0s", time: nil),
            TimeRow(text: "1e9s", time: nil),
            TimeRow(text: "5 parsecs", time: nil),
            TimeRow(text: "99999999999999d", time: nil),
            TimeRow(text: "", time: nil),
        ])
    func time(row: TimeRow) {
        #expect((try? Duration(parsing: row.text)) == row.time)
    }

    struct RateRow: Sendable, CustomTestStringConvertible {
        let text: String
        let bytesPerSecond: UInt64?
        var testDescription: String { text }
    }

    @Test(
        "a rate is a number with its unit per second",
        arguments: [
            RateRow(text: "100MiB/s", bytesPerSecond: 104_857_600),
            RateRow(text: "1Gbit/s", bytesPerSecond: 125_000_000),
            RateRow(text: "10 MB/s", bytesPerSecond: 10_000_000),
            RateRow(text: "0MiB/s", bytesPerSecond: nil),
            RateRow(text: "100", bytesPerSecond: nil),
            RateRow(text: "100MiB", bytesPerSecond: nil),
            RateRow(text: "fast", bytesPerSecond: nil),
            RateRow(text: "1e30GiB/s", bytesPerSecond: nil),
        ])
    func rate(row: RateRow) {
        #expect((try? ByteRate(parsing: row.text))?.bytesPerSecond == row.bytesPerSecond)
    }

    @Test("a small limit never becomes libvirt's 0, which means no limit")
    func smallLimit() {
        #expect(ByteRate(bytesPerSecond: 1000).wholeMebibytesPerSecond == 1)
        #expect(ByteRate(bytesPerSecond: 3 << 20).wholeMebibytesPerSecond == 3)
        #expect(ByteRate(bytesPerSecond: (3 << 20) + 1).wholeMebibytesPerSecond == 4)
    }

    @Test("amounts read as people write them")
    func text() {
        #expect(ByteCount(12).description == "12 B")
        #expect(ByteCount.mebibytes(384).description == "384 MiB")
        #expect(ByteCount.mebibytes(1536).description == "1.5 GiB")
        #expect(ByteRate(bytesPerSecond: 1 << 20).description == "1 MiB/s")
        #expect(Duration.milliseconds(56).text == "56 ms")
        #expect(Duration.microseconds(800).text == "0.8 ms")
        #expect(Duration.milliseconds(2210).text == "2.21 s")
        #expect(Duration.seconds(200).text == "3 min 20 s")
        #expect(Duration.seconds(7260).text == "2 h 1 min")
    }

    @Test("time left counts what is dirtied meanwhile, and is not known while nothing shrinks")
    func timeLeft() {
        let sample = { (throughput: UInt64, dirty: UInt64) in
            JobSample(
                memoryRemaining: ByteCount(1000), throughput: ByteRate(bytesPerSecond: throughput),
                dirtyRate: ByteRate(bytesPerSecond: dirty))
        }
        #expect(sample(100, 0).timeLeft == .seconds(10))
        #expect(sample(100, 50).timeLeft == .seconds(20))
        #expect(sample(100, 100).timeLeft == nil)
    }
}
