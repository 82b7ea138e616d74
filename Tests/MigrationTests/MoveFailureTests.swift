import FleetModel
import Policy
import Testing

@testable import Migration

@Suite("What a person is told about a guest that is not provably well")
struct MoveFailureTests {
    private let plan = LiveMigrationTests().plan()

    private func hint(_ source: Settlement.Answer, _ destination: Settlement.Answer) throws -> String {
        let settled = Settled(verdict: .notKnown, source: source, destination: destination)
        let error = MoveFailure(plan: plan, id: "a").notKnown(nil, settled, ranThere: false)
        #expect(error.code == .stateNotKnown)
        return try #require(error.hint)
    }

    private func commands(_ verb: String) -> [String] {
        [plan.source, plan.destination].map { "virsh -c \($0.uri) \(verb) \(plan.guest)" }
    }

    @Test("on both hosts: which one to end")
    func both() throws {
        let hint = try hint(.present(GuestState(.running)), .present(GuestState(.running)))
        #expect(commands("destroy").allSatisfy(hint.contains), "\(hint)")
    }

    @Test("on neither: where to start it")
    func neither() throws {
        for source in [Settlement.Answer.absent, .present(GuestState(.shutOff, reason: "crashed"))] {
            let hint = try hint(source, .absent)
            #expect(commands("start").allSatisfy(hint.contains), "\(hint)")
        }
    }

    @Test("while a host is silent, to start it nowhere")
    func silent() throws {
        let hint = try hint(.absent, .silent)
        #expect(hint.hasPrefix("Do not start"), "\(hint)")
        #expect(commands("domstate --reason").allSatisfy(hint.contains), "\(hint)")
    }
}
