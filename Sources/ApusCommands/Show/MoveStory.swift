import FleetModel
import FoundationEssentials
import Journal

/// What became of one move, as the journal has it.
struct MoveStory {
    let move: MoveRecord
    let entries: [MoveEntry]
    /// What is known of a move that has not come to an end.
    let unfinished: Journal.Unfinished?
    let plan: SealedPlan?
    let forecast: Forecast?

    init(move: MoveRecord, entries: [MoveEntry], unfinished: Journal.Unfinished?) {
        self.move = move
        self.entries = entries
        self.unfinished = unfinished
        plan = SealedPlan(move)
        forecast = move.forecast.flatMap { text in
            try? Document.decode(Forecast.self, Data(text.utf8), path: "the journal", what: "a forecast")
        }
    }

    /// The way in which the memory went, or was to go.
    var strategy: MoveStrategy? { move.actual?.strategy ?? plan?.strategy }

    /// When the move was over, as far as that was noted.
    var end: Duration? {
        guard !move.isUnfinished else { return nil }
        return move.actual?.total ?? entries.last?.at
    }

    /// Each phase that was entered, when, and how long it took; the last one of a move that has not ended has no length.
    var phases: [(phase: Phase, at: Duration, length: Duration?)] {
        let marks = entries.compactMap { entry -> (phase: Phase, at: Duration)? in
            guard case .phase(let phase) = entry.event else { return nil }
            return (phase, entry.at)
        }
        return marks.enumerated().map { index, mark in
            let next = index + 1 < marks.count ? marks[index + 1].at : end
            return (mark.phase, mark.at, next.map { max(.zero, $0 - mark.at) })
        }
    }

    // MARK: In words

    func text(width: Int, style: Chart.Style) -> String {
        var lines = [headline]
        lines.append("  move       \(move.id), begun \(WallTime.text(move.began))")
        lines += plan?.choices.map { "  \(column($0.subject, 9))  \($0.choice): \($0.reason)" } ?? []
        lines += advice.map { "  next       \($0)" }
        lines += figures
        lines += course
        lines += MoveCharts(entries).lines(width: width, style: style)
        return lines.joined(separator: "\n")
    }

    private var headline: String {
        let (guest, source, destination) = (move.guest, move.source, move.destination)
        let code = move.code.map { " [\($0)]" } ?? ""
        switch move.outcome {
        case .moved where move.route.isHome: return "Disks of \(guest) moved on \(source)."
        case .failed where move.route.isHome, .aborted where move.route.isHome:
            let end = move.outcome == .failed ? "failed" : "was aborted"
            return "The \(move.route.name(of: guest)) \(end)\(code)."
        case .moved:
            let time = move.actual.map { " in \($0.total.text)" } ?? ""
            return "\(guest) moved from \(source) to \(destination)\(time)\(code)."
        case .failed: return "\(guest) stayed on \(source): its move to \(destination) failed\(code)."
        case .aborted: return "\(guest) stayed on \(source): its move to \(destination) was aborted\(code)."
        case .notKnown:
            return "Where \(guest) is after its move from \(source) to \(destination) is not known\(code)."
        case .open:
            guard let unfinished, unfinished.isHeld, let owner = unfinished.reservation?.owner else {
                return "The \(move.route.name(of: guest)) was left unfinished\(code)."
            }
            return "\(move.route.progress(of: guest)) by process \(owner.pid)."
        }
    }

    private var advice: [String] {
        guard let unfinished, !unfinished.isHeld else { return [] }
        var advice = ["apus repair \(move.guest)"]
        if !unfinished.undo.isEmpty {
            let places = Set(unfinished.undo.map(\.host)).sorted().joined(separator: " and ")
            advice.append("it may have left something on \(places), which that puts back")
        }
        return advice
    }

    /// The forecast beside what came, as far as there is either.
    private var figures: [String] {
        let sealed = strategy.flatMap { forecast?.strategy($0) }
        let actual = move.actual
        guard sealed != nil || actual != nil else { return [] }
        func range<Value>(_ estimate: Estimate<Value>?, _ words: (Value) -> String) -> String {
            guard let estimate else { return "-" }
            let (low, likely, high) = (words(estimate.low), words(estimate.likely), words(estimate.high))
            return low == high ? likely : "\(likely) (\(low) to \(high))"
        }
        var table = Table([("", .left), ("FORECAST", .left), ("ACTUAL", .left)])
        table.add(["  total time", range(sealed?.total, \.text), actual?.total.text ?? "-"])
        table.add(["  downtime", range(sealed?.downtime, \.text), actual?.downtime?.text ?? "-"])
        table.add(["  on the wire", range(sealed?.wire) { "\($0)" }, actual?.crossed.map { "\($0)" } ?? "-"])
        // Files go once.
        if actual == nil || actual?.strategy != nil {
            table.add(["  rounds", range(sealed?.rounds) { "\($0)" }, actual.map { "\($0.rounds)" } ?? "-"])
        }
        return ["", table.text()]
    }

    /// Phases, decisions and remarks in their order.
    private var course: [String] {
        var phases = phases.makeIterator()
        let events = entries.compactMap { entry -> (at: String, words: String)? in
            let words: String
            switch entry.event {
            case .sample: return nil
            case .phase(let phase):
                words = phase.name + (phases.next()?.length.map { " (took \($0.text))" } ?? "")
            case .decision(let decision): words = "  \(decision.step.words): \(decision.reason)"
            case .remark(let text): words = "  \(text)"
            }
            // A sentence of libvirt's may have several lines.
            return ("+\(entry.at.text)", words.split(whereSeparator: \.isNewline).joined(separator: " "))
        }
        guard !events.isEmpty else { return [] }
        let ending = end.map { [("+\($0.text)", "the end: \(move.code ?? move.outcome.rawValue)")] } ?? []
        let all = events + ending
        let width = all.map(\.0.count).max() ?? 0
        return ["", "What happened:"] + all.map { "  \(column($0.0, width))  \($0.1)" }
    }

    private func column(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

extension Decision.Step {
    /// What was done, for people.
    fileprivate var words: String {
        switch self {
        case .setDowntimeLimit(let limit): "downtime limit set to \(limit.text)"
        case .setBandwidth(let limit): "held to \(limit.map { "\($0)" } ?? "no bandwidth limit")"
        case .startPostCopy: "switched to post-copy"
        case .suspend: "guest stopped until the rest is sent"
        case .abort: "gave the move up"
        case .wait: "waited"
        }
    }
}
