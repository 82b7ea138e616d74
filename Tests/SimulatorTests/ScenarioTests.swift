import Simulator
import Testing

@Suite("Simulated moves")
struct ScenarioTests {
    @Test("end in exactly one good state, whatever fails", arguments: [0, 50, 100, 150, 200, 250] as [UInt64])
    func invariantsHold(first: UInt64) {
        for seed in first..<first + 50 {
            let run = Scenario(seed: seed).run(keepsTrace: true)
            #expect(
                run.isGood,
                "seed \(seed): \(run.violations.map(\.detail)); \(run.trace.suffix(30).joined(separator: "\n"))")
        }
    }

    @Test("are the same each time that a seed is played", arguments: [3, 17, 99] as [UInt64])
    func repeatable(seed: UInt64) {
        let first = Scenario(seed: seed).run(keepsTrace: true)
        let second = Scenario(seed: seed).run(keepsTrace: true)
        #expect(first.trace == second.trace)
        #expect(!first.trace.isEmpty)
    }
}
