import Synchronization
import Testing

import TransferSupport

@testable import Transfer

@Suite("A limit on processor time")
struct ProcessorLimitTests {
    /// Processor time as a test has it.
    private final class Meter: Sendable {
        let nanoseconds = Atomic<UInt64>(5_000_000_000)
        func take(_ milliseconds: UInt64) { nanoseconds.add(milliseconds * 1_000_000, ordering: .relaxed) }
    }

    private func time(_ meter: Meter, _ limit: ProcessorLimit, taking milliseconds: UInt64) -> Duration {
        meter.take(milliseconds)
        return ContinuousClock().measure { limit.pass { false } }
    }

    @Test("waits until what was taken is no more than its share")
    func share() {
        let meter = Meter()
        let limit = ProcessorLimit(processors: 0.5) { meter.nanoseconds.load(ordering: .relaxed) }
        // What was taken before it began does not count; 1 ms may run ahead.
        #expect(time(meter, limit, taking: 0) < .milliseconds(50))
        let waited = time(meter, limit, taking: 100)
        #expect(waited > .milliseconds(180))
    }

    @Test("does not wait for a transfer that has ended")
    func over() {
        let meter = Meter()
        let limit = ProcessorLimit(processors: 0.01) { meter.nanoseconds.load(ordering: .relaxed) }
        meter.take(60_000)
        #expect(ContinuousClock().measure { limit.pass { true } } < .seconds(10))
    }

    @Test("of the process counts what its threads take")
    func process() {
        let before = ProcessorLimit.ofProcess()
        var sum: UInt64 = 1
        while ProcessorLimit.ofProcess() < before + 5_000_000 { sum = sum &* 31 }
        #expect(ProcessorLimit.ofProcess() > before)
        #expect(sum != 0)
    }

    @Test("holds a sender that takes more, and everything arrives", .timeLimit(.minutes(1)))
    func sender() async throws {
        let scene = try Scene()
        let content = Scene.random(4 << 20, seed: 41)
        let path = try scene.write("\(scene.source)/disk", [(0, content)])
        var exchange = Exchange([try scene.outgoing("disk", from: path)], scene.policy)
        // Each piece seems to take 20 ms of a processor, of which half of one is allowed.
        let meter = Meter()
        exchange.processors = ProcessorLimit(processors: 0.5) {
            meter.take(20)
            return meter.nanoseconds.load(ordering: .relaxed)
        }
        let began = ContinuousClock.now
        let outcome = try await exchange.run()
        #expect(outcome.sendError == nil)
        #expect(try scene.read("disk") == content)
        #expect(began.duration(to: .now) > .milliseconds(8 * 40 - 50))
    }
}
