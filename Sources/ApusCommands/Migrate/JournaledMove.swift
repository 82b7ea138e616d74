import FleetModel
import FoundationEssentials
import Journal
import LibvirtFleet
import Logging
import Migration
import Policy

/// A move that is noted in the journal before it begins and when it has ended.
struct JournaledMove: Sendable {
    let plan: MovePlan
    let session: MoveSession
    let journal: Journal
    /// When the user's command began.
    let began: ContinuousClock.Instant

    /// - Throws: `ApusError` with the journal's codes before anything is touched; else what the move throws.
    func run(signals: SignalWatch, asJSON: Bool) async throws(ApusError) -> MoveResult {
        let line = ProgressLine(guest: plan.guest.name, asJSON: asJSON)
        let migration = LiveMigration(
            plan: plan, ports: session.ports(for: plan), began: began, progress: { line.show($0) })
        if let refusal = plan.refusal { throw refusal }
        try journal.begin(
            MoveRecord(
                id: migration.id, guest: plan.guest, source: plan.source.name,
                destination: plan.destination.name, began: Date().timeIntervalSince1970,
                plan: JSON.text(plan), forecast: plan.forecast.map { JSON.text($0) }))
        signals.forward { Task { await migration.requestAbort(.signal) } }
        defer { line.clear() }
        do throws(ApusError) {
            let result = try await migration.run()
            finish(migration.id, .moved, code: nil, actual: PastMove(result))
            return result
        } catch {
            let outcome: MoveRecord.Outcome =
                switch error.code {
                case .stateNotKnown: .notKnown
                case .interrupted, .timedOut, .migrationAborted: .aborted
                default: .failed
                }
            finish(migration.id, outcome, code: error.code.rawValue, actual: nil)
            throw error
        }
    }

    /// The guest is where it is, whatever the journal's disk says.
    private func finish(_ id: String, _ outcome: MoveRecord.Outcome, code: String?, actual: PastMove?) {
        do throws(ApusError) {
            try journal.finish(id: id, outcome: outcome, code: code, actual: actual)
        } catch {
            Logger.current.warning(
                "the end of the move could not be noted in the journal",
                metadata: [
                    "guest": "\(plan.guest)", "outcome": "\(outcome.rawValue)", "reason": "\(error.detail)",
                ])
        }
    }
}

extension PastMove {
    /// What a finished move teaches the next forecast.
    init(_ result: MoveResult) {
        func seconds(_ phases: Phase...) -> Duration? {
            let parts = result.phases.filter { phases.contains($0.phase) }
            return parts.isEmpty ? nil : parts.reduce(.zero) { $0 + $1.duration }
        }
        self.init(
            strategy: result.plan.method.strategy, total: result.total, downtime: result.downtime?.duration,
            wire: result.wire, rounds: result.rounds, before: seconds(.preMigration, .reservation),
            transfer: seconds(.preCopy, .stopAndCopy), after: seconds(.commitment, .activation),
            dirtyRate: result.dirtyRate, link: result.plan.forecast?.input.link?.rate)
    }
}
