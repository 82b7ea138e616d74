import FleetModel
import Testing

@testable import Migration

@Suite("A live migration", .timeLimit(.minutes(1)))
struct LiveMigrationTests {
    typealias Kind = GuestEvent<JumpingClock.Instant>.Kind

    private static let running = GuestState(.running, reason: "booted")
    private static let standing = GuestState(.paused, reason: "migration")
    private static let broken = ApusError(.migrationFailed, "move", "the peer went away", hint: "look")

    private func plan(
        paused: Bool = false, request: MoveRequest = MoveRequest()
    ) throws -> MovePlan {
        let host = { (name: String) in
            HostFacts(
                host: Host(
                    name: name, uri: "qemu+tcp://\(name)/system",
                    filling: HostDefaults(uri: "qemu+tcp://\(name)/system")),
                uuid: name, libvirtVersion: SoftwareVersion(9, 0, 0),
                hypervisorVersion: SoftwareVersion(7, 2, 0),
                processors: 2, memory: .mebibytes(4096), freeMemory: nil)
        }
        let guest = Guest(
            identity: GuestIdentity(name: "web01", uuid: "u"), host: "alpha",
            state: paused ? GuestState(.paused, reason: "user") : Self.running, memory: .mebibytes(256),
            vcpus: 1,
            isPersistent: true, activity: nil)
        let facts = MoveFacts(
            guest: guest, source: host("alpha"), destination: host("beta"), disks: [], sameName: nil,
            sameUUID: nil)
        return try MovePlan(facts: facts, request: request, findings: [])
    }

    private func migration(_ plan: MovePlan, _ ports: ScriptedPorts) -> LiveMigration<ScriptedPorts> {
        LiveMigration(plan: plan, ports: ports, began: ports.clock.now, progress: { _ in })
    }

    private var wholeMove: ScriptedPorts.Script {
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
        let result = try await migration(try plan(), ports).run()
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
        let result = try await migration(try plan(), ScriptedPorts(wholeMove)).run()
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
        let result = try await migration(try plan(paused: true), ports).run()
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
        let error = await #expect(throws: ApusError.self) { try await migration(try plan(), ports).run() }
        #expect(error?.code == row.code)
        #expect(ports.resumed == row.resumed)
        #expect(error?.detail.contains("web01") == true)
    }

    @Test("an error whose guest arrived all the same is a success that says so")
    func arrivedAnyway() async throws {
        var script = ScriptedPorts.Script()
        script.failure = Self.broken
        let result = try await migration(try plan(), ScriptedPorts(script)).run()
        #expect(result.remarks.count == 1)
    }

    @Test("an arrived guest that stands still is let run on")
    func resumesDestination() async throws {
        var script = ScriptedPorts.Script()
        script.failure = Self.broken
        script.destination = [Self.standing]
        let ports = ScriptedPorts(script)
        _ = try await migration(try plan(), ports).run()
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
        let migration = migration(try plan(), ports)
        await migration.requestAbort(row.reason)
        let error = await #expect(throws: ApusError.self) { try await migration.run() }
        #expect(error?.code == row.code)
        #expect(ports.aborts >= 4)
    }

    @Test("an abort that libvirt never takes ends in a clear error, not in a hang")
    func abortNeverTaken() async throws {
        var script = ScriptedPorts.Script()
        script.waitsForAbort = true
        script.abortRefusals = .max
        script.source = [Self.running]
        script.destination = [Self.standing]
        let migration = migration(try plan(), ScriptedPorts(script))
        await migration.requestAbort(.signal)
        let error = await #expect(throws: ApusError.self) { try await migration.run() }
        #expect(error?.code == .stateNotKnown)
        #expect(error?.detail.contains("did not end the move within 60 s") == true)
    }

    @Test("a move whose call is lost goes on until its source has ended it")
    func callLost() async throws {
        var script = ScriptedPorts.Script()
        script.failure = ApusError(.connectionLost, "wait", "the connection broke", hint: nil)
        script.busyAnswers = 20
        let result = try await migration(try plan(), ScriptedPorts(script)).run()
        #expect(result.destinationState.kind == .running)
        #expect(result.remarks.contains { $0.contains("broke meanwhile") })
    }

    @Test("the downtime limit is put back when nobody can be listened to")
    func eventsRefused() async throws {
        var script = ScriptedPorts.Script()
        script.refusesEvents = true
        let ports = ScriptedPorts(script)
        let request = MoveRequest(downtimeLimit: .milliseconds(50))
        await #expect(throws: ApusError.self) { try await migration(try plan(request: request), ports).run() }
        #expect(ports.limits == [.milliseconds(50), .milliseconds(300)])
    }

    @Test("the timeout aborts by itself")
    func timeout() async throws {
        var script = ScriptedPorts.Script()
        script.waitsForAbort = true
        script.source = [Self.running]
        script.destination = [nil]
        let request = MoveRequest(timeout: .seconds(5))
        let error = await #expect(throws: ApusError.self) {
            try await migration(try plan(request: request), ScriptedPorts(script)).run()
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
        _ = try? await migration(try plan(request: request), failing).run()
        #expect(failing.limits == [.milliseconds(50), .milliseconds(300)])
        let succeeding = ScriptedPorts(wholeMove)
        _ = try await migration(try plan(request: request), succeeding).run()
        #expect(succeeding.limits == [.milliseconds(50)])
    }

    @Test("a plan is not made against a blocker")
    func blocked() throws {
        let finding = Finding(.diskNotShared, .blocker, host: "alpha", subject: "vda", detail: "d", hint: "h")
        let good = try plan()
        let facts = MoveFacts(
            guest: Guest(
                identity: good.guest, host: "alpha", state: Self.running, memory: .zero, vcpus: 1,
                isPersistent: true,
                activity: nil),
            source: HostFacts(
                host: good.source, uuid: nil, libvirtVersion: SoftwareVersion(9, 0, 0),
                hypervisorVersion: SoftwareVersion(7, 2, 0), processors: 1, memory: .zero, freeMemory: nil),
            destination: HostFacts(
                host: good.destination, uuid: nil, libvirtVersion: SoftwareVersion(9, 0, 0),
                hypervisorVersion: SoftwareVersion(7, 2, 0), processors: 1, memory: .zero, freeMemory: nil),
            disks: [], sameName: nil, sameUUID: nil)
        #expect {
            try MovePlan(facts: facts, request: MoveRequest(), findings: [finding])
        } throws: { error in
            (error as? ApusError)?.code == .blocked && (error as? ApusError)?.findings == [finding]
        }
    }
}
