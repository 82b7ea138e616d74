import FleetModel
import TestSupport

@testable import Policy

/// QEMU's pre-copy, block by block, for a guest and a link that are known: what a controller is held against.
///
/// Blocks of 64 KiB with QEMU's two bitmaps (what is to be sent, and what was written since the last look), its steps of
/// 50 ms, its estimate of the throughput every 100 ms, its look at what is left after each step, and auto-converge. It
/// shares no line with the forecast's model, which adds sizes up and knows no blocks.
struct SimulatedMove {
    struct Guest: Sendable {
        var size = ByteCount.mebibytes(256)
        /// The blocks that were ever written are the first ones.
        var used = ByteCount.mebibytes(100)
        /// What is rewritten, from the first block on.
        var writes = ByteCount.mebibytes(100)
        /// Bytes a second.
        var rate = 0.0
        /// Writes anywhere in the set instead of sweeping over it.
        var picksAtRandom = false
        /// Writes only in the first half of each so many seconds.
        var period: Double?
    }

    struct Link: Sendable {
        /// Bytes a second.
        var rate = 47.8e6
        /// The share of it that is there at the worst moment: it changes every 100 ms.
        var worst = 1.0
        /// By how much QEMU takes too much for sent: what lies in the socket.
        var optimism = 1.0
        /// What the stop takes beside the sending, in seconds.
        var switchover = 0.07
    }

    enum End: Sendable, Equatable { case switchedOver, postCopy, suspended, aborted, timedOut }

    struct Outcome: Sendable, Equatable {
        var end = End.timedOut
        /// Of the guest, in seconds.
        var downtime = 0.0
        /// Bytes, what was pulled or sent while it stood still included.
        var sent = 0.0
        /// The transfer's time, in seconds.
        var seconds = 0.0
        var rounds = 0
        var decisions: [Decision] = []
        /// What QEMU's limit was, from first to last.
        var limits: [Duration] = []
    }

    static let block = 65536.0
    private static let step = 0.05

    private let guest: Guest
    private let link: Link
    private let canThrottle: Bool
    private let canPostCopy: Bool
    private let timeout: Double
    /// Whether each round's event comes with a sample, and how often samples are taken.
    private let samplesRounds: Bool
    private let interval: Double
    /// QEMU refuses to switch to post-copy.
    private let refusesPostCopy: Bool
    private var random: SeededGenerator

    private var controller: ConvergenceController?
    private var outcome = Outcome()
    private var now = 0.0
    private var toSend: [Bool]
    private var written: [Bool]
    private var pending: Int
    private var cursor = 0
    private var writer = 0
    private var writeCredit = 0.0
    private var wire = 0.0
    private var linkNow = 0.0
    private var linkUntil = 0.0
    private var estimate = 0.0
    private var estimateFrom = (at: 0.0, wire: 0.0)
    private var threshold = 0.0
    private var limit: Duration
    private var throttle = 0.0
    private var throttleFrom = (at: 0.0, wire: 0.0, dirtied: 0.0)
    private var strikes = 0
    private var lastSample = 0.0
    private var isSuspended = false
    private var stoppedAt = 0.0

    /// A move that has not begun: of QEMU alone with that downtime limit where there is no `setup`.
    init(
        _ guest: Guest, over link: Link, _ setup: ConvergenceController.Setup?, seed: UInt64 = 1,
        limit: Duration = .milliseconds(300), timeout: Double = 120, samplesRounds: Bool = true,
        interval: Double = 0.15, refusesPostCopy: Bool = false
    ) {
        self.guest = guest
        self.link = link
        self.timeout = setup?.deadline?.seconds ?? timeout
        self.samplesRounds = samplesRounds
        self.interval = interval
        self.refusesPostCopy = refusesPostCopy
        canThrottle = setup?.canThrottle ?? false
        canPostCopy = setup?.canPostCopy ?? false
        random = SeededGenerator(seed: seed)
        controller = setup.map { ConvergenceController($0) }
        self.limit = controller?.firstLimit ?? limit
        let blocks = Int(Double(guest.size.bytes) / Self.block)
        toSend = Array(repeating: true, count: blocks)
        written = Array(repeating: false, count: blocks)
        pending = blocks
        outcome.limits = [self.limit]
    }

    mutating func run() -> Outcome {
        beginRound()
        while outcome.end == .timedOut, now < timeout {
            send()
            estimateThroughput()
            look()
            if outcome.end == .timedOut, now - lastSample >= interval { observe(round: nil) }
        }
        outcome.seconds = now
        outcome.sent = wire
        return outcome
    }

    // MARK: QEMU

    /// 50 ms of sending, or less when nothing is left to send.
    private mutating func send() {
        let rate = linkRate()
        var bytes = rate * Self.step
        var seconds = Self.step
        while bytes > 0 {
            guard pending > 0 else {
                seconds = max(0.001, seconds - bytes / rate)
                break
            }
            while !toSend[cursor] { cursor = (cursor + 1) % toSend.count }
            toSend[cursor] = false
            pending -= 1
            wire += cost(of: cursor)
            bytes -= cost(of: cursor)
        }
        now += seconds
        write(for: seconds)
    }

