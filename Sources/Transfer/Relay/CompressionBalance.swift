/// Decides whether compressing carries more than passing through, from what either has carried.
///
/// Passing through is right as long as the link keeps up with it. Where it does not, what is passed is the link's
/// speed, and compressing is worth its work when processor and link together carry more than that:
/// `min(processor's speed, link's speed / ratio)`. It is tried when that is expected, and goes on while it is so.
struct CompressionBalance: Sendable {
    /// What one direction did for a while; times are seconds.
    struct Period: Sendable, Equatable {
        var content = 0
        var duration = 0.0
        /// Of it, how long bytes waited for the link or for the other end.
        var pressed = 0.0
        /// What went through the compressors, as content and as what became of it.
        var compressed = 0
        var compressedTo = 0
        /// Of all compressors together.
        var compressing = 0.0

        static func += (sum: inout Period, next: Period) {
            sum.content += next.content
            sum.duration += next.duration
            sum.pressed += next.pressed
            sum.compressed += next.compressed
            sum.compressedTo += next.compressedTo
            sum.compressing += next.compressing
        }
    }

    /// Compressing has to carry so much more.
    static let leastGain = 1.1
    /// What hardly shrinks may cost so much.
    static let leastLoss = 0.95
    /// Bytes that wait this part of the time say that the link is the limit.
    static let pressure = 0.5
    /// So many periods together say what passing carries, and what compressing does: one alone is noise.
    static let span = (passing: 2, compressing: 3)
    /// So many looks at compressing that its processors limit, then one shows what the link carries without.
    static let looks = 20
    /// How many looks a try in vain keeps from the next one.
    static let pauses = 4...64

    /// The plan expected it to pay.
    private(set) var compresses = true
    /// What was on its way when it changed still shows in the first period.
    private var isSettling = false
    /// What is being looked at, and of how many periods it is.
    private var look = (sum: Period(), periods: 0)
    /// Content a second that was passed through while the link was the limit.
    private var passed: Double?
    /// What is known of the compressors: content a second, and what of a byte is left.
    private var speed: Double?
    private var ratio: Double?
    private var pause = pauses.lowerBound
    /// Looks until the next try.
    private var remaining = 0
    /// Looks at compressors that were the limit.
    private var limited = 0
    private let compressors: Int

    init(compressors: Int) {
        self.compressors = max(compressors, 1)
    }

    mutating func note(_ period: Period) {
        guard period.duration > 0, period.content > 0 else { return }
        guard !isSettling else {
            isSettling = false
            return
        }
        look.sum += period
        look.periods += 1
        guard look.periods >= (compresses ? Self.span.compressing : Self.span.passing) else { return }
        judge(look.sum)
        look = (Period(), 0)
    }

    private mutating func judge(_ sum: Period) {
        if sum.compressed > 0, sum.compressing > 0 {
            speed = Double(sum.compressed) / sum.compressing * Double(compressors)
            ratio = Double(sum.compressedTo) / Double(sum.compressed)
        }
        let before = compresses
        let rate = Double(sum.content) / sum.duration
        let isPressed = sum.pressed / sum.duration >= Self.pressure
        if compresses { judgeCompressing(rate, isPressed) } else { judgePassing(rate, isPressed) }
        isSettling = compresses != before
    }

    private mutating func judgePassing(_ rate: Double, _ isPressed: Bool) {
        guard isPressed else { return }
        passed = rate
        guard remaining == 0 else {
            remaining -= 1
            // What was measured may have changed by then: it is tried again.
            if remaining == 0 { (speed, ratio) = (nil, nil) }
            return
        }
        if let expected, expected < rate * Self.leastGain {
            wait()
        } else {
            compresses = true
            limited = 0
        }
    }

    private mutating func judgeCompressing(_ rate: Double, _ isPressed: Bool) {
        // While the link is the limit, it is known to be slow.
        if isAtLimit(rate) { limited += 1 }
        // A stretch that hardly shrinks goes as it is, piece by piece, and costs little: what follows it may shrink.
        let hardlyShrinks = (ratio ?? 0) * Self.leastGain > 1
        if passed == nil, !isPressed {
            // Perhaps it keeps up without.
            compresses = false
        } else if let passed, rate < passed * (hardlyShrinks ? Self.leastLoss : Self.leastGain) {
            compresses = false
            // With little to carry, the link does without as well, and nothing was in vain.
            if isPressed || isAtLimit(rate) { wait() }
        } else {
            pause = Self.pauses.lowerBound
            // The link may have become faster meanwhile, or be faster than the plan thought.
            if limited >= (passed == nil ? 1 : Self.looks) { compresses = false }
        }
    }

    /// Content a second, if it were compressed.
    private var expected: Double? {
        guard let speed, let ratio, let passed else { return nil }
        return min(speed, passed / max(ratio, 0.001))
    }

    /// Whether the compressors have no more to give.
    private func isAtLimit(_ rate: Double) -> Bool {
        guard let speed else { return false }
        return rate > 0.7 * speed
    }

    private mutating func wait() {
        remaining = pause
        pause = min(pause * 2, Self.pauses.upperBound)
    }
}
