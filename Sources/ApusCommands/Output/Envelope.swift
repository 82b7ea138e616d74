import FleetModel
import FoundationEssentials
import Glibc

/// The one JSON object that a command writes to standard output. Its form is a contract: docs/json.md.
struct Envelope<Result: Encodable>: Encodable {
    let schema = 1
    let command: String
    let changed: Bool
    let result: Result?
    let error: ErrorReport?

    func print() {
        Console.print(JSON.text(self))
    }
}

struct ErrorReport: Encodable {
    let code: String
    let operation: String
    let detail: String
    let hint: String?

    init(_ error: ApusError) {
        code = error.code.rawValue
        operation = error.operation
        detail = error.detail
        hint = error.hint
    }
}

/// What is in an envelope that has no result.
struct NoResult: Encodable {}

/// What a blocked move reports.
struct FindingsReport: Encodable {
    let findings: [FindingReport]
}

struct FindingReport: Encodable {
    let code: String
    let severity: String
    /// A blocker that `--ignore` lifted.
    let ignored: Bool
    let host: String
    let subject: String
    let detail: String
    let hint: String

    init(_ finding: Finding) {
        code = finding.code.rawValue
        severity = finding.severity.rawValue
        ignored = finding.isIgnored
        host = finding.host
        subject = finding.subject
        detail = finding.detail
        hint = finding.hint
    }
}

enum JSON {
    /// One line, keys in snake case and in alphabetical order.
    static func text(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else {
            return #"{"schema":1,"error":{"code":"usage","detail":"a figure was not a number"}}"#
        }
        return String(decoding: data, as: UTF8.self)
    }
}

/// Tells a person, or a program, what went wrong, and ends the process.
struct Failure {
    private let error: ApusError
    private let command: String
    private let asJSON: Bool

    init(_ error: ApusError, command: String, asJSON: Bool) {
        self.error = error
        self.command = command
        self.asJSON = asJSON
    }

    func report() -> Never {
        if asJSON {
            let report = ErrorReport(error)
            if error.findings.isEmpty {
                Envelope<NoResult>(command: command, changed: false, result: nil, error: report).print()
            } else {
                Envelope(
                    command: command, changed: false,
                    result: FindingsReport(findings: error.findings.map(FindingReport.init)), error: report
                ).print()
            }
        } else {
            Console.note(Self.text(error))
        }
        // Not exit(3): libvirt's threads are still there, and its clean-up at exit could meet them.
        _exit(ExitStatus(error.code).rawValue)
    }

    /// For a person.
    static func text(_ error: ApusError) -> String {
        guard !error.findings.isEmpty else {
            return "apus: could not \(error.operation): \(error.detail) [\(error.code.rawValue)]"
                + (error.hint.map { "\n  \($0)" } ?? "")
        }
        return "apus: could not \(error.operation); nothing was attempted [\(error.code.rawValue)]\n"
            + FindingList(error.findings).text() + (rest(of: error).map { "\n  \($0)" } ?? "")
    }

    /// What the hint says that the findings do not say themselves.
    private static func rest(of error: ApusError) -> String? {
        guard let hint = error.hint else { return nil }
        let said = error.findings.map(\.hint).first { hint.hasPrefix($0) } ?? ""
        let rest = hint.dropFirst(said.count).drop { $0 == " " }
        return rest.isEmpty ? nil : String(rest)
    }
}

extension Console {
    /// One host that could not be asked, below a list that lacks it.
    static func note(_ error: ApusError) {
        note("apus: \(error.detail) [\(error.code.rawValue)]" + (error.hint.map { "\n  \($0)" } ?? ""))
    }
}

/// Findings as people read them, worst first.
struct FindingList {
    private let findings: [Finding]

    init(_ findings: [Finding]) { self.findings = findings }

    func text() -> String {
        findings.map { finding in
            let severity = finding.severity.rawValue + (finding.isIgnored ? " (ignored)" : "")
            return "  \(severity): \(finding.detail) [\(finding.code.rawValue)]\n    \(finding.hint)"
        }
        .joined(separator: "\n")
    }
}
