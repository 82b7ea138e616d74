import FleetModel
import Testing

@testable import Migration

/// What is taken from a guest for a move, and brought to it or put back.
@Suite("What belongs to a guest", .timeLimit(.minutes(1)))
struct BelongingsTests {
    private static let snapshots = [CarriedSnapshot(name: "old", parent: nil, isCurrent: true)]
    private static let words = "the snapshot old"

    private static var plan: MovePlan {
        func host(_ name: String) -> Host {
            let uri = "qemu+tcp://\(name)/system"
            return Host(name: name, uri: uri, filling: HostDefaults(uri: uri))
        }
        return MovePlan(
            guest: GuestIdentity(name: "web01", uuid: "u"), source: host("alpha"), destination: host("beta"),
            request: MoveRequest(), wasPaused: false, isPersistent: true, wasDefinedThere: false,
            method: TransferMethod(),
            vouchesForStorage: false, memory: .mebibytes(256), disks: [],
            preparations: [
                Preparation(
                    .forgetSnapshots, on: .source, undoneBy: .snapshots(guest: "u", snapshots, .carried))
            ], conclusions: [], choices: [], rejected: [], findings: [],
            sourceQEMU: SoftwareVersion(7, 2, 0), destinationQEMU: SoftwareVersion(7, 2, 0),
            basis: PlanBasis([:]), forecast: nil)
    }

    private static let owner = ProcessMark(pid: 1, started: 1, boot: "b")

    private static func move(_ ports: ScriptedPorts, _ page: PageInMemory) async throws -> MoveResult {
        try await LiveMigration(
            plan: plan,
            record: MoveRecord(
                id: "0123456789abcdef", guest: plan.guest, source: "alpha", destination: "beta", began: 0,
                plan: "{}", forecast: nil), owner: owner, ports: ports, log: page, began: ports.clock.now,
            progress: { _ in }
        ).run()
    }

    private static func repair(
        _ ports: ScriptedPorts, _ page: PageInMemory, accepting: Bool = false
    ) async throws -> RepairResult {
        try await MoveRepair(
            id: "0123456789abcdef", plan: plan, owner: owner, ports: ports, log: page,
            acceptsWhatRuns: accepting, say: { _ in }
        ).run()
    }

    private static var arrives: ScriptedPorts.Script {
        var script = ScriptedPorts.Script()
        script.source = [nil]
        return script
    }

    @Test("is in the journal as it was read when the move began, and forgotten when the guest has it")
    func brought() async throws {
        let page = PageInMemory()
        let ports = ScriptedPorts(Self.arrives)
        _ = try await Self.move(ports, page)
        #expect(ports.changes == ["prepare \(Self.words)", "bring \(Self.words)"])
        #expect(page.undo.isEmpty && page.outcome == .moved)
        #expect(page.everNoted.map(\.trace).first == .snapshots(guest: "u", [Self.read], .carried))
    }

    private static let read = CarriedSnapshot(name: "old", parent: nil, isCurrent: true, document: "read now")

    @Test("is put back when the guest did not leave")
    func putBack() async throws {
        var script = ScriptedPorts.Script()
        script.failure = ApusError(.migrationFailed, "move", "the peer went away", hint: nil)
        script.source = [GuestState(.running, reason: "booted")]
        script.destination = [nil]
        let page = PageInMemory()
        let ports = ScriptedPorts(script)
        await #expect(throws: ApusError.self) { try await Self.move(ports, page) }
        #expect(ports.changes.first == "prepare \(Self.words)" && ports.changes.last == "undo \(Self.words)")
        #expect(page.undo.isEmpty && page.outcome == .failed)
    }

    @Test("a move is not over before it has followed: the journal keeps it, and a repair brings it")
    func missing() async throws {
        var script = Self.arrives
        script.refusesBringing = true
        let page = PageInMemory()
        let error = await #expect(throws: ApusError.self) {
            try await Self.move(ScriptedPorts(script), page)
        }
        #expect(error?.code == .repairIncomplete)
        #expect(error?.detail.contains("has arrived on beta") == true, "\(error?.detail ?? "")")
        #expect(page.outcome == nil && page.isHeld)
        #expect(page.undo.map(\.trace) == [.snapshots(guest: "u", [Self.read], .carried)])

        let still = await #expect(throws: ApusError.self) {
            try await Self.repair(ScriptedPorts(script), page)
        }
        #expect(still?.code == .repairIncomplete && page.outcome == nil && page.undo.count == 1)

        let ports = ScriptedPorts(Self.arrives)
        _ = try await Self.repair(ports, page)
        #expect(ports.changes.contains("bring \(Self.words)"))
        #expect(page.undo.isEmpty && page.outcome == .moved)
    }

    @Test("what cannot follow is given up when a person says so, and only then")
    func givenUp() async throws {
        var script = Self.arrives
        script.refusesBringing = true
        let page = PageInMemory()
        await #expect(throws: ApusError.self) { try await Self.move(ScriptedPorts(script), page) }
        let result = try await Self.repair(ScriptedPorts(script), page, accepting: true)
        #expect(result.remarks.contains { $0.contains("was given up") }, "\(result.remarks)")
        #expect(page.undo.isEmpty && page.outcome == .moved)
    }

    @Test("nothing is taken from a guest that the journal cannot note")
    func unwritable() async throws {
        let page = PageInMemory()
        page.refuseNotes()
        let ports = ScriptedPorts(Self.arrives)
        let error = await #expect(throws: ApusError.self) { try await Self.move(ports, page) }
        #expect(error?.code == .journalUnwritable)
        #expect(ports.changes.isEmpty && ports.transfers == 0)
    }
}
