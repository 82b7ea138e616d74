package import FleetModel

/// How much may be sent when: a policy without a clock of its own.
///
/// What is sent is taken at once and may run into debt, which time pays back: so a frame is never cut.
package struct TokenBucket: Sendable {
    private let burst: Double
    private var rate: ByteRate?
    private var tokens: Double
    private var last: ContinuousClock.Instant

    /// - Parameters:
    ///   - rate: `nil` for no limit.
    ///   - burst: how many bytes may go at once after a pause.
    ///   - now: when it begins.
    package init(_ rate: ByteRate?, burst: ByteCount = ByteCount(1 << 20), at now: ContinuousClock.Instant) {
        self.rate = rate
        self.burst = Double(burst.bytes)
        tokens = Double(burst.bytes)
        last = now
    }

    package mutating func setRate(_ rate: ByteRate?, at now: ContinuousClock.Instant) {
        refill(at: now)
        // A debt made at the old rate would be paid at the new one: a limit that was lifted has none.
        if rate == nil { tokens = burst }
        self.rate = rate
    }

    package mutating func take(_ count: Int, at now: ContinuousClock.Instant) {
        refill(at: now)
        if rate != nil { tokens -= Double(count) }
    }

    /// How long to wait before sending again; `nil` when there is nothing to wait for.
    package mutating func wait(at now: ContinuousClock.Instant) -> Duration? {
        refill(at: now)
        guard let rate, tokens < 0 else { return nil }
        return .seconds(-tokens / Double(max(rate.bytesPerSecond, 1)))
    }

    private mutating func refill(at now: ContinuousClock.Instant) {
        let elapsed = max(last.duration(to: now) / .seconds(1), 0)
        if let rate { tokens = min(burst, tokens + elapsed * Double(rate.bytesPerSecond)) }
        last = now
    }
}

/// A limit on what is sent, which can be changed while it holds, from any thread.
package final class Throttle: Sendable {
    private let bucket: Monitor<TokenBucket>

    /// - Parameter rate: `nil` for no limit.
    package init(_ rate: ByteRate? = nil) {
        bucket = Monitor(TokenBucket(rate, at: .now))
    }

    package func setRate(_ rate: ByteRate?) {
        bucket.update { $0.setRate(rate, at: .now) }
    }

    /// Blocks the calling thread as long as the limit asks for it; less when the limit is raised meanwhile, or
    /// when the transfer has ended.
    func pass(_ count: Int, unless isOver: () -> Bool) {
        bucket.update { $0.take(count, at: .now) }
        bucket.pause { bucket in
            guard !isOver(), let time = bucket.wait(at: .now) else { return nil }
            return min(time, .milliseconds(200))
        }
    }
}