    /// A block on the wire: zeros cost little.
    private func cost(of place: Int) -> Double {
        let isZero = Double(place) * Self.block >= Double(guest.used.bytes)
        return Self.block / 4096 * (isZero ? 9 : 4104)
    }

    private var costOfAll: Double {
        toSend.indices.reduce(0) { $0 + (toSend[$1] ? cost(of: $1) : 0) }
    }

    private mutating func write(for seconds: Double) {
        if isSuspended { return }
        if let period = guest.period, (now / period).truncatingRemainder(dividingBy: 1) >= 0.5 { return }
        let set = Int(Double(guest.writes.bytes) / Self.block)
        guard set > 0 else { return }
        writeCredit += guest.rate * seconds * (1 - throttle) / Self.block
        // More than a whole sweep at once is no more than a sweep.
        var writes = min(Int(writeCredit), guest.picksAtRandom ? 4 * set : set)
        writeCredit -= writeCredit.rounded(.down)
        while writes > 0 {
            writer = guest.picksAtRandom ? Int(random.next() % UInt64(set)) : (writer + 1) % set
            written[writer] = true
            writes -= 1
        }
    }

    private mutating func linkRate() -> Double {
        if now >= linkUntil {
            linkNow = link.rate * Double.random(in: link.worst...1, using: &random)
            linkUntil = now + 0.1
        }
        return linkNow
    }

    private mutating func estimateThroughput() {
        guard now - estimateFrom.at >= 0.1 else { return }
        let optimism = Double.random(in: 1...link.optimism, using: &random)
        estimate = (wire - estimateFrom.wire) / (now - estimateFrom.at) * optimism
        estimateFrom = (now, wire)
        threshold = estimate * limit.seconds
    }

    private var left: Double { Double(pending) * Self.block }

    private mutating func look() {
        guard left < threshold || pending == 0 else { return }
        beginRound()
        guard outcome.end == .timedOut, left < threshold || pending == 0 else { return }
        var stopped = 0.0
        var rest = costOfAll
        wire += rest
        while rest > 0 {
            let rate = linkRate()
            let part = min(rest, rate * 0.01)
            rest -= part
            stopped += part / rate
            now += part / rate
        }
        now += link.switchover
        outcome.end = isSuspended ? .suspended : .switchedOver
        outcome.downtime = isSuspended ? now - stoppedAt : stopped + link.switchover
    }

    /// Takes what was written into what is to be sent.
    private mutating func synchronise() -> Int {
        var dirtied = 0
        for place in written.indices where written[place] {
            written[place] = false
            dirtied += 1
            if !toSend[place] {
                toSend[place] = true
                pending += 1
            }
        }
        return dirtied
    }

    private mutating func beginRound() {
        throttleFrom.dirtied += Double(synchronise()) * Self.block
        outcome.rounds += 1
        slowDown()
        observe(round: outcome.rounds)
    }

    private mutating func slowDown() {
        guard now - throttleFrom.at > 1, outcome.rounds > 1 else { return }
        if canThrottle, throttleFrom.dirtied > (wire - throttleFrom.wire) / 2 {
            strikes += 1
            if strikes >= 2 {
                strikes = 0
                throttle = throttle == 0 ? 0.2 : min(0.99, throttle + 0.1)
            }
        }
        throttleFrom = (now, wire, 0)
    }

    // MARK: The controller

    private mutating func observe(round: Int?) {
        guard var controller else { return }
        var sample: JobSample?
        if round == nil || samplesRounds {
            lastSample = now
            sample = JobSample(
                elapsed: .milliseconds(Int64(now * 1000)), memoryTotal: guest.size,
                memoryRemaining: left.size, wire: wire.size,
                throughput: ByteRate(bytesPerSecond: UInt64(estimate)), round: outcome.rounds,
                throttlePercent: Int(throttle * 100))
        }
        let decisions = controller.next(
            .init(elapsed: .milliseconds(Int64(now * 1000)), sample: sample, roundBegan: round))
        self.controller = controller
        outcome.decisions += decisions
        for decision in decisions { carryOut(decision.step) }
    }

    private mutating func carryOut(_ step: Decision.Step) {
        switch step {
        case .setDowntimeLimit(let limit):
            self.limit = limit
            outcome.limits.append(limit)
        case .setBandwidth: break  // convergence never decides that
        case .startPostCopy:
            guard !refusesPostCopy else { return }
            _ = synchronise()
            wire += costOfAll
            now += 0.08 + costOfAll / link.rate / 0.6
            outcome.downtime = 0.08
            outcome.end = canPostCopy ? .postCopy : .aborted
        case .suspend:
            isSuspended = true
            stoppedAt = now
        case .abort: outcome.end = .aborted
        case .wait: break
        }
    }
}
