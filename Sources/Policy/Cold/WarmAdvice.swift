import FleetModel

extension Preflight {
    /// What to say when a guest that runs cannot move live, and a warm move would not be blocked by the same.
    ///
    /// - Parameters:
    ///   - facts: of the live move; where they do not tell whether apus is on both hosts, the warm move will.
    ///   - request: what the user wants.
    ///   - blockers: what blocks the live move.
    /// - Returns: a sentence; `nil` where one of them would block the warm move too.
    static func warmAdvice(_ facts: MoveFacts, _ request: MoveRequest, against blockers: [Finding]) -> String?
    {
        // A warm move is encrypted by its remote shell, or not at all: that is another question.
        guard !facts.isCold, !request.tls else { return nil }
        var (saved, warm) = (facts, request)
        saved.cold = ColdFacts(
            files: .known([]), carriers: facts.relay ?? Carriers(sender: .known(""), receiver: .known("")))
        warm.isWarm = true
        let lasting = findings(for: saved, request: warm).filter(\.blocks)
        let isWayOut =
            !lasting.contains { $0.code == .apusMissing }
            && blockers.allSatisfy { blocker in
                !lasting.contains { $0.code == blocker.code && $0.subject == blocker.subject }
            }
        return isWayOut
            ? "If it may stand still meanwhile: with --warm it is saved, sent and goes on on \(facts.destinationName)."
            : nil
    }
}
