import FleetModel
import Testing

@testable import Policy

@Suite("Whether a move goes through a relay")
struct RelayChoiceTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var relaying = Relaying.auto
        /// In MB/s.
        var link: UInt64? = 117
        var ratio = 0.5
        var isRelayed = false
        /// A part of the reason.
        let says: String
        var change: @Sendable (inout Sample) -> Void = { _ in }
        var request: @Sendable (inout MoveRequest) -> Void = { _ in }
    }

    private static let apus = Carriers(sender: .known("0.1.0"), receiver: .known("0.1.0"))

    @Test(
        "hangs on link, processors and memory, and says so",
        arguments: [
            Row(
                testDescription: "1 Gbit/s, free processors", isRelayed: true,
                says: "shrinks to 50 %, the link carries 111.6 MiB/s"),
            Row(testDescription: "a link that is faster than LZ4", link: 1200, says: "QEMU alone is quicker"),
            Row(testDescription: "memory that hardly shrinks", ratio: 0.95, says: "shrinks to 95 %"),
            Row(
                testDescription: "a busy destination", says: "beta is busy: a load of 7.4 on 8 processors",
                change: { $0.destination.details.processorLoad = .known(7.4) }),
            Row(
                testDescription: "hardly a processor free on the source", link: 400,
                says: "compress 419.6 MiB/s", change: { $0.source.details.processorLoad = .known(6.9) }),
            Row(testDescription: "an unknown link", link: nil, says: "what the link carries is not known"),
            Row(
                testDescription: "no apus on the destination", says: "there is no apus",
                change: {
                    $0.relay = Carriers(
                        sender: .known("0.1.0"), receiver: .notKnown("beta: there is no apus"))
                }),
            Row(
                testDescription: "another release there", says: "different releases",
                change: { $0.relay = Carriers(sender: .known("0.1.0"), receiver: .known("0.2.0")) }),
            Row(testDescription: "nobody was asked", says: "not measured lately", change: { $0.relay = nil }),
            Row(
                testDescription: "a small guest", says: "too little in memory",
                change: { $0.resident = .mebibytes(200) }),
            Row(
                testDescription: "encrypted by QEMU", says: "does not compress",
                request: { $0 = MoveRequest(tls: true) }),
            Row(
                testDescription: "a limit below the link", says: "without",
                request: { $0 = MoveRequest(bandwidth: ByteRate(bytesPerSecond: 20_000_000)) }),
            Row(
                testDescription: "a destination that does not say how busy it is", says: "no remote-shell",
                change: { $0.destination.details.processorLoad = .notKnown("it has no remote-shell") }),
            Row(
                testDescription: "AppArmor without the rule", says: "socket on beta: AppArmor",
                change: { $0.destination.details.relayConfinement = .known(.strictAppArmor) }),
            Row(
                testDescription: "memory that could not be read", says: "is not known: it was refused",
                change: { $0.memorySample = .notKnown("it was refused") }),
            Row(
                testDescription: "--relay always", relaying: .always, link: nil, isRelayed: true,
                says: "always"),
            Row(testDescription: "--relay never", relaying: .never, says: "never"),
            Row(
                testDescription: "a guest that does not run", relaying: .always, says: "always",
                change: { $0.shutOff() }),
        ])
    func decides(row: Row) {
        var request = MoveRequest()
        row.request(&request)
        request.relaying = row.relaying
        let sample = Sample().with {
            $0.relay = Self.apus
            $0.resident = .mebibytes(1024)
            $0.source.details.processorLoad = .known(0.5)
            $0.destination.details.processorLoad = .known(0.5)
            $0.memorySample = .known(
                MemorySample(
                    content: ByteCount(1_000_000), compressed: ByteCount(UInt64(1e6 * row.ratio)),
                    rate: ByteRate(bytesPerSecond: 400_000_000)))
            row.change(&$0)
        }
        let choice = RelayChoice(
            sample.facts, request, link: row.link.map { ByteRate(bytesPerSecond: $0 * 1_000_000) })
        #expect(choice.isRelayed == row.isRelayed, "\(choice.reason)")
        #expect(choice.reason.contains(row.says), "\(choice.reason)")
    }

    @Test("asks and measures only where it may pay")
    func asks() {
        let facts = Sample().with {
            $0.relay = Self.apus
            $0.resident = .mebibytes(1024)
        }.facts
        let (slow, fast) = (ByteRate(bytesPerSecond: 117_000_000), ByteRate(bytesPerSecond: 2_000_000_000))
        var request = MoveRequest()
        #expect(RelayChoice.leastResident(facts.guest, request, link: nil) == .mebibytes(552))
        #expect(
            RelayChoice.leastResident(facts.guest, request, link: nil, willMeasure: true) == .mebibytes(296))
        #expect(RelayChoice.leastResident(facts.guest, request, link: slow) == .mebibytes(296))
        #expect(RelayChoice.leastResident(facts.guest, request, link: fast) == nil)
        #expect(RelayChoice.needsLink(facts, request))
        #expect(RelayChoice.needsSample(facts, request, link: slow))
        #expect(!RelayChoice.needsSample(facts, request, link: fast))
        #expect(!RelayChoice.needsSample(facts, request, link: nil))
        request.relaying = .never
        #expect(RelayChoice.leastResident(facts.guest, request, link: slow) == nil)
        #expect(!RelayChoice.needsLink(facts, request))
        #expect(!RelayChoice.needsSample(facts, request, link: slow))
        request.relaying = .always
        #expect(RelayChoice.leastResident(facts.guest, request, link: fast) == .zero)
        #expect(!RelayChoice.needsLink(facts, request))
        #expect(RelayChoice.needsSample(facts, request, link: nil))
    }

    @Test("halves what the forecast says of a slow link, and of the wire")
    func forecast() throws {
        func forecast(_ relay: RelayRate?) throws -> StrategyForecast {
            var input = ForecastInput(
                memory: .mebibytes(2048), resident: .mebibytes(1064),
                link: LinkSpeed(rate: ByteRate(bytesPerSecond: 117_000_000), source: .probe))
            input.relay = relay
            return try #require(ForecastModel.forecast(input).strategy(.preCopy))
        }
        let bare = try forecast(nil)
        let relayed = try forecast(RelayRate(ratio: 0.5, most: ByteRate(bytesPerSecond: 500_000_000)))
        let slow = try forecast(RelayRate(ratio: 0.5, most: ByteRate(bytesPerSecond: 117_000_000)))
        let ratio = Double(relayed.wire.likely.bytes) / Double(bare.wire.likely.bytes)
        // Of half the bytes; besides, the guest writes less while a shorter transfer lasts.
        #expect((0.42...0.5).contains(ratio))
        // Some 9.2 s of the first round become 4.6 s, and the relay's start is to be paid for.
        let saved = bare.total.likely.seconds - relayed.total.likely.seconds
        #expect((4...6.5).contains(saved))
        #expect(slow.total.likely > bare.total.likely)
    }
}
