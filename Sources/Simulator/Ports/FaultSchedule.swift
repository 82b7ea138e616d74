import FleetModel

/// What breaks in one run, and when; drawn from a seed.
package struct FaultSchedule: Sendable {
    package enum Trigger: Sendable, Hashable {
        /// This long after the run began.
        case time(Duration)
        /// This long after the move reached that point on its hosts.
        case moment(Moment, Duration)
    }

    package struct Strike: Sendable, Hashable {
        package let trigger: Trigger
        package let fault: Fault

        package init(_ fault: Fault, _ trigger: Trigger) {
            self.trigger = trigger
            self.fault = fault
        }
    }

    package var strikes: [Strike]
    /// How many port calls may still go wrong.
    package var portFaults: Int
    /// How many journal calls may still go wrong.
    package var logFaults: Int
    /// The destination has no room for images.
    package var destinationIsFull: Bool
    private var random: SeededGenerator

    /// Nothing breaks.
    package static let none = FaultSchedule(strikes: [])

    package init(strikes: [Strike]) {
        self.strikes = strikes
        portFaults = 0
        logFaults = 0
        destinationIsFull = false
        random = SeededGenerator(seed: 0)
    }

    /// Draws: a few runs in a hundred are whole, most have one to three faults.
    package init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let strikeCount = [0, 1, 1, 1, 2, 2, 3][random.index(below: 7)]
        strikes = (0..<strikeCount).map { _ in
            Strike(Self.fault(&random), Self.trigger(&random))
        }
        portFaults = [0, 0, 1, 1, 2, 4][random.index(below: 6)]
        logFaults = random.chance(0.15) ? 1 + random.index(below: 2) : 0
        destinationIsFull = random.chance(0.02)
        self.random = random
    }

    private static func trigger(_ random: inout SeededGenerator) -> Trigger {
        if random.chance(0.15) { return .time(.seconds(random.spread(0.001, 60))) }
        // As a rule shortly after; sometimes in the middle of what follows.
        let delay = random.chance(0.7) ? random.spread(0.0002, 0.3) : random.spread(0.1, 20)
        return .moment(random.element(of: Moment.allCases), .seconds(delay))
    }

    static func fault(_ random: inout SeededGenerator) -> Fault {
        let side: Side = random.chance(0.5) ? .source : .destination
        switch random.index(below: 20) {
        case 0...4: return .apusCrashes
        case 5...8: return .libvirtd(side, back: .seconds(random.spread(0.3, 15)))
        case 9: return .host(side, back: .seconds(random.spread(20, 180)))
        case 10: return .qemu(side)
        case 11...13:
            let time = random.chance(0.9) ? random.spread(0.5, 90) : random.spread(90, 1200)
            return .link(random.element(of: Fault.LinkCut.allCases), mended: .seconds(time))
        case 14: return .connection(side)
        case 15: return .journal(.seconds(random.spread(0.05, 60)))
        case 16...17: return .userAborts
        case 18: return .abortedElsewhere
        default: return random.chance(0.5) ? .guestShutsDown : .guestFails
        }
    }

    /// Whether this call goes wrong, and how.
    mutating func fault(of call: PortCall) -> PortFault? {
        guard portFaults > 0 else { return nil }
        // Samples and questions come by the hundred; the steps that change something come once.
        let probability =
            switch call {
            case .sample: 0.004
            case .guest: 0.03
            default: 0.2
            }
        guard random.chance(probability) else { return nil }
        portFaults -= 1
        switch random.index(below: 8) {
        case 0, 1: return .fails
        case 2, 3: return .answerLost
        case 4: return .hangsThenFails(.seconds(random.spread(0.2, 10)))
        case 5: return .hangsThenSucceeds(.seconds(random.spread(0.2, 10)))
        default: return .followedBy(Self.fault(&random))
        }
    }

    /// How a journal call goes wrong.
    enum LogFault { case fails, crashBefore, crashAfter }

    mutating func fault(of call: LogCall) -> LogFault? {
        guard logFaults > 0, random.chance(call == .note ? 0.05 : 0.3) else { return nil }
        logFaults -= 1
        switch random.index(below: 3) {
        case 0: return .fails
        case 1: return .crashBefore
        default: return .crashAfter
        }
    }

    /// Nothing of what was drawn strikes any more.
    mutating func end() {
        portFaults = 0
        logFaults = 0
        strikes = []
        destinationIsFull = false
    }
}
