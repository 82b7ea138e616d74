import FleetModel
import FoundationEssentials
import Policy
import TestSupport
import Testing

@testable import ApusCommands

@Suite("Saved facts and plans")
struct DocumentTests {
    private let request = MoveRequest(
        control: .direct, keepDefinition: true, bandwidth: ByteRate(bytesPerSecond: 5),
        downtimeLimit: .milliseconds(100), timeout: .seconds(9), allowsPostCopy: false,
        ignored: [IgnoredFinding(code: .diskNotProven, subject: "vdb")])

    private func plan() throws -> MovePlan {
        let input = ForecastInput(
            memory: .mebibytes(2048), link: LinkSpeed(rate: ByteRate(bytesPerSecond: 1 << 27), source: .probe)
        )
        var facts = SampleFacts.full
        facts.guest = Guest(
            identity: facts.guest.identity, host: "alpha", state: GuestState(.running, reason: "booted"),
            memory: facts.guest.memory, vcpus: 2, isPersistent: true, activity: nil)
        return try Planner(
            facts: facts, request: request, findings: [], forecast: ForecastModel.forecast(input)
        ).plan()
    }

    private func facts(_ data: Data) throws(ApusError) -> MoveFacts {
        try Document.decode(MoveFacts.self, data, path: "f.json", what: "saved facts")
    }

    @Test("come back as they were written")
    func roundTrip() throws {
        let written = SampleFacts.full
        #expect(try facts(Data(JSON.text(written).utf8)) == written)
        let plan = try plan()
        let envelope = Envelope(command: "plan", changed: false, result: PlanReport(plan), error: nil)
        let read = try Document.decode(
            SavedPlan.self, Data(JSON.text(envelope).utf8), path: "p.json", what: "a plan")
        #expect(read.plan == plan)
    }

    @Test("have keys in snake case")
    func keys() {
        let text = JSON.text(SampleFacts.full)
        #expect(text.contains("\"peer_uri\""))
        #expect(!text.contains("peerURI"))
    }

    @Test(
        "that are not whole are an error that names the file and the place",
        arguments: [
            ("", "f.json"), ("{}", "has no"), ("[]", "document"), ("nul", "f.json"),
            ("{\"schema\":", "f.json"),
            (String(repeating: "[", count: 200_000), "f.json"),
            (String(repeating: "{\"cpu\":", count: 50_000), "f.json"),
            ("{\"schema\": 1e400}", "f.json"), ("\u{0}\u{1}\u{2}", "f.json"),
        ])
    func broken(text: String, expected: String) {
        let error = #expect(throws: ApusError.self) { try facts(Data(text.utf8)) }
        #expect(error?.code == .documentInvalid)
        let said = "\(error?.operation ?? "") \(error?.detail ?? "")"
        #expect(said.contains(expected))
    }

    @Test("that are larger than 16 MiB are refused before they are read")
    func large() {
        let error = #expect(throws: ApusError.self) {
            try facts(Data(repeating: UInt8(ascii: " "), count: Document.limit + 1))
        }
        #expect(error?.detail == "it is larger than 16 MiB")
    }

    @Test("that were damaged or forged are read or refused, and judged without a trap")
    func fuzz() throws {
        let whole = Array(JSON.text(SampleFacts.full).utf8)
        var random = SeededGenerator(seed: 20_261_121)
        var judged = 0
        for _ in 0..<500 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<12, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                case 2: bytes = Array(bytes[..<place])
                default: Self.replaceValue(in: &bytes, near: place, &random)
                }
                if bytes.isEmpty { break }
            }
            guard let facts = try? facts(Data(bytes)) else { continue }
            judged += 1
            let findings = Preflight.findings(for: facts, request: MoveRequest())
            #expect(findings.map(\.severity) == findings.map(\.severity).sorted())
            _ = GroupedFindings(findings).text()
            _ = try? Planner(facts: facts, request: MoveRequest(), findings: [], forecast: nil).plan()
        }
        #expect(judged > 50, "the mutations must leave enough documents whole to be judged")
    }

    /// Puts another value of the same kind behind the next colon: ends of ranges, nothing, nonsense.
    private static func replaceValue(
        in bytes: inout [UInt8], near place: Int, _ random: inout some RandomNumberGenerator
    ) {
        guard let colon = bytes[place...].firstIndex(of: UInt8(ascii: ":")), colon + 1 < bytes.count else {
            return
        }
        let start = colon + 1
        let end = bytes[start...].firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") }
        let choices =
            switch bytes[start] {
            case UInt8(ascii: "\""): ["\"\"", "\"/\"", "\"\\u0000'$(x)\"", "null"]
            case UInt8(ascii: "t"), UInt8(ascii: "f"): ["true", "false"]
            case UInt8(ascii: "["): ["[]"]
            case UInt8(ascii: "{"): ["null"]
            default: ["0", "-1", "1", "9223372036854775807", "18446744073709551615"]
            }
        let value = choices.randomElement(using: &random) ?? "null"
        bytes.replaceSubrange(start..<(end ?? bytes.count), with: Array(value.utf8))
    }
}
