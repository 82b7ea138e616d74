import FleetModel
import Testing

@testable import Migration

@Suite("A live migration", .timeLimit(.minutes(1)))
struct LiveMigrationTests {
    typealias Kind = GuestEvent<JumpingClock.Instant>.Kind

    private static let running = GuestState(.running, reason: "booted")
    private static let standing = GuestState(.paused, reason: "migration")
    private static let broken = ApusError(.migrationFailed, "move", "the peer went away", hint: "look")

    func plan(
        paused: Bool = false, request: MoveRequest = MoveRequest(), method: TransferMethod = TransferMethod(),
        preparations: [Preparation] = [], conclusions: [Conclusion] = []
    ) -> MovePlan {
        func host(_ name: String) -> Host {
            let uri = "qemu+tcp://\(name)/system"
            return Host(name: name, uri: uri, filling: HostDefaults(uri: uri))
        }
        return MovePlan(
            guest: GuestIdentity(name: "web01", uuid: "u"), source: host("alpha"), destination: host("beta"),
            request: request, wasPaused: paused, isPersistent: true, wasDefinedThere: false, method: method,
            vouchesForStorage: false,
            memory: .mebibytes(256), disks: [], preparations: preparations, conclusions: conclusions,
            choices: [], rejected: [], findings: [], sourceQEMU: SoftwareVersion(7, 2, 0),
            destinationQEMU: SoftwareVersion(7, 2, 0), basis: PlanBasis([:]), forecast: nil)
    }

    func migration(
        _ plan: MovePlan, _ ports: ScriptedPorts, _ page: PageInMemory = PageInMemory()
    ) -> LiveMigration<ScriptedPorts> {
        LiveMigration(
            plan: plan,
            record: MoveRecord(
                id: "0123456789abcdef", guest: plan.guest, source: "alpha", destination: "beta", began: 0,
                plan: "{}",
                forecast: nil), owner: ProcessMark(pid: 1, started: 1, boot: "b"), ports: ports, log: page,
            began: ports.clock.now, progress: { _ in })
    }

    var wholeMove: ScriptedPorts.Script {
        let steps: [(Side, Kind)] = [
            (.source, .transferBegan), (.source, .round(1)), (.source, .round(2)),
            (.source, .stopped(hostTime: .milliseconds(1000))), (.source, .transferEnded),
            (.destination, .resumed(hostTime: .milliseconds(1065))),
            (.source, .completed(JobSample(wire: ByteCount(4096), round: 2, downtime: .milliseconds(40)))),
        ]
        var script = ScriptedPorts.Script()
        script.events = steps.map(\.1)
        script.eventSides = steps.map(\.0)
        return script
    }

