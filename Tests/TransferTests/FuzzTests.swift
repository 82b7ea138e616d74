import Dispatch
import FoundationEssentials
import Testing
import TransferSupport

@Suite("Mutated streams", .timeLimit(.minutes(3)))
struct FuzzTests {
    @Test("end both ends with an error or with what was sent, and leave nothing behind")
    func mutated() async throws {
        let endings = try await Self.endings(of: 1...1500)
        // Enough of them get behind the checks of frames, and some change nothing that matters.
        #expect(endings["receiver: protocol-broken", default: 0] > 100)
        #expect(endings["sender: protocol-broken", default: 0] > 100)
        #expect(endings["receiver: digest-mismatch", default: 0] > 10)
        #expect(endings["receiver: frame-damaged", default: 0] > 100)
        #expect(endings["receiver: ok", default: 0] > 10)
    }

    /// On a thread of its own: what blocks would hold up the other tests.
    private static func endings(of seeds: ClosedRange<UInt64>) async throws -> [String: Int] {
        let fuzz = try await TransferFuzz(below: FileManager.default.temporaryDirectory.path)
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "fuzz").async {
                continuation.resume(
                    with: Result {
                        for seed in seeds { try fuzz.run(seed: seed) }
                        return fuzz.endings
                    })
            }
        }
    }
}
