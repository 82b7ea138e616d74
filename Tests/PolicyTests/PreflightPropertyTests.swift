import FleetModel
import TestSupport
import Testing

@testable import Policy

/// What holds whatever the facts say: saved facts may come from anywhere.
@Suite("Preflight, whatever the facts say")
struct PreflightPropertyTests {
    @Test("keeps its order, and an ignored code lifts nothing else", arguments: 0..<400)
    func bent(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var sample = Sample()
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            try #require(PreflightCase.all.randomElement(using: &random)).bend(&sample)
        }
        if Bool.random(using: &random) { distort(&sample, &random) }
        let control = try #require([MoveRequest.Control.peerToPeer, .direct].randomElement(using: &random))
        let code = try #require(Finding.Code.allCases.randomElement(using: &random))
        let facts = sample.facts
        let plain = Preflight.findings(for: facts, request: MoveRequest(control: control))
        let ranks = plain.map { ($0.severity, $0.code.topic) }
        #expect(zip(ranks, ranks.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(Set(plain).count == plain.count)
        #expect(!plain.contains { $0.isIgnored })

        let lifted = Preflight.findings(
            for: facts, request: MoveRequest(control: control, ignored: [IgnoredFinding(code: code)]))
        #expect(lifted.map(\.detail) == plain.map(\.detail))
        for finding in lifted {
            let isLifted = finding.code == code && finding.severity == .blocker && code.canBeIgnored
            #expect(finding.isIgnored == isLifted)
        }
    }

    @Test("has nothing against a healthy pair, whatever codes are ignored", arguments: Finding.Code.allCases)
    func healthy(code: Finding.Code) {
        let request = MoveRequest(ignored: [IgnoredFinding(code: code)])
        #expect(Preflight.findings(for: Sample().facts, request: request) == [])
    }

    /// Numbers and texts that no host would give.
    private func distort(_ sample: inout Sample, _ random: inout SeededGenerator) {
        let integers = [Int.min, -1, 0, 1, 64, Int.max]
        let counts = [ByteCount.zero, ByteCount(1), ByteCount(.max), .mebibytes(2)]
        let texts = ["", "/", "//", "a", "127.", "*", ".", String(repeating: "ß", count: 300)]
        let durations = [
            Duration.zero, Duration(secondsComponent: .max, attosecondsComponent: 0),
            Duration(secondsComponent: .min, attosecondsComponent: 0), .seconds(1),
        ]
        func integer() -> Int { integers.randomElement(using: &random) ?? 0 }
        func amount() -> ByteCount { counts.randomElement(using: &random) ?? .zero }
        func text() -> String { texts.randomElement(using: &random) ?? "" }
        func duration() -> Duration { durations.randomElement(using: &random) ?? .zero }

        sample.memory = amount()
        sample.vcpus = integer()
        sample.hardware.snapshots = (0..<max(0, integer() % 4)).map { GuestHardware.Snapshot(name: "\($0)") }
        sample.hardware.loosePlugs = integer()
        sample.hardware.pinnedProcessors = [integer(), integer()]
        sample.hardware.timeStampFrequency = amount().bytes
        sample.hardware.hugePages = [GuestHardware.HugePages(size: amount(), memory: amount())]
        sample.hardware.paths = [GuestHardware.PathNeed(path: text(), kind: .createdFile, use: text())]
        sample.hardware.listenAddresses = [text()]
        sample.destination.processors = integer()
        sample.destination.memory = amount()
        sample.destination.peerURI = text()
        sample.destination.details.availableMemory = .known(amount())
        sample.destination.details.load.reservedMemory = amount()
        sample.destination.details.load.incoming = integer()
        sample.destination.details.pages = [HostDetails.Pages(size: amount(), free: amount().bytes)]
        sample.destination.details.ports = .known(
            HostDetails.PortRange(first: integer(), last: integer(), used: integer()))
        sample.destination.details.cpu = .known(Sample.hostCPU(frequency: amount().bytes))
        sample.destination.details.certificate = .known(
            HostDetails.Certificate(names: [text()], remaining: duration()))
        sample.clock = .known(ClockOffset(offset: duration(), error: duration()))
        sample.disks = [
            Sample.disk(.absent(text()), at: .file(text())) {
                $0.allocation = amount()
                $0.capacity = amount()
                $0.place = .known(Sample.place(text(), free: amount()))
            }
        ]
    }
}
