import FleetModel
import Migration
import Testing

/// The table of docs/cold.md, row by row, and what must hold of every row.
@Suite("Where a guest is whose cold move did not come to its end")
struct ColdSettlementTests {
    typealias Presence = ColdSettlement.Presence

    struct Row: Sendable, CustomTestStringConvertible {
        let source: Presence
        let destination: Presence
        var isComplete = false
        var wasDefinedThere = false
        var changed: Set<Side> = []
        let verdict: ColdSettlement

        var testDescription: String {
            "source \(source.rawValue), destination \(destination.rawValue), complete \(isComplete), "
                + "defined there before \(wasDefinedThere), changed \(changed)"
        }
    }

    @Test(
        "is decided by what both hosts say",
        arguments: [
            Row(source: .defined, destination: .absent, verdict: .unmoved),
            Row(source: .active, destination: .absent, verdict: .unmoved),
            Row(source: .defined, destination: .absent, isComplete: true, verdict: .unmoved),
            Row(source: .defined, destination: .defined, wasDefinedThere: true, verdict: .unmoved),
            Row(source: .defined, destination: .defined, verdict: .notKnown),
            Row(source: .defined, destination: .defined, isComplete: true, verdict: .finish),
            Row(
                source: .defined, destination: .defined, isComplete: true, changed: [.destination],
                verdict: .finish),
            Row(
                source: .defined, destination: .defined, isComplete: true, changed: [.source],
                verdict: .withdraw),
            Row(
                source: .defined, destination: .defined, isComplete: true, changed: [.source, .destination],
                verdict: .notKnown),
            Row(source: .active, destination: .defined, isComplete: true, verdict: .withdraw),
            Row(
                source: .active, destination: .defined, isComplete: true, changed: [.destination],
                verdict: .notKnown),
            Row(
                source: .defined, destination: .active, isComplete: true, changed: [.source],
                verdict: .notKnown),
            Row(
                source: .defined, destination: .defined, isComplete: true, wasDefinedThere: true,
                changed: [.source], verdict: .unmoved),
            Row(source: .active, destination: .defined, wasDefinedThere: true, verdict: .unmoved),
            Row(source: .defined, destination: .active, isComplete: true, verdict: .finish),
            Row(source: .defined, destination: .active, verdict: .notKnown),
            Row(source: .absent, destination: .defined, isComplete: true, verdict: .arrived),
            Row(source: .absent, destination: .active, isComplete: true, verdict: .arrived),
            Row(source: .absent, destination: .defined, verdict: .notKnown),
            Row(source: .active, destination: .active, isComplete: true, verdict: .notKnown),
            Row(source: .absent, destination: .absent, isComplete: true, verdict: .notKnown),
            Row(source: .silent, destination: .defined, isComplete: true, verdict: .notKnown),
            Row(source: .defined, destination: .silent, verdict: .notKnown),
        ])
    func decides(row: Row) {
        #expect(
            ColdSettlement.decide(
                source: row.source, destination: row.destination, isComplete: row.isComplete,
                wasDefinedThere: row.wasDefinedThere, changed: row.changed) == row.verdict)
    }

    @Test("never takes the only copy, nor one that runs, and touches nothing while a host is silent")
    func safe() {
        for source in Presence.allCases {
            for destination in Presence.allCases {
                for isComplete in [false, true] {
                    for wasDefinedThere in [false, true] {
                        for changed: Set<Side> in [[], [.source], [.destination], [.source, .destination]] {
                            let verdict = ColdSettlement.decide(
                                source: source, destination: destination, isComplete: isComplete,
                                wasDefinedThere: wasDefinedThere, changed: changed)
                            // The source's definition goes.
                            if verdict == .finish {
                                #expect(isComplete && source == .defined)
                                #expect(destination == .defined || destination == .active)
                                #expect(!changed.contains(.source))
                            }
                            // The destination's goes.
                            if verdict == .withdraw {
                                #expect(destination == .defined && (source == .active || source == .defined))
                                #expect(!changed.contains(.destination))
                            }
                            if source == .silent || destination == .silent { #expect(verdict == .notKnown) }
                        }
                    }
                }
            }
        }
    }
}