    @Test("reports what both hosts' events say")
    func reports() async throws {
        var script = wholeMove
        script.offset = ClockOffset(offset: .milliseconds(5), error: .milliseconds(2))
        let ports = ScriptedPorts(script)
        let result = try await migration(plan(), ports).run()
        #expect(result.rounds == 2)
        #expect(result.wire == ByteCount(4096))
        #expect(
            result.downtime
                == Downtime(duration: .milliseconds(60), method: .qemuEvents, error: .milliseconds(2)))
        #expect(result.destinationState.kind == .running)
        #expect(result.sourceState == nil)
        #expect(result.phases.map(\.phase) == Phase.allCases)
        #expect(result.phases.map(\.duration).reduce(.zero, +) == result.total)
        #expect(result.id.count == 16)
    }

    @Test("measures by the arrival of events where the clocks cannot be compared")
    func arrival() async throws {
        let result = try await migration(plan(), ScriptedPorts(wholeMove)).run()
        #expect(result.downtime?.method == .eventArrival)
        #expect(result.downtime?.duration == .milliseconds(20))
    }

    @Test("a paused guest has no downtime and stays paused")
    func paused() async throws {
        var script = ScriptedPorts.Script()
        script.events = [.completed(JobSample(wire: ByteCount(1)))]
        script.eventSides = [.source]
        script.destination = [Self.standing]
        let ports = ScriptedPorts(script)
        let result = try await migration(plan(paused: true), ports).run()
        #expect(result.downtime == nil)
        #expect(ports.resumed.isEmpty)
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let source: [GuestState?]
        let destination: [GuestState?]
        let code: ApusError.Code
        var resumed: [Side] = []
    }

    @Test(
        "after an error asks both hosts what is true",
        arguments: [
            Failure(
                testDescription: "the guest never left", source: [running], destination: [nil],
                code: .migrationFailed),
            Failure(
                testDescription: "the guest was left standing on the source", source: [standing],
                destination: [nil], code: .migrationFailed, resumed: [.source]),
            Failure(
                testDescription: "the destination takes a while to clean up", source: [running],
                destination: [standing, standing, nil], code: .migrationFailed),
            Failure(
                testDescription: "the guest was shut down meanwhile",
                source: [GuestState(.shutOff, reason: "shutdown")], destination: [nil], code: .migrationFailed
            ),
            Failure(
                testDescription: "the guest stands still for a reason of its own",
                source: [GuestState(.paused, reason: "ioerror")], destination: [nil], code: .stateNotKnown),
            Failure(
                testDescription: "the guest runs on both", source: [running], destination: [running],
                code: .stateNotKnown),
            Failure(
                testDescription: "the guest is nowhere", source: [nil], destination: [nil],
                code: .stateNotKnown),
        ])
    func settles(row: Failure) async throws {
        var script = ScriptedPorts.Script()
        script.failure = Self.broken
        script.source = row.source
        script.destination = row.destination
        let ports = ScriptedPorts(script)
        let error = await #expect(throws: ApusError.self) { try await migration(plan(), ports).run() }
        #expect(error?.code == row.code)
        #expect(ports.resumed == row.resumed)
        #expect(error?.detail.contains("web01") == true)
    }

    @Test("an error whose guest arrived all the same is a success that says so")
    func arrivedAnyway() async throws {
        var script = ScriptedPorts.Script()
        script.failure = Self.broken
        let result = try await migration(plan(), ScriptedPorts(script)).run()
        #expect(result.remarks.count == 1)
    }

    @Test("an arrived guest that stands still is let run on")
    func resumesDestination() async throws {
        var script = ScriptedPorts.Script()
        script.failure = Self.broken
        script.destination = [Self.standing]
        let ports = ScriptedPorts(script)
        _ = try await migration(plan(), ports).run()
        #expect(ports.resumed == [.destination])
    }

    struct Abort: Sendable, CustomTestStringConvertible {
        let reason: AbortReason
        let code: ApusError.Code
        var testDescription: String { code.rawValue }
    }

    @Test(
        "an abort is asked for until it is taken",
        arguments: [
            Abort(reason: .signal, code: .interrupted),
            Abort(reason: .timeout(.seconds(3)), code: .timedOut),
        ])
    func aborts(row: Abort) async throws {
        var script = ScriptedPorts.Script()
        script.waitsForAbort = true
        script.abortRefusals = 3
        script.source = [Self.running]
        script.destination = [nil]
        let ports = ScriptedPorts(script)
        let migration = migration(plan(), ports)
        migration.requestAbort(row.reason)
        let error = await #expect(throws: ApusError.self) { try await migration.run() }
        #expect(error?.code == row.code)
        #expect(ports.aborts >= 4)
    }

    @Test("an abort that libvirt never takes ends in a clear error, not in a hang")
    func abortNeverTaken() async throws {
        var script = ScriptedPorts.Script()
        script.waitsForAbort = true
        script.abortRefusals = .max
        script.busyAnswers = .max
        script.source = [Self.running]
        script.destination = [Self.standing]
        let migration = migration(plan(), ScriptedPorts(script))
        migration.requestAbort(.signal)
        let error = await #expect(throws: ApusError.self) { try await migration.run() }
        #expect(error?.code == .stateNotKnown)
        #expect(error?.detail.contains("did not end the move within 60 s") == true)
    }

    @Test("a move whose call is lost goes on until its source has ended it")
    func callLost() async throws {
        var script = ScriptedPorts.Script()
        script.failure = ApusError(.connectionLost, "wait", "the connection broke", hint: nil)
        script.busyAnswers = 20
        let result = try await migration(plan(), ScriptedPorts(script)).run()
        #expect(result.destinationState.kind == .running)
        #expect(result.remarks.contains { $0.contains("broke meanwhile") })
    }

    @Test("nothing is changed when nobody can be listened to")
    func eventsRefused() async throws {
        var script = ScriptedPorts.Script()
        script.refusesEvents = true
        let ports = ScriptedPorts(script)
        let request = MoveRequest(downtimeLimit: .milliseconds(50))
        await #expect(throws: ApusError.self) { try await migration(plan(request: request), ports).run() }
        #expect(ports.limits.isEmpty)
    }

    @Test("the timeout aborts by itself")
    func timeout() async throws {
        var script = ScriptedPorts.Script()
        script.waitsForAbort = true
        script.source = [Self.running]
        script.destination = [nil]
        let request = MoveRequest(timeout: .seconds(5))
        let error = await #expect(throws: ApusError.self) {
            try await migration(plan(request: request), ScriptedPorts(script)).run()
        }
        #expect(error?.code == .timedOut)
    }

    @Test("the downtime limit that was found is put back after a failure, and only then")
    func downtimeLimit() async throws {
        let request = MoveRequest(downtimeLimit: .milliseconds(50))
        var script = ScriptedPorts.Script()
        script.failure = Self.broken
        script.source = [Self.running]
        script.destination = [nil]
        let failing = ScriptedPorts(script)
        _ = try? await migration(plan(request: request), failing).run()
        #expect(failing.limits.first.map { $0 <= .milliseconds(50) } == true)
        #expect(failing.limits.last == .milliseconds(300))
        let succeeding = ScriptedPorts(wholeMove)
        let page = PageInMemory()
        _ = try await migration(plan(request: request), succeeding, page).run()
        #expect(succeeding.limits.allSatisfy { $0 <= .milliseconds(50) })
        #expect(page.undo.isEmpty)
    }

    @Test("a plan that would lose the guest is refused before anything is touched")
    func refused() async throws {
        var method = TransferMethod()
        method.connections = 4
        method.allowsPostCopy = true
        let ports = ScriptedPorts(wholeMove)
        let error = await #expect(throws: ApusError.self) {
            try await migration(plan(method: method), ports).run()
        }
        #expect(error?.code == .planRefused)
        #expect(ports.transfers == 0)
    }
}
