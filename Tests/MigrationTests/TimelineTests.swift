import FleetModel
import Testing

@testable import Migration

@Suite("A move's timeline")
struct TimelineTests {
    typealias Instant = JumpingClock.Instant

    private func at(_ milliseconds: Int64) -> Instant { Instant(sinceStart: .milliseconds(milliseconds)) }

    @Test("each phase lasts until the next one that was entered")
    func phases() {
        var timeline = Timeline(began: at(0))
        timeline.enter(.reservation, at: at(20))
        timeline.note(GuestEvent(side: .source, received: at(100), kind: .transferBegan))
        timeline.note(GuestEvent(side: .source, received: at(900), kind: .stopped(hostTime: nil)))
        timeline.note(GuestEvent(side: .source, received: at(940), kind: .transferEnded))
        timeline.note(GuestEvent(side: .destination, received: at(960), kind: .resumed(hostTime: nil)))
        #expect(timeline.phase == .activation)
        #expect(timeline.stopByArrival == .milliseconds(60))
        let milliseconds = timeline.phases(until: at(1000)).map { $0.duration / .milliseconds(1) }
        #expect(milliseconds == [20, 80, 800, 40, 20, 40])
    }

    @Test("events that overtake each other never make a phase negative")
    func overtaking() {
        var timeline = Timeline(began: at(0))
        timeline.enter(.reservation, at: at(20))
        timeline.note(GuestEvent(side: .destination, received: at(90), kind: .resumed(hostTime: nil)))
        timeline.note(GuestEvent(side: .source, received: at(100), kind: .stopped(hostTime: nil)))
        let phases = timeline.phases(until: at(200))
        #expect(phases.allSatisfy { $0.duration >= .zero })
        #expect(phases.map(\.duration).reduce(.zero, +) == .milliseconds(200))
        #expect(Downtime(timeline: timeline, offset: nil, arrivalError: .zero)?.duration == .zero)
    }

    @Test("the source's figures go before the copy that the destination got")
    func completed() {
        var timeline = Timeline(began: at(0))
        timeline.note(
            GuestEvent(
                side: .source, received: at(1), kind: .completed(JobSample(wire: ByteCount(2), round: 3))))
        timeline.note(
            GuestEvent(side: .destination, received: at(2), kind: .completed(JobSample(wire: ByteCount(1)))))
        #expect(timeline.completed?.wire == ByteCount(2))
        #expect(timeline.rounds == 3)
    }
}
