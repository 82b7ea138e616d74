import FleetModel
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
            Row(source: running, destination: paused, expected: .unsettled),
            Row(source: paused, destination: paused, expected: .unsettled),
            Row(source: running, destination: running, expected: .notKnown),
            Row(source: paused, destination: running, expected: .notKnown),
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
        let verdict = Settlement.decide(
            source: row.source, destination: row.destination, wasPaused: row.wasPaused, stillBusy: false)
        #expect(verdict == row.expected)
    }

    @Test("never decides while a host still works on the guest")
    func busy() {
        let verdict = Settlement.decide(
            source: Self.running, destination: .absent, wasPaused: false, stillBusy: true)
        #expect(verdict == .unsettled)
    }

    @Test("never lets a copy run on while the other host has one too, or is silent")
    func neverTwice() {
        let answers: [Settlement.Answer] =
            [.absent, .silent]
            + GuestState.Kind.allCases.map { .present(GuestState($0)) } + [Self.postcopy]
        for source in answers {
            for destination in answers {
                let verdict = Settlement.decide(
                    source: source, destination: destination, wasPaused: false, stillBusy: false)
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
