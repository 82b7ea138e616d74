import Glibc
import Synchronization
import Testing

@testable import Simulator

@Suite("The simulation's executor and clock")
struct SimulationTests {
    private let simulation = Simulation(timeLimit: .seconds(3600), stepLimit: 100_000)
    private var clock: VirtualClock { VirtualClock(simulation) }

    /// What happened, in its order.
    private final class Diary: Sendable {
        private let lines = Mutex<[String]>([])
        func note(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    private actor Counter {
        private(set) var count = 0
        private(set) var threads: Set<UInt> = []
        func add() {
            count += 1
            threads.insert(pthread_self())
        }
    }

    @Test("sleepers wake in the order of their time, and of two at one time the first one first")
    func order() throws {
        let diary = Diary()
        let clock = clock
        try simulation.run {
            await withTaskGroup(of: Void.self) { group in
                for (name, milliseconds) in [("late", 30), ("first", 10), ("second", 10), ("early", 5)] {
                    group.addTask {
                        try? await clock.sleep(for: .milliseconds(milliseconds))
                        diary.note("\(name) at \(clock.now.offset)")
                    }
                }
            }
        }
        #expect(
            diary.all == [
                "early at 0.005 seconds", "first at 0.01 seconds", "second at 0.01 seconds",
                "late at 0.03 seconds",
            ])
    }

    @Test("an hour passes in no time")
    func noWaiting() throws {
        let clock = clock
        let took = try ContinuousClock().measure {
            try simulation.run { try? await clock.sleep(for: .seconds(3000)) }
        }
        #expect(simulation.now == .seconds(3000))
        #expect(took < .seconds(60))
    }

    @Test("a sleeper that is cancelled wakes at once, and so does one that was cancelled before")
    func cancellation() throws {
        let diary = Diary()
        let clock = clock
        try simulation.run {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    do {
                        try await clock.sleep(for: .seconds(1000))
                        diary.note("slept")
                    } catch {
                        diary.note("\(type(of: error)) at \(clock.now.offset)")
                    }
                    do { try await clock.sleep(for: .seconds(1)) } catch {
                        diary.note("again at \(clock.now.offset)")
                    }
                }
                try? await clock.sleep(for: .seconds(2))
                group.cancelAll()
            }
        }
        #expect(diary.all == ["CancellationError at 2.0 seconds", "again at 2.0 seconds"])
    }

    @Test("a body that waits for what never comes is a deadlock, told with its time")
    func deadlock() {
        let clock = clock
        #expect(throws: Simulation.Failure.deadlock(at: .seconds(3))) {
            try simulation.run {
                try? await clock.sleep(for: .seconds(3))
                let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
                for await _ in stream {}
                withExtendedLifetime(continuation) {}
            }
        }
    }

    @Test("a body that sleeps for ever, or spins, is told too")
    func bounds() {
        let clock = clock
        #expect(throws: Simulation.Failure.tooLong(.seconds(3600))) {
            try simulation.run { while true { try? await clock.sleep(for: .seconds(1)) } }
        }
        #expect(throws: Simulation.Failure.tooManySteps(100_000)) {
            try Simulation(timeLimit: .seconds(1), stepLimit: 100_000).run {
                while true { await Task.yield() }
            }
        }
    }

    @Test("actors, task groups, async lets, streams and cancelled children all stay on the thread")
    func oneThread() throws {
        let counter = Counter()
        let clock = clock
        let here = pthread_self()
        let threads = try simulation.run {
            await withTaskGroup(of: Void.self) { group in
                let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
                group.addTask { for await _ in stream { await counter.add() } }
                for number in 0..<10 {
                    group.addTask {
                        try? await clock.sleep(for: .milliseconds(number % 3))
                        async let one: Void = counter.add()
                        async let two: Void = counter.add()
                        _ = await (one, two)
                        continuation.yield(number)
                    }
                }
                group.addTask {
                    try? await clock.sleep(for: .seconds(100))
                    await counter.add()
                }
                try? await clock.sleep(for: .seconds(1))
                continuation.finish()
                group.cancelAll()
            }
            return await counter.threads
        }
        #expect(threads == [here])
        #expect(simulation.now == .seconds(1))
    }

    @Test("the time of a killed process passes at once, and the world's does not")
    func killed() throws {
        let life = Life()
        let own = VirtualClock(simulation, of: life)
        let clock = clock
        try simulation.run {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    let deadline = own.now.advanced(by: .seconds(3000))
                    while own.now < deadline { try? await own.sleep(for: .milliseconds(100)) }
                }
                try? await clock.sleep(for: .seconds(1))
                life.end()
            }
        }
        #expect(simulation.now < .seconds(2))
    }

    @Test("SplitMix64 is what it is everywhere")
    func generator() {
        var generator = SeededGenerator(seed: 1_234_567)
        #expect(
            [generator.next(), generator.next(), generator.next()] == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            ])
        var low = 0
        for _ in 0..<1000 {
            let value = generator.spread(1, 10_000)
            #expect((1...10_000).contains(value))
            low += value < 100 ? 1 : 0
        }
        // Half of the orders of magnitude.
        #expect((400...600).contains(low))
    }
}
