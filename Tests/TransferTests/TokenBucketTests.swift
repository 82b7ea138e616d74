import FleetModel
import Testing

import TransferSupport

@testable import Transfer

@Suite("A limit on what is sent")
struct TokenBucketTests {
    private let start = ContinuousClock.now
    private func at(_ seconds: Double) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

    @Test("lets a burst pass, and then no more than its rate")
    func rate() {
        var bucket = TokenBucket(ByteRate(bytesPerSecond: 1000), burst: ByteCount(500), at: start)
        bucket.take(500, at: start)
        #expect(bucket.wait(at: start) == nil)
        bucket.take(250, at: start)
        #expect(bucket.wait(at: start) == .milliseconds(250))
        #expect(bucket.wait(at: at(0.25)) == nil)
        // A long pause saves up one burst, not more.
        bucket.take(1500, at: at(1000))
        #expect(bucket.wait(at: at(1000)) == .seconds(1))
    }

    @Test("sends what the rate allows over a minute, however it is cut")
    func average() {
        var bucket = TokenBucket(ByteRate(bytesPerSecond: 1 << 20), burst: .zero, at: start)
        var now = start
        for count in 1...600 {
            bucket.take(count * 1000, at: now)
            if let wait = bucket.wait(at: now) { now = now.advanced(by: wait) }
        }
        let seconds = start.duration(to: now) / .seconds(1)
        let sent = Double((1...600).reduce(0, +) * 1000)
        #expect(abs(sent / seconds / Double(1 << 20) - 1) < 0.001)
    }

    @Test("holds from the moment that it is changed, and goes when it is lifted")
    func change() {
        var bucket = TokenBucket(nil, burst: ByteCount(100), at: start)
        bucket.take(1 << 40, at: start)
        #expect(bucket.wait(at: start) == nil)
        bucket.setRate(ByteRate(bytesPerSecond: 100), at: start)
        bucket.take(300, at: start)
        #expect(bucket.wait(at: start) == .seconds(2))
        bucket.setRate(ByteRate(bytesPerSecond: 200), at: start)
        #expect(bucket.wait(at: start) == .seconds(1))
        bucket.setRate(nil, at: start)
        #expect(bucket.wait(at: start) == nil)
    }

    @Test("that is raised while a transfer waits for it lets it go on at once", .timeLimit(.minutes(1)))
    func raised() async throws {
        let scene = try Scene()
        let content = Scene.random(16 << 20, seed: 40)
        let path = try scene.write("\(scene.source)/disk", [(0, content)])
        var exchange = Exchange([try scene.outgoing("disk", from: path)], scene.policy)
        // Once the burst of 1 MiB is out, each piece takes four minutes.
        let (raises, raiser) = AsyncStream.makeStream(of: Void.self)
        let throttle = Throttle(ByteRate(bytesPerSecond: 1 << 10))
        exchange.throttle = throttle
        exchange.progress = { if $0.wireSent.bytes > 1 << 20 { raiser.yield() } }
        let raising = Task {
            for await _ in raises { throttle.setRate(nil) }
        }
        let outcome = try await exchange.run()
        raiser.finish()
        await raising.value
        #expect(outcome.sendError == nil)
        #expect(try scene.read("disk") == content)
    }
}
