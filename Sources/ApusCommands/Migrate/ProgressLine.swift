import FleetModel
import Migration
import Synchronization

/// How a move goes on, on standard error: one line that is drawn again on a terminal, JSON lines with
/// `--json`,
/// nothing otherwise.
final class ProgressLine: Sendable {
    private let guest: String
    private let asJSON: Bool
    private let isVisible: Bool
    private let state = Mutex(State())

    private struct State {
        var lastPhase: Phase?
        var lastShown: Duration?
        var lastNotice: String?
        var isDrawn = false
    }

    init(guest: String, asJSON: Bool) {
        self.guest = guest
        self.asJSON = asJSON
        isVisible = asJSON || Console.progressIsVisible
    }

    /// Shows every new phase and notice at once, and figures at most five times a second.
    func show(_ progress: MoveProgress) {
        guard !Console.progressWouldBlock else { return }
        if !isVisible {
            announce(progress.notice)
            return
        }
        state.withLock { state in
            let isNew = state.lastPhase != progress.phase || state.lastNotice != progress.notice
            let isDue = state.lastShown.map { progress.elapsed - $0 >= .milliseconds(200) } ?? true
            guard isNew || isDue else { return }
            state.lastPhase = progress.phase
            state.lastNotice = progress.notice
            state.lastShown = progress.elapsed
            if asJSON {
                Console.note(JSON.text(ProgressReport(guest: guest, progress)))
            } else {
                Console.draw("\r\u{1b}[K" + String(text(progress).prefix(Console.width - 1)))
                state.isDrawn = true
            }
        }
    }

    /// Shows how far one disk is that moves on its host.
    func show(_ disk: DiskProgress, since began: ContinuousClock.Instant) {
        guard isVisible, !Console.progressWouldBlock else { return }
        let elapsed = began.duration(to: .now)
        state.withLock { state in
            guard state.lastShown.map({ elapsed - $0 >= .milliseconds(200) }) ?? true else { return }
            state.lastShown = elapsed
            guard !asJSON else {
                Console.note(
                    JSON.text(
                        HomeProgressReport(
                            guest: guest, elapsedSeconds: elapsed.seconds, disks: [.init(disk)])))
                return
            }
            let text = "\(guest): \(disk.text) · \(elapsed.text)"
            Console.draw("\r\u{1b}[K" + String(text.prefix(Console.width - 1)))
            state.isDrawn = true
        }
    }

    /// Takes the line off the terminal before the result is printed.
    func clear() {
        state.withLock { state in
            if state.isDrawn { Console.draw("\r\u{1b}[K") }
            state.isDrawn = false
        }
    }

    /// Without a terminal a notice is still said, once.
    private func announce(_ notice: String?) {
        let isNew = state.withLock { state in
            defer { state.lastNotice = notice }
            return notice != nil && state.lastNotice != notice
        }
        if isNew, let notice { Console.note("apus: \(notice)") }
    }

    private func text(_ progress: MoveProgress) -> String {
        if let notice = progress.notice { return "\(guest): \(notice)" }
        return "\(guest): "
            + MoveFigures(phase: progress.phase, rounds: progress.rounds, sample: progress.sample).text
            + " · \(progress.elapsed.text)"
    }
}

/// Phase, round, remaining memory, rates and the time left, on one line.
struct MoveFigures {
    let phase: Phase?
    let rounds: Int
    let sample: JobSample?

    var text: String {
        var parts = [phase?.name].compactMap(\.self)
        let round = max(rounds, sample?.round ?? 0)
        if round > 0 { parts.append("round \(round)") }
        // Disks are copied before the memory.
        parts += (sample?.disks ?? []).map(\.text)
        if let left = sample?.diskRemaining, let total = sample?.diskTotal, sample?.memoryTotal == nil {
            parts.append("\(left) of \(total) left")
        }
        if let remaining = sample?.memoryRemaining, sample?.disks == nil { parts.append("\(remaining) left") }
        if let rate = sample?.throughput, rate.bytesPerSecond > 0 { parts.append("sending \(rate)") }
        if let rate = sample?.dirtyRate, rate.bytesPerSecond > 0 { parts.append("dirtying \(rate)") }
        if let left = sample?.timeLeft { parts.append("about \(left.text) to go") }
        return parts.joined(separator: " · ")
    }
}

extension DiskProgress {
    /// On a progress line.
    fileprivate var text: String {
        isInStep ? "disk \(target) copied" : "disk \(target) \(percent) % of \(total)"
    }
}

/// A disk that is copied, in JSON.
private struct DiskProgressReport: Encodable {
    let target: String
    let copiedBytes: UInt64
    let totalBytes: UInt64

    init(_ progress: DiskProgress) {
        target = progress.target
        copiedBytes = progress.copied.bytes
        totalBytes = progress.total.bytes
    }
}

/// Disks that move on one host: a progress line in JSON.
private struct HomeProgressReport: Encodable {
    let guest: String
    let elapsedSeconds: Double
    let disks: [DiskProgressReport]
}

/// A progress line in JSON.
private struct ProgressReport: Encodable {
    let guest: String
    let phase: String
    let phaseNumber: Int
    let round: Int
    let elapsedSeconds: Double
    let remainingBytes: UInt64?
    let throughputBytesPerSecond: UInt64?
    let dirtyRateBytesPerSecond: UInt64?
    let timeLeftSeconds: Double?
    let disks: [DiskProgressReport]?
    let wireBytes: UInt64?
    let filesRemainingBytes: UInt64?
    let notice: String?

    init(guest: String, _ progress: MoveProgress) {
        self.guest = guest
        phase = progress.phase.name
        phaseNumber = progress.phase.rawValue
        round = progress.rounds
        elapsedSeconds = progress.elapsed.seconds
        remainingBytes = progress.sample?.memoryRemaining?.bytes
        throughputBytesPerSecond = progress.sample?.throughput?.bytesPerSecond
        dirtyRateBytesPerSecond = progress.sample?.dirtyRate?.bytesPerSecond
        timeLeftSeconds = progress.sample?.timeLeft?.seconds
        disks = progress.sample?.disks?.map(DiskProgressReport.init)
        wireBytes = progress.sample?.wire?.bytes
        filesRemainingBytes =
            progress.sample?.memoryTotal == nil ? progress.sample?.diskRemaining?.bytes : nil
        notice = progress.notice
    }
}
