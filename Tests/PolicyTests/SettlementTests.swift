import FleetModel
import Foundation
import Testing

@testable import Policy

@Suite("Settlement")
struct SettlementTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let source: Settlement.Answer
        let destination: Settlement.Answer
        var wasPaused = false
        let expected: Settlement
        var testDescription: String {
            "source \(source.text), destination \(destination.text)\(wasPaused ? ", was paused" : "")"
        }
    }

    private static let running = Settlement.Answer.present(GuestState(.running, reason: "migrated"))
    private static let paused = Settlement.Answer.present(GuestState(.paused, reason: "migration"))
    private static let shutOff = Settlement.Answer.present(GuestState(.shutOff, reason: "migrated"))
    private static let postcopy = Settlement.Answer.present(GuestState(.running, reason: "postcopy"))

    private static let byPerson = Settlement.Answer.present(GuestState(.paused, reason: "user"))
    private static let diskError = Settlement.Answer.present(GuestState(.paused, reason: "ioerror"))
    private static let shutDown = Settlement.Answer.present(GuestState(.shutOff, reason: "shutdown"))

    @Test(
        "decides by what both hosts say",
        arguments: [
            Row(source: running, destination: .absent, expected: .unmoved),
            Row(source: running, destination: shutOff, expected: .unmoved),
            Row(source: paused, destination: .absent, expected: .resumeSource),
            Row(source: paused, destination: .absent, wasPaused: true, expected: .unmoved),
            Row(source: .absent, destination: running, expected: .arrived),
            Row(source: shutOff, destination: running, expected: .arrived),
            Row(source: .absent, destination: paused, expected: .resumeDestination),
            Row(source: .absent, destination: paused, wasPaused: true, expected: .arrived),
            Row(source: running, destination: paused, expected: .dropDestination),
            Row(source: paused, destination: paused, expected: .dropDestination),
            Row(source: running, destination: running, expected: .notKnown),
            Row(source: paused, destination: running, expected: .dropSource),
            Row(source: .absent, destination: .absent, expected: .notKnown),
            Row(source: byPerson, destination: .absent, expected: .unmoved),
            Row(source: .absent, destination: byPerson, expected: .arrived),
            Row(source: diskError, destination: .absent, expected: .notKnown),
            Row(source: .absent, destination: diskError, expected: .notKnown),
            Row(source: shutDown, destination: .absent, expected: .ended),
            Row(source: shutDown, destination: shutDown, expected: .ended),
            Row(source: running, destination: shutDown, expected: .unmoved),
            Row(source: shutDown, destination: running, expected: .arrived),
            Row(source: .silent, destination: running, expected: .notKnown),
            Row(source: running, destination: .silent, expected: .notKnown),
            Row(source: postcopy, destination: .absent, expected: .notKnown),
            Row(source: .absent, destination: postcopy, expected: .notKnown),
        ])
    func decides(row: Row) {
        #expect(verdict(row.source, row.destination, wasPaused: row.wasPaused) == row.expected)
    }

    private func verdict(
        _ source: Settlement.Answer, _ destination: Settlement.Answer, wasPaused: Bool = false
    ) -> Settlement {
        Settlement.decide(
            source: Settlement.Copy(source, on: .source),
            destination: Settlement.Copy(destination, on: .destination), wasPaused: wasPaused)
    }

    @Test("docs/settlement.md has every pair, and says what the function says")
    func documented() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../docs/settlement.md")
        let lines = try String(contentsOf: path, encoding: .utf8).split(separator: "\n").map(String.init)
        let copies = Settlement.Copy.allCases
        let head = "| | " + copies.map(\.rawValue).joined(separator: " | ") + " |"
        let rows = copies.map { source in
            "| **\(source.rawValue)** | "
                + copies.map { destination in
                    Settlement.decide(source: source, destination: destination, wasPaused: false).rawValue
                }.joined(separator: " | ") + " |"
        }
        let expected = [head, "|" + String(repeating: " --- |", count: copies.count + 1)] + rows
        #expect(lines.suffix(expected.count) == expected[...], "\(expected.joined(separator: "\n"))")
    }

    @Test("never ends, nor lets run on, a copy while the other host may run the guest")
    func neverHarms() {
        for source in Settlement.Copy.allCases {
            for destination in Settlement.Copy.allCases {
                switch Settlement.decide(source: source, destination: destination, wasPaused: false) {
                case .resumeSource: #expect(source == .standing && destination == .none)
                case .resumeDestination:
                    #expect(destination == .standing && [.none, .ended].contains(source))
                case .dropSource:
                    #expect(destination == .running)
                    #expect([.standing, .pulledFrom, .pulledFromBroken].contains(source))
                case .dropDestination: #expect(destination == .standing && source != .silent)
                case .arrived: #expect([.none, .ended].contains(source))
                case .unmoved: #expect(destination == .none)
                default: break
                }
            }
        }
    }

    @Test("never lets a copy run on while the other host has one too, or is silent")
    func neverTwice() {
        let answers: [Settlement.Answer] =
            [.absent, .silent]
            + GuestState.Kind.allCases.map { .present(GuestState($0)) } + [Self.postcopy]
        for source in answers {
            for destination in answers {
                let verdict = verdict(source, destination)
                if verdict == .resumeSource { #expect(!mayHoldGuest(destination)) }
                if verdict == .resumeDestination { #expect(!mayHoldGuest(source)) }
            }
        }
    }

    private func mayHoldGuest(_ answer: Settlement.Answer) -> Bool {
        switch answer {
        case .absent: false
        case .silent: true
        case .present(let state): state.isActive
        }
    }
}
