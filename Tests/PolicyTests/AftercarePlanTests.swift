import FleetModel
import Testing

@testable import Policy

@Suite("What a plan leaves to be done after the arrival")
struct AftercarePlanTests {
    private func facts(_ change: (inout MoveFacts) -> Void) -> MoveFacts {
        var facts = Sample().facts
        change(&facts)
        return facts
    }

    @Test("nothing for a guest that has no agent, no autostart, no metadata and no bridge")
    func nothing() {
        #expect(Aftercare(Sample().facts).conclusions.isEmpty && Aftercare(Sample().facts).watch.isEmpty)
        let plain = facts {
            $0.settings = GuestSettings(isAutostarted: false, metadata: nil, definitionMetadata: nil)
        }
        #expect(Aftercare(plain).conclusions.isEmpty)
    }

    @Test("holds what was read before the move: another process may have to do it")
    func all() {
        let clock = GuestClockReading(ahead: .seconds(3600), error: .milliseconds(2))
        let full = facts {
            $0.settings = GuestSettings(isAutostarted: true, metadata: "<a/>", definitionMetadata: "<b/>")
            $0.clock = clock
            $0.interfaces = [InterfaceFacts(name: "52:54:00:00:00:01", connection: .network("lan"))]
        }
        #expect(
            Aftercare(full).conclusions == [
                .setClock(clock), .autostart, .compareMetadata(live: "<a/>", definition: "<b/>"),
            ])
        #expect(Aftercare(full).watch == [.watchAddresses])
    }

    @Test("a plan that was made before follows what the host keeps for the guest now")
    func renewed() throws {
        let before = facts { $0.clock = GuestClockReading(ahead: .seconds(1), error: .zero) }
        let plan = try Planner(facts: before, request: MoveRequest(), findings: [], forecast: nil).plan()
        #expect(plan.conclusions == [.setClock(GuestClockReading(ahead: .seconds(1), error: .zero))])
        let now = facts {
            $0.clock = GuestClockReading(ahead: .seconds(2), error: .zero)
            $0.settings = GuestSettings(isAutostarted: true, metadata: nil, definitionMetadata: nil)
        }
        #expect(
            try plan.renewed(on: now, findings: []).conclusions == [
                .setClock(GuestClockReading(ahead: .seconds(2), error: .zero)), .autostart,
            ])
    }

    @Test("a paused guest is not announced, so nobody waits for that; nor for an Open vSwitch")
    func paused() {
        let bridge = [InterfaceFacts(name: "52:54:00:00:00:01", connection: .bridge("br0"))]
        let paused = Sample().with {
            $0.state = GuestState(.paused, reason: "user")
            $0.interfaces = bridge
        }
        #expect(Aftercare(paused.facts).watch.isEmpty)
        let other = Sample().with {
            $0.interfaces = [InterfaceFacts(name: "52:54:00:00:00:01", connection: .openVSwitch("ovs0"))]
        }
        #expect(Aftercare(other.facts).watch.isEmpty)
        #expect(Aftercare(Sample().with { $0.interfaces = bridge }.facts).watch == [.watchAddresses])
    }
}
