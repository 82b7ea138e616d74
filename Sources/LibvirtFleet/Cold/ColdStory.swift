import FleetModel
import Migration
import Synchronization

/// What a cold move tells: the journal, and whoever watches.
final class ColdStory: Sendable {
    private struct State {
        var book: MoveBook
        var timeline: Timeline<ContinuousClock.Instant>
        var wire = ByteCount.zero
    }

    private let state: Mutex<State>
    private let began: ContinuousClock.Instant
    private let total: ByteCount?
    private let progress: @Sendable (MoveProgress) -> Void
    let id: String
    let owner: ProcessMark
    /// Whether it goes on with what an earlier attempt left: then its notes are never forgotten for having begun too late.
    private let isResumed = Atomic(false)

    var goesOn: Bool { isResumed.load(ordering: .relaxed) }

    func resume() { isResumed.store(true, ordering: .relaxed) }

    init(
        _ book: MoveBook, began: ContinuousClock.Instant, total: ByteCount?,
        progress: @escaping @Sendable (MoveProgress) -> Void
    ) {
        id = book.id
        owner = book.owner
        state = Mutex(State(book: book, timeline: Timeline(began: began)))
        self.began = began
        self.total = total
        self.progress = progress
    }

    private var elapsed: Duration { began.duration(to: .now) }

    var phase: Phase { state.withLock(\.timeline.phase) }

    /// What is known to have crossed the wire.
    var wire: ByteCount { state.withLock(\.wire) }

    func enter(_ phase: Phase) {
        state.withLock { state in
            state.timeline.enter(phase, at: .now)
            state.book.tell(.phase(phase), at: elapsed)
        }
        report(nil)
    }

    /// From here on the move is finished, whoever does it.
    ///
    /// - Throws: the journal's codes; then it is not.
    func commit() throws(ApusError) {
        let elapsed = elapsed
        let result = state.withLock { state -> Result<Void, ApusError> in
            do throws(ApusError) {
                try state.book.commit(to: .commitment, at: elapsed)
                state.timeline.enter(.commitment, at: .now)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
        report(nil)
    }

    func note(_ trace: UndoRecord.Trace, on host: Host, number: Int) throws(ApusError) {
        try state.withLock(\.book).note(trace, on: host, number: number)
    }

    func undoable() throws(ApusError) -> [UndoRecord] { try state.withLock(\.book).undoable() }

    func forget(_ record: UndoRecord) throws(ApusError) { try state.withLock(\.book).forget(record) }

    func remark(_ text: String) { state.withLock { $0.book.tell(.remark(text), at: elapsed) } }

    func show(_ progress: FileCarrier.Progress) {
        let sample = JobSample(
            elapsed: elapsed, wire: progress.wire, diskTotal: total,
            diskRemaining: total.map { ByteCount($0.bytes - min($0.bytes, progress.covered.bytes)) })
        state.withLock { state in
            state.wire = progress.wire
            state.book.tell(.sample(sample), at: elapsed)
        }
        report(sample)
    }

    func phases() -> [PhaseDuration] { state.withLock { $0.timeline.phases(until: .now) } }

    func finish(_ outcome: MoveRecord.Outcome, code: ApusError.Code?, actual: PastMove? = nil) {
        state.withLock { $0.book.finish(outcome, code: code, actual: actual, at: elapsed) }
    }

    private func report(_ sample: JobSample?) {
        progress(MoveProgress(phase: phase, rounds: 0, elapsed: elapsed, sample: sample, notice: nil))
    }
}
