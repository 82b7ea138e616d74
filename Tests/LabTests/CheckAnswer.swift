import FoundationEssentials
import LabSupport
import Testing

/// What `apus check --json` answers, and any other command that a finding stopped.
struct CheckAnswer: Decodable {
    struct Finding: Decodable, Hashable {
        let code: String
        let severity: String
        let ignored: Bool
        let host: String
        let subject: String
        let detail: String
        let hint: String
    }
    struct Destination: Decodable {
        let host: String
        let can_move: Bool
        let reason: String
    }
    struct Result: Decodable {
        let can_move: Bool?
        let findings: [Finding]?
        let destinations: [Destination]?
        let notes: [String]?
    }
    struct Failure: Decodable {
        let code: String
        let detail: String
        let hint: String?
    }
    let changed: Bool
    let result: Result?
    let error: Failure?

    init(_ outcome: Outcome) throws {
        self = try JSONDecoder().decode(CheckAnswer.self, from: Data(outcome.output.utf8))
    }

    var findings: [Finding] { result?.findings ?? [] }
    var codes: Set<String> { Set(findings.map(\.code)) }
    /// Codes of what stands in the way.
    var blockers: Set<String> {
        Set(findings.filter { $0.severity == "blocker" && !$0.ignored }.map(\.code))
    }

    /// Expects a finding whose message alone tells an admin what is wrong, where, and what to do.
    ///
    /// - Parameters:
    ///   - code: the finding's.
    ///   - severity: how bad it has to be.
    ///   - host: where it has to be mended.
    ///   - words: what the sentence has to name.
    ///   - location: the expectation's.
    func expect(
        _ code: String, _ severity: String = "blocker", on host: String, saying words: String...,
        at location: SourceLocation = #_sourceLocation
    ) {
        let mine = findings.filter { $0.code == code }
        let said = findings.map { "\($0.severity) \($0.code): \($0.detail)" }.joined(separator: "\n")
        #expect(!mine.isEmpty, "no \(code) among:\n\(said)", sourceLocation: location)
        guard let finding = mine.first(where: { $0.host == host }) ?? mine.first else { return }
        #expect(finding.host == host, sourceLocation: location)
        #expect(finding.severity == severity, sourceLocation: location)
        #expect(finding.detail.contains(host), "\(finding.detail)", sourceLocation: location)
        for word in words {
            #expect(finding.detail.contains(word), "\(word) in: \(finding.detail)", sourceLocation: location)
        }
        #expect(finding.hint.count > 15, "\(finding.hint)", sourceLocation: location)
    }
}

extension Lab {
    /// `apus check GUEST --to host2 --quick --json`, whose exit status has to agree with its findings.
    func check(_ guest: LabGuest, _ options: String..., to host: String = "host2") async throws -> CheckAnswer
    {
        let outcome = try await apus(["check", guest.name, "--to", host, "--quick", "--json"] + options)
        let answer = try CheckAnswer(outcome)
        #expect(answer.changed == false)
        #expect(outcome.status == (answer.blockers.isEmpty ? 0 : 2), "\(outcome.said)")
        #expect(answer.result?.can_move == answer.blockers.isEmpty, "\(outcome.said)")
        return answer
    }
}

/// Devices of guests, as `lab guest add --device` takes them.
enum Device {
    static func file(_ path: String, _ target: String = "vdb", format: String = "raw") -> [String] {
        disk("file", "<source file='\(path)'/>", target, format)
    }

    static func block(_ path: String, _ target: String = "vdb") -> [String] {
        disk("block", "<source dev='\(path)'/>", target, "raw")
    }

    static func luks(_ path: String, secret: String) -> [String] {
        disk(
            "file",
            "<source file='\(path)'><encryption format='luks'><secret type='passphrase' uuid='\(secret)'/>"
                + "</encryption></source>", "vdb", "raw")
    }

    static func interface(_ type: String, _ source: String) -> [String] {
        ["--device", "<interface type='\(type)'><source \(source)/><model type='virtio'/></interface>"]
    }

    private static func disk(_ type: String, _ source: String, _ target: String, _ format: String) -> [String]
    {
        [
            "--device",
            "<disk type='\(type)' device='disk'><driver name='qemu' type='\(format)' cache='none'/>\(source)"
                + "<target dev='\(target)' bus='virtio'/></disk>",
        ]
    }
}
