import FleetModel
import Testing

@testable import Migration

@Suite("A place on both hosts", .timeLimit(.minutes(1)))
struct PlaceTests {
    /// 200 MiB are left beside the guest, with db01 counted.
    private func plan(_ request: MoveRequest = MoveRequest()) -> MovePlan {
        var plan = LiveMigrationTests().plan(request: request)
        plan.room = MovePlan.Room(left: .mebibytes(200), counted: ["db01"])
        return plan
    }

    private func run(_ plan: MovePlan, beside others: [MoveUnderWay]) async throws(ApusError) {
        let (ports, page) = (ScriptedPorts(LiveMigrationTests().wholeMove), PageInMemory())
        page.letOthersMove([others])
        defer { #expect((ports.transfers == 0) == (page.outcome == .failed)) }
        _ = try await LiveMigrationTests().migration(plan, ports, page).run()
    }

    private func move(_ guest: String, _ mebibytes: UInt64) -> MoveUnderWay {
        MoveUnderWay(
            reservation: Reservation(
                move: guest, guest: GuestIdentity(name: guest, uuid: guest), source: "gamma",
                destination: "beta", memory: .mebibytes(mebibytes),
                owner: ProcessMark(pid: 7, started: 1, boot: ""), since: 0), bandwidth: nil, link: nil)
    }

    @Test("is not there when the memory was promised to others since the plan was made")
    func promised() async throws {
        let error = await #expect(throws: ApusError.self) {
            try await run(plan(), beside: [move("mail01", 201)])
        }
        #expect(error?.code == .slotTaken)
        #expect(error?.detail.contains("201 MiB to mail01 (process 7)") == true)
        #expect(error?.detail.contains("stays on alpha, untouched") == true)
    }

    @Test("is there when the others were counted, or leave enough, or memory-short is ignored")
    func enough() async throws {
        try await run(plan(), beside: [move("db01", 4096)])
        try await run(plan(), beside: [move("mail01", 200)])
        let ignoring = MoveRequest(ignored: [IgnoredFinding(code: .memoryShort)])
        try await run(plan(ignoring), beside: [move("mail01", 201)])
    }
}
