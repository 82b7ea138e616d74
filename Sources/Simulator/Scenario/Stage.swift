import FleetModel
import Migration

/// Plays a scenario: apus as often as it is started, and the judge.
///
/// `@unchecked Sendable`: touched by the simulation's one thread alone.
final class Stage: @unchecked Sendable {
    let scenario: Scenario
    let hosts: SimulatedHosts
    let faults: FaultInjector
    let pages = MemoryPages()
    private(set) var firstWord = "killed"
    private(set) var repairs = 0
    private var lives: [SimulatedProcess] = []

    /// How often `apus repair` is tried: the first ones among what still breaks.
    private static let noisyRepairs = 2
    private static let quietRepairs = 4

    init(scenario: Scenario, hosts: SimulatedHosts, faults: FaultInjector) {
        self.scenario = scenario
        self.hosts = hosts
        self.faults = faults
        pages.isAlive = { [unowned self] mark in lives.contains { $0.mark == mark && $0.isRunning } }
        pages.onFinish = { [unowned self] in judge($0, by: $1) }
    }

    private var simulation: Simulation { hosts.simulation }

    func play() async {
        await withTaskGroup(of: Void.self) { group in
            let first = life()
            losePatience()
            group.addTask { await self.migrate(first) }
            if scenario.isMeddledWith { await meddle() }
            await first.over()
            while needsRepair, repairs < Self.noisyRepairs + Self.quietRepairs {
                await pause()
                repairs += 1
                let next = life()
                group.addTask { await self.repair(next) }
                await next.over()
            }
            faults.calm()
        }
        await aftermath()
        judgeEnd()
    }

    private func life() -> SimulatedProcess {
        let process = SimulatedProcess(number: Int32(lives.count + 1), hosts: hosts, faults: faults)
        lives.append(process)
        return process
    }

    /// Whether the journal asks for `apus repair`.
    private var needsRepair: Bool {
        switch pages.move?.outcome {
        case .open, .notKnown: true
        case .moved, .failed, .aborted, nil: false
        }
    }

    /// Somebody runs `apus repair` soon; or again, when all that broke is whole.
    private func pause() async {
        let clock = VirtualClock(simulation)
        if repairs < Self.noisyRepairs {
            try? await clock.sleep(for: .seconds(hosts.random.spread(0.1, 60)))
        } else {
            faults.calm()
            let left = faults.healed - simulation.now
            try? await clock.sleep(for: max(.zero, left) + .seconds(60))
        }
    }

    /// What the hosts still do by themselves, when they are all back.
    private func aftermath() async {
        let left = max(.zero, faults.healed - simulation.now)
        try? await VirtualClock(simulation).sleep(for: left + .seconds(60))
    }

    /// Somebody who has watched a copy for that long that does not get smaller ends it by hand.
    private func losePatience() {
        simulation.after(.seconds(900)) { [self] in
            if hosts.transfer?.source == .perform, lives.contains(where: \.isRunning) {
                faults.strike(.patienceEnds)
            }
            if lives.contains(where: \.isRunning) { losePatience() }
        }
    }

    // MARK: Apus

    private func migrate(_ process: SimulatedProcess) async {
        let id = "00000000deadbeef"
        let plan = scenario.plan
        let record = MoveRecord(
            id: id, guest: plan.guest, source: plan.source.name, destination: plan.destination.name, began: 0,
            plan: "", forecast: nil)
        let ports = SimulatedPorts(process, pages: pages)
        let engine = LiveMigration(
            plan: plan, record: record, owner: process.mark, ports: ports,
            log: MemoryLog(pages, of: process), began: ports.clock.now, progress: { _ in })
        process.onAbort = { engine.requestAbort(.signal) }
        do throws(ApusError) {
            let result = try await engine.run()
            if process.isAlive { conclude(process, "moved", "it is \(result.destinationState)") }
        } catch {
            if process.isAlive { conclude(process, error.code.rawValue, error.detail) }
        }
        process.finish()
    }

    private func conclude(_ process: SimulatedProcess, _ word: String, _ detail: String) {
        firstWord = word
        hosts.note("apus \(process.mark.pid) ends: \(word): \(detail)")
    }

    private func repair(_ process: SimulatedProcess) async {
        hosts.note("apus repair, process \(process.mark.pid)")
        do throws(ApusError) {
            let result = try await repairing(process)
            if process.isAlive {
                hosts.note(
                    "repair ends: \(result.place.map { "\($0.state) on \($0.host.name)" } ?? "it is nowhere")"
                )
            }
        } catch {
            if process.isAlive { hosts.note("repair ends: \(error.code.rawValue): \(error.detail)") }
        }
        process.finish()
    }

    private func repairing(_ process: SimulatedProcess) async throws(ApusError) -> RepairResult {
        try await MoveRepair(
            id: pages.move?.id ?? "", plan: scenario.plan, owner: process.mark,
            ports: SimulatedPorts(process, pages: pages), log: MemoryLog(pages, of: process),
            say: { [hosts] said in
                hosts.note("repair: \(said)")
            }
        ).run()
    }

    /// A second process must not get at a move whose own process lives.
    private func meddle() async {
        try? await VirtualClock(simulation).sleep(for: .seconds(hosts.random.spread(0.05, 5)))
        guard let first = lives.first, pages.move?.outcome == .open else { return }
        let meddler = life()
        do throws(ApusError) {
            _ = try await repairing(meddler)
            if first.isRunning, meddler.isAlive {
                hosts.violate(.reservation, "a second process took the move over while the first one lives")
            }
        } catch {}
        meddler.finish()
    }
}
