import FleetModel
import Testing

@testable import Policy

/// A healthy pair bent in one way, and exactly what has to be found then.
///
/// The first case of a code is its example in docs/codes.md.
struct PreflightCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bend: @Sendable (inout Sample) -> Void
    let request: MoveRequest
    let expected: [Expectation]

    struct Expectation: Sendable, Equatable {
        let code: Finding.Code
        let severity: Finding.Severity
    }

    var findings: [Finding] { Preflight.findings(for: facts, request: request) }

    init(
        _ description: String, _ expected: KeyValuePairs<Finding.Code, Finding.Severity>,
        request: MoveRequest = MoveRequest(), _ bend: @escaping @Sendable (inout Sample) -> Void
    ) {
        testDescription = description
        self.bend = bend
        self.request = request
        self.expected = expected.map { Expectation(code: $0.key, severity: $0.value) }
    }

    var facts: MoveFacts {
        var sample = Sample()
        bend(&sample)
        return sample.facts
    }

    static let all =
        identity + state + versions + processor + machine + storage + devices + interfaces + reach + capacity
        + trust + encryption + unread + cold + policy
}
