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

    @Test("end both ends of a relay with an error or as they should, and leave no socket behind")
    func relayed() async throws {
        let endings = try await Self.relayEndings(of: 1...400)
        for end in ["source", "destination"] {
            #expect(endings["relay on the \(end): protocol-broken", default: 0] > 50)
            #expect(endings["relay on the \(end): frame-damaged", default: 0] > 50)
        }
        #expect(endings["relay on the destination: ok", default: 0] > 5)
    }

    private static func relayEndings(of seeds: ClosedRange<UInt64>) async throws -> [String: Int] {
        let fuzz = try RelayFuzz(below: FileManager.default.temporaryDirectory.path)
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
