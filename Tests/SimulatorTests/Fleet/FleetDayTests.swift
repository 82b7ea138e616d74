import FleetModel
import Policy
import Simulator
import Testing

@Suite("A fleet over a day")
struct FleetDayTests {
    @Test("noise moves no guest twice, and none where all is even", arguments: 1...4)
    func noise(seed: UInt64) {
        let fleet = SyntheticFleet(hosts: 6, guests: 36, seed: seed).fleet()
        let curves = fleet.guests.map { FleetDay.Curve(middle: $0.load, noise: 0.5) }
        var day = FleetDay(fleet, curves: curves, seed: seed)
        let report = day.run(hours: 24)
        #expect(report.rounds == 288)
        #expect(report.guestsMovedTwice == 0)
        #expect(report.violations == 0)
        #expect(report.imbalanceAtLast < max(0.1, report.imbalanceAtFirst))
    }

    @Test("a fleet that is off gets even, and a peak of a few rounds moves nothing")
    func even() {
        let fleet = Self.twoHosts(loads: [4, 4, 4, 4], on: [0, 0, 0, 0])
        var day = FleetDay(fleet, curves: fleet.guests.map { FleetDay.Curve(middle: $0.load) }, seed: 1)
        let report = day.run(hours: 1)
        #expect(report.moves == 2)
        #expect(report.imbalanceAtLast < 0.05)
        // Two rounds are not three.
        var short = FleetDay(fleet, curves: fleet.guests.map { FleetDay.Curve(middle: $0.load) }, seed: 1)
        #expect(short.run(hours: 2 * FleetDay.round / 3600).moves == 0)
    }

    @Test("a host that is gone takes its guests with it; the others are moved no worse for it")
    func failure() {
        let fleet = SyntheticFleet(hosts: 6, guests: 40, seed: 3).fleet()
        let curves = fleet.guests.map { FleetDay.Curve(middle: $0.load, swing: 0.4, noise: 0.2) }
        var day = FleetDay(
            fleet, curves: curves, failures: [FleetDay.Failure(host: 2, hour: 6)], seed: 5)
        let report = day.run(hours: 24)
        #expect(report.guestsLost > 0)
        #expect(report.violations == 0)
    }

    @Test("rounds, cool-down and the worth of a move are kept to")
    func rules() {
        let fleet = Self.twoHosts(loads: [4, 4, 4, 4], on: [0, 0, 0, 0])
        let balancer = Balancer()
        #expect(balancer.answer(fleet, history: [], cooling: []).verdict.isNotYet(1))
        #expect(balancer.answer(fleet, history: [0.3], cooling: []).verdict.isNotYet(2))
        #expect(balancer.answer(fleet, history: [0.3, 0.05, 0.3], cooling: []).verdict.isNotYet(2))
        let answer = balancer.answer(fleet, history: [0.3, 0.3], cooling: [])
        guard case .move(let moves) = answer.verdict else {
            Issue.record("\(answer.verdict)")
            return
        }
        #expect(moves.count == 2)
        #expect(answer.imbalanceAfter < 0.05)
        #expect(
            balancer.answer(fleet, history: [0.3, 0.3], cooling: [0, 1, 2, 3]).verdict == .nothingWorthMoving)
        var dear = fleet
        for guest in dear.guests.indices { dear.guests[guest].moveSeconds = 1e9 }
        #expect(balancer.answer(dear, history: [0.3, 0.3], cooling: []).verdict == .nothingWorthMoving)
        let even = Self.twoHosts(loads: [4, 4, 4, 4], on: [0, 0, 1, 1])
        #expect(balancer.answer(even, history: [0.3, 0.3], cooling: []).verdict == .even)
    }

    private static func twoHosts(loads: [Double], on hosts: [Int]) -> Fleet {
        Fleet(
            hosts: (0..<2).map {
                FleetHost(name: "host\($0)", memory: ByteCount(64 << 30), processors: 32)
            },
            guests: zip(loads, hosts).enumerated().map { number, guest in
                FleetGuest(
                    GuestIdentity(name: "guest\(number)", uuid: "\(number)"), on: guest.1,
                    memory: ByteCount(4 << 30), load: guest.0, moveSeconds: 10)
            })
    }
}

extension Balancer.Verdict {
    fileprivate func isNotYet(_ rounds: Int) -> Bool {
        guard case .notYet(let held, let moves) = self else { return false }
        return held == rounds && !moves.isEmpty
    }
}
