import FleetModel
import Migration
import Synchronization

/// All moves of a command at once: a line each on a terminal, drawn again as they go on; a line when one begins or ends
/// where there is none; JSON lines with `--json`.
final class FleetBoard: Sendable {
    private let lines: [String: ProgressLine]
    private let asJSON: Bool
    private let isDrawn: Bool
    private let state = Mutex(State())

    private struct State {
        /// What is under way, in the order in which it began.
        var rows: [(guest: String, text: String)] = []
        var rowsDrawn = 0
        var lastDrawn: ContinuousClock.Instant?
    }

    init(guests: [String], asJSON: Bool) {
        self.asJSON = asJSON
        isDrawn = !asJSON && Console.progressIsVisible
        lines = Dictionary(
            guests.map { ($0, ProgressLine(guest: $0, asJSON: true)) }, uniquingKeysWith: { $1 })
    }

    func began(_ guest: String, from source: String, to destination: String) {
        guard !asJSON else { return }
        let text = "\(source) → \(destination): checks"
        state.withLock { state in
            state.rows.append((guest, text))
            if isDrawn { redraw(&state) } else { Console.note("apus: \(guest): \(source) → \(destination)") }
        }
    }

    func show(_ guest: String, _ progress: MoveProgress) {
        guard !asJSON else {
            lines[guest]?.show(progress)
            return
        }
        guard isDrawn, !Console.progressWouldBlock else { return }
        state.withLock { state in
            guard let row = state.rows.firstIndex(where: { $0.guest == guest }) else { return }
            let figures = MoveFigures(
                phase: progress.phase, rounds: progress.rounds, sample: progress.sample)
            state.rows[row].text = progress.notice ?? "\(figures.text) · \(progress.elapsed.text)"
            // Five times a second is enough for people.
            guard state.lastDrawn.map({ $0.duration(to: .now) > .milliseconds(200) }) ?? true else { return }
            redraw(&state)
        }
    }

    func ended(_ guest: String, _ text: String) {
        state.withLock { state in
            state.rows.removeAll { $0.guest == guest }
            say("\(guest): \(text)", &state)
        }
    }

    /// A line that stays.
    func say(_ text: String) { state.withLock { say(text, &$0) } }

    /// Takes what is drawn again and again off the terminal.
    func clear() {
        state.withLock { state in
            state.rows = []
            redraw(&state)
        }
    }

    private func say(_ text: String, _ state: inout State) {
        guard !asJSON else {
            Console.note(JSON.text(Notice(notice: text)))
            return
        }
        wipe(&state)
        Console.note("apus: \(text)")
        redraw(&state)
    }

    private func wipe(_ state: inout State) {
        guard isDrawn, state.rowsDrawn > 0 else { return }
        Console.draw("\r\u{1b}[\(state.rowsDrawn)A\u{1b}[J")
        state.rowsDrawn = 0
    }

    private func redraw(_ state: inout State) {
        guard isDrawn else { return }
        wipe(&state)
        let width = Console.width - 1
        Console.draw(state.rows.map { String("\($0.guest): \($0.text)".prefix(width)) + "\n" }.joined())
        state.rowsDrawn = state.rows.count
        state.lastDrawn = .now
    }
}

private struct Notice: Encodable {
    let notice: String
}
