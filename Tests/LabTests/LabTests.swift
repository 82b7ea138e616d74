import LabSupport
import Testing

/// Everything that runs on real guests on real hosts, one test after the other: they share the machine.
@Suite("Real guests on real hosts", .serialized, .timeLimit(.minutes(10)))
struct LabTests {
    @Test("in CI, what LabTests need is there")
    func nothingIsSkippedInCI() {
        if Lab.isCI { #expect(Lab.missing == nil, "LabTests would be skipped: \(Lab.missing ?? "")") }
    }
}
