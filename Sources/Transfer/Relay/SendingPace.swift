/// Measures what one direction carries, and asks the balance now and then. Times come from the caller.
struct SendingPace: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// A period has at least so much, else it says nothing.
    static let leastContent = 2 << 20
    static let leastDuration = 0.05
    /// A longer one has pauses in it.
    static let longestDuration = 2.0

    var compression: RelayCompression
    private var balance: CompressionBalance
    private var period = CompressionBalance.Period()
    private var start: Instant?
    /// Streams that wait for credit, and the sender while it writes.
    private var pressing = 0
    private var pressedSince: Instant?

    init(_ compression: RelayCompression, compressors: Int) {
        self.compression = compression
        balance = CompressionBalance(compressors: compressors)
    }

    /// Whether what comes next is to be compressed.
    var compresses: Bool {
        switch compression {
        case .always: true
        case .adaptive: balance.compresses
        case .never: false
        }
    }

    mutating func press(_ change: Int, at now: Instant) {
        if let since = pressedSince { period.pressed += since.duration(to: now) / .seconds(1) }
        pressing += change
        pressedSince = pressing > 0 ? now : nil
    }

    /// Content is being sent.
    mutating func sends(at now: Instant) {
        start = start ?? now
        press(1, at: now)
    }

    /// So much content was sent.
    mutating func sent(_ content: Int, at now: Instant) {
        press(-1, at: now)
        period.content += content
        guard let start else { return }
        period.duration = start.duration(to: now) / .seconds(1)
        guard period.duration >= Self.leastDuration else { return }
        if period.content >= Self.leastContent, period.duration <= Self.longestDuration {
            balance.note(period)
        } else if period.duration <= Self.longestDuration {
            return
        }
        period = CompressionBalance.Period()
        self.start = now
    }

    mutating func compressed(_ content: Int, to length: Int, in seconds: Double) {
        period.compressed += content
        period.compressedTo += length
        period.compressing += seconds
    }
}
