import FleetModel
import Testing

@testable import Policy

@Suite("The plan of a guest that does not run")
struct ColdPlannerTests {
    private static func plan(_ change: (inout Sample) -> Void) -> ColdPlan {
        var sample = Sample()
        sample.leave("other")
        change(&sample)
        return ColdPlanner(sample.facts, MoveRequest()).plan
    }

    @Test("replaces a TPM's state only where one is known to be, or nobody could look")
    func states() {
        #expect(Self.plan { _ in }.files.map(\.replaces) == [true])
        #expect(Self.plan { $0.cold?.there = .known([]) }.files.map(\.replaces) == [false])
        #expect(Self.plan { $0.cold?.there = .notKnown("no remote-shell") }.files.map(\.replaces) == [true])
    }

    @Test("says when something takes the place of what is there")
    func steps() throws {
        func step(_ change: (inout Sample) -> Void) throws -> String {
            var sample = Sample()
            sample.leave("same")
            change(&sample)
            let plan = try Planner(
                facts: sample.facts, request: MoveRequest(),
                findings: Preflight.findings(for: sample.facts, request: MoveRequest()), forecast: nil
            ).plan()
            return try #require(plan.steps.first { $0.contains("TPM state") })
        }
        #expect(try step { _ in }.hasSuffix("(6 KiB), in the place of the file that is there"))
        #expect(try step { $0.cold?.there = .known([]) }.hasSuffix("(6 KiB)"))
    }
}
