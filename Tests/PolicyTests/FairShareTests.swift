import FleetModel
import Policy
import TestSupport
import Testing

@Suite("Moves at once", .timeLimit(.minutes(1)))
struct FairShareTests {
    /// `a>b` or `a>b:LIMIT`, in MiB/s.
    private static func flow(_ text: String) -> FairShare.Flow {
        let parts = text.split(separator: ":").map(String.init)
        let ends = parts[0].split(separator: ">").map(String.init)
        return FairShare.Flow(
            source: ends[0], destination: ends[1],
            limit: parts.count > 1 ? mebibytes(Double(parts[1]) ?? 0) : nil)
    }

    private static func mebibytes(_ count: Double) -> ByteRate {
        ByteRate(bytesPerSecond: UInt64(count * 0x1p20))
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let flows: String
        /// In MiB/s, `-` for no limit.
        let shares: String
        var rates = ["a", "b", "c", "d"].reduce(into: [:]) { $0[$1] = 100.0 }
    }

    @Test(
        "share their links",
        arguments: [
            Row(testDescription: "alone, the whole link", flows: "a>b", shares: "100"),
            Row(testDescription: "two from one host", flows: "a>b a>c", shares: "50 50"),
            Row(testDescription: "two to one host", flows: "a>c b>c", shares: "50 50"),
            Row(testDescription: "there and back do not meet", flows: "a>b b>a", shares: "100 100"),
            Row(testDescription: "strangers do not meet", flows: "a>b c>d", shares: "100 100"),
            Row(testDescription: "three, rounded down", flows: "a>b a>b a>b", shares: "33 33 33"),
            Row(
                testDescription: "a limit below the share leaves the rest", flows: "a>b:20 a>b",
                shares: "20 80"),
            Row(testDescription: "a limit above the share is none", flows: "a>b:90 a>b", shares: "50 50"),
            Row(
                testDescription: "limits that fit together stand", flows: "a>b:20 a>b:30.5", shares: "20 30.5"
            ),
            Row(
                testDescription: "one that is held up elsewhere leaves the rest", flows: "a>b c>b d>b a>d",
                shares: "33 33 33 66"),
            Row(
                testDescription: "a slow host holds up its own moves only", flows: "a>b a>c", shares: "10 90",
                rates: ["a": 100, "b": 10, "c": 100]),
            Row(
                testDescription: "a link that nobody knows holds nobody", flows: "a>b a>c:5", shares: "- 5",
                rates: [:]),
            Row(
                testDescription: "a known link beside an unknown one", flows: "a>b a>c", shares: "50 50",
                rates: ["a": 100]),
            Row(
                testDescription: "never nothing", flows: "a>b a>b a>b", shares: "1 1 1",
                rates: ["a": 1, "b": 100]),
            Row(testDescription: "none", flows: "", shares: ""),
        ])
    func shares(row: Row) {
        let share = FairShare(linkRates: row.rates.mapValues(Self.mebibytes))
        let flows = row.flows.split(separator: " ").map { Self.flow(String($0)) }
        let expected = row.shares.split(separator: " ").map {
            $0 == "-" ? nil : Self.mebibytes(Double($0) ?? 0)
        }
        #expect(share.shares(of: flows) == expected)
    }

    struct New: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let move: String
        var others = ""
        let bandwidth: Double?
    }

    @Test(
        "leave a new one",
        arguments: [
            New(testDescription: "no limit when it is alone", move: "a>b", bandwidth: nil),
            New(testDescription: "its own limit when it is alone", move: "a>b:30", bandwidth: 30),
            New(
                testDescription: "no limit beside strangers", move: "a>b", others: "b>a c>d", bandwidth: nil),
            New(testDescription: "half beside another", move: "a>b", others: "a>c", bandwidth: 50),
            New(testDescription: "its own limit below that", move: "a>b:30", others: "a>c", bandwidth: 30),
            New(testDescription: "its half above that", move: "a>b:70", others: "a>c", bandwidth: 50),
            New(
                testDescription: "what limited ones leave", move: "a>b", others: "a>c:10 a>d:20",
                bandwidth: 70),
            New(
                testDescription: "what one that is held up elsewhere leaves", move: "a>b",
                others: "a>c b>c d>c", bandwidth: 66),
        ])
    func new(row: New) {
        let share = FairShare(
            linkRates: ["a", "b", "c", "d"].reduce(into: [:]) { $0[$1] = Self.mebibytes(100) })
        let others = row.others.split(separator: " ").map { Self.flow(String($0)) }
        #expect(
            share.bandwidth(for: Self.flow(row.move), beside: others) == row.bandwidth.map(Self.mebibytes))
    }

    @Test("are max-min fair, whatever they are", arguments: 0..<200)
    func fair(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let hosts = ["a", "b", "c", "d", "e"]
        var rates: [String: ByteRate] = [:]
        for host in hosts { rates[host] = Self.mebibytes(Double.random(in: 40...4000, using: &random)) }
        let flows = (0..<Int.random(in: 1...12, using: &random)).map { _ in
            let source = hosts.randomElement(using: &random) ?? "a"
            let destination = hosts.filter { $0 != source }.randomElement(using: &random) ?? "b"
            let isLimited = Bool.random(using: &random)
            return FairShare.Flow(
                source: source, destination: destination,
                limit: isLimited ? Self.mebibytes(Double.random(in: 1...500, using: &random)) : nil)
        }
        let shares = FairShare(linkRates: rates).shares(of: flows).map { $0?.bytesPerSecond ?? .max }
        // Each share is rounded down by less than 1 MiB/s.
        let slack = UInt64(flows.count) << 20
        func sum(_ isUser: (FairShare.Flow) -> Bool) -> UInt64 {
            zip(flows, shares).reduce(0) { isUser($1.0) ? $0 + $1.1 : $0 }
        }
        for host in hosts {
            let rate = rates[host]?.bytesPerSecond ?? 0
            #expect(sum { $0.source == host } <= rate + 1)
            #expect(sum { $0.destination == host } <= rate + 1)
        }
        for (flow, share) in zip(flows, shares) {
            if let limit = flow.limit {
                #expect(share <= limit.bytesPerSecond)
                if share == limit.bytesPerSecond { continue }
            }
            // It has a link that is full, and nobody on that link has more.
            let isHeld = [\FairShare.Flow.source, \.destination].contains { end in
                let others = zip(flows, shares).filter { $0.0[keyPath: end] == flow[keyPath: end] }
                let total = others.reduce(0) { $0 + $1.1 }
                let rate = rates[flow[keyPath: end]]?.bytesPerSecond ?? 0
                return total + slack >= rate && others.allSatisfy { $0.1 <= share + 1 << 20 }
            }
            #expect(isHeld, "\(flow) has \(share)")
        }
    }
}
