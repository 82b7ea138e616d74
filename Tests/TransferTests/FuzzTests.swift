import FoundationEssentials
import Testing
import TransferSupport

@Suite("Mutated streams", .timeLimit(.minutes(10)))
struct FuzzTests {
    @Test("end both ends with an error or with what was sent, and leave nothing behind")
    func mutated() async throws {
        let fuzz = try await TransferFuzz(below: FileManager.default.temporaryDirectory.path)
        for seed: UInt64 in 1...1500 { try fuzz.run(seed: seed) }
        // Enough of them get behind the checks of frames, and some change nothing that matters.
        #expect(fuzz.endings["receiver: protocol-broken", default: 0] > 100)
        #expect(fuzz.endings["sender: protocol-broken", default: 0] > 100)
        #expect(fuzz.endings["receiver: digest-mismatch", default: 0] > 10)
        #expect(fuzz.endings["receiver: frame-damaged", default: 0] > 100)
    }
}
