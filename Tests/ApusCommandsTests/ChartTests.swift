import FleetModel
import Testing

@testable import ApusCommands

@Suite("The chart of a move")
struct ChartTests {
    private static let unicode = Chart.Style { $0 == "LANG" ? "C.UTF-8" : nil }
    private static let ascii = Chart.Style { _ in nil }

    private static func sample(
        _ seconds: Double, _ remaining: UInt64?, rate: UInt64? = nil, round: Int? = nil, disk: UInt64? = nil
    ) -> MoveEntry {
        MoveEntry(
            at: .milliseconds(Int64(seconds * 1000)),
            .sample(
                JobSample(
                    memoryRemaining: remaining.map { .mebibytes($0) },
                    throughput: rate.map { ByteRate(bytesPerSecond: $0 << 20) }, round: round,
                    diskRemaining: disk.map { .mebibytes($0) })))
    }

    /// Two rounds: from 800 MiB to 0, then from 200 MiB.
    private static let move =
        (0...8).map { sample(Double($0), UInt64(800 - $0 * 99), rate: 100, round: 1) }
        + [sample(9, 190, rate: 55, round: 2), sample(10, 140, rate: 20, round: 2)]

    @Test(
        "memory shrinks from the upper left, each round is marked where it began, and both ends have their time"
    )
    func memory() {
        let lines = MoveCharts(Self.move).lines(width: 32, style: Self.unicode)
        #expect(
            lines.joined(separator: "\n") == """

                Memory left to send
                  800 MiB │██
                          │████
                          │██████
                          │████████
                          │██████████
                          │████████████
                          │██████████████▁▁  ▇▇▃
                        0 │████████████████▁▁███
                          └┬─────────────────┬──
                   rounds  1                 2
                           0 ms             10 s

                Throughput
                100 MiB/s │██████████████████
                          │██████████████████▂▂
                          │████████████████████
                        0 │████████████████████▆
                          └┬─────────────────┬──
                   rounds  1                 2
                           0 ms             10 s
                """)
    }

    @Test("characters that every terminal has do as well")
    func plain() {
        let lines = MoveCharts(Self.move).lines(width: 32, style: Self.ascii)
        #expect(lines.allSatisfy { $0.allSatisfy(\.isASCII) })
        #expect(
            lines.prefix(13).joined(separator: "\n") == """

                Memory left to send
                  800 MiB |##
                          |####
                          |######
                          |########
                          |##########
                          |############
                          |##############    ##.
                        0 |################..###
                          +v-----------------v--
                   rounds  1                 2
                           0 ms             10 s
                """)
    }

    @Test(
        "blocks are drawn where the locale has them, LC_ALL before LC_CTYPE before LANG, and the terminal too",
        arguments: [
            (["LANG": "en_US.UTF-8"], true), (["LANG": "C.utf8"], true), (["LANG": "C"], false), ([:], false),
            (["LC_ALL": "C", "LANG": "en_US.UTF-8"], false), (["LC_ALL": "", "LC_CTYPE": "C.UTF-8"], true),
            (["LC_CTYPE": "POSIX", "LANG": "en_US.UTF-8"], false),
            (["LANG": "C.UTF-8", "TERM": "dumb"], false),
            (["LANG": "C.UTF-8", "TERM": "linux"], false), (["LANG": "C.UTF-8", "TERM": "xterm"], true),
            (["LANG": "C.UTF-8", "NO_COLOR": "1"], true),
        ] as [([String: String], Bool)])
    func style(environment: [String: String], isUnicode: Bool) {
        #expect(Chart.Style { environment[$0] }.levels.contains("█") == isUnicode)
    }

    @Test("no line is wider than was asked for", arguments: [24, 40, 80, 199])
    func width(width: Int) {
        let rounds = (0..<300).map {
            Self.sample(Double($0), UInt64(300 - $0), rate: 7, round: $0 / 5 + 1, disk: 9)
        }
        for style in [Self.unicode, Self.ascii] {
            let lines = MoveCharts(rounds).lines(width: width, style: style)
            #expect(lines.count == 3 + (8 + 4 + 4) + 3 + 9)
            #expect(lines.map(\.count).max() ?? 0 <= width)
            #expect(lines.contains { $0.hasPrefix(" rounds  1") || $0.contains("rounds  1") })
        }
    }

    @Test(
        "where there is nothing to see nothing is drawn",
        arguments: [
            [], [sample(1, 100)], [sample(1, 100), sample(1, 50)], [sample(1, 0), sample(2, 0)],
            [sample(1, nil), sample(2, nil)],
            [MoveEntry(at: .zero, .phase(.preCopy)), MoveEntry(at: .seconds(1), .remark("x"))],
        ])
    func nothing(entries: [MoveEntry]) {
        #expect(MoveCharts(entries).lines(width: 80, style: Self.unicode).isEmpty)
    }

    @Test("any figures are drawn without a trap")
    func extremes() {
        let odd = [
            MoveEntry(
                at: .seconds(Int64.max / 4), .sample(JobSample(memoryRemaining: ByteCount(.max), round: .max))
            ),
            MoveEntry(at: .seconds(-5), .sample(JobSample(memoryRemaining: ByteCount(1), round: -3))),
            MoveEntry(at: .zero, .sample(JobSample(memoryRemaining: .zero, round: 0))),
        ]
        for width in [0, 20, 1000] {
            #expect(!MoveCharts(odd).lines(width: width, style: Self.ascii).isEmpty)
        }
    }
}
