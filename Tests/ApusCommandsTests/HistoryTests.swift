import FleetModel
import Testing

@testable import ApusCommands

@Suite("What apus history tells of a move")
struct HistoryTests {
    private static func record(_ strategy: String, _ actual: PastMove?) -> MoveRecord {
        MoveRecord(
            id: "3f2a1b2c4d5e6f70", guest: GuestIdentity(name: "web01", uuid: "u"), source: "alpha",
            destination: "beta", began: 1_700_000_000,
            plan: #"{"choices":[{"subject":"strategy","choice":"\#(strategy)","reason":"r"}]}"#,
            forecast: nil, outcome: .moved, actual: actual)
    }

    @Test("a cold move has its total time and its wire bytes", arguments: ["cold", "warm"])
    func cold(strategy: String) {
        let downtime: Duration? = strategy == "warm" ? .milliseconds(4900) : nil
        let report = PastMoveReport(
            Self.record(
                strategy,
                PastMove(
                    strategy: nil, total: .milliseconds(7550), downtime: downtime, wire: .mebibytes(1024),
                    rounds: 0)))
        #expect(report.strategy == strategy)
        #expect(report.totalSeconds == 7.55 && report.wireBytes == 1 << 30)
        #expect(report.downtimeSeconds == downtime?.seconds)
        #expect(report.forecast == nil && report.forecastError == nil)
        #expect(
            report.row.suffix(5) == ["-", "7.55 s", "-", strategy == "warm" ? "4.9 s" : "-", "1 GiB"])
    }

    @Test("what nobody measured stays open")
    func unmeasured() {
        let report = PastMoveReport(Self.record("cold", nil))
        #expect(report.strategy == nil && report.totalSeconds == nil)
        #expect(report.row.suffix(5) == ["-", "-", "-", "-", "-"])
    }
}
