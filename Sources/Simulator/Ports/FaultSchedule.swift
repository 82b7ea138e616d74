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

    /// One call that goes wrong: the one that comes after `skipped` others of its kind.
    package struct BadCall<Call: Sendable & Hashable, Fault: Sendable & Hashable>: Sendable, Hashable {
        package let call: Call
        package fileprivate(set) var skipped: Int
        package let fault: Fault

        package init(_ call: Call, after skipped: Int = 0, _ fault: Fault) {
            self.call = call
            self.skipped = skipped
            self.fault = fault
        }
    }

    package var strikes: [Strike]
    package var badCalls: [BadCall<PortCall, PortFault>] = []
    package var badLogCalls: [BadCall<LogCall, LogFault>] = []
    /// The destination has no room for images.
    package var destinationIsFull = false

    /// Nothing breaks.
    package static let none = FaultSchedule(strikes: [])

    package init(strikes: [Strike]) { self.strikes = strikes }

    /// Draws: a few runs in a hundred are whole, most have one to three faults.
    ///
    /// - Parameters:
    ///   - seed: of the schedule alone.
    ///   - expectsPostCopy: the move will hardly end otherwise, so faults look for their moment there.
    package init(seed: UInt64, expectsPostCopy: Bool) {
        var random = SeededGenerator(seed: seed)
        let moments = expectsPostCopy ? Moment.withPostCopy : Moment.withoutPostCopy
        let strikeCount = [0, 1, 1, 1, 2, 2, 3][random.index(below: 7)]
        strikes = (0..<strikeCount).map { _ in
            Strike(Self.fault(&random), Self.trigger(moments, &random))
        }
        badCalls = (0..<[0, 0, 1, 1, 2, 3][random.index(below: 6)]).map { _ in
            let call = random.element(of: PortCall.allCases)
            let skipped =
                switch call {
                case .sample: random.index(below: 50)
                case .guest: random.index(below: 12)
                default: random.index(below: 2)
                }
            return BadCall(call, after: skipped, Self.portFault(&random))
        }
        if random.chance(0.15) {
            let call = random.element(of: LogCall.allCases)
            badLogCalls = [
                BadCall(
                    call, after: call == .note ? random.index(below: 15) : random.index(below: 2),
                    random.element(of: LogFault.allCases))
            ]
        }
        destinationIsFull = random.chance(0.02)
    }

    private static func trigger(_ moments: [Moment], _ random: inout SeededGenerator) -> Trigger {
        if random.chance(0.15) { return .time(.seconds(random.spread(0.001, 60))) }
        // As a rule shortly after; sometimes in the middle of what follows.
        let delay = random.chance(0.7) ? random.spread(0.0002, 0.3) : random.spread(0.1, 20)
        return .moment(random.element(of: moments), .seconds(delay))
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

    private static func portFault(_ random: inout SeededGenerator) -> PortFault {
        switch random.index(below: 8) {
        case 0, 1: .fails
        case 2, 3: .answerLost
        case 4: .hangsThenFails(.seconds(random.spread(0.2, 10)))
        case 5: .hangsThenSucceeds(.seconds(random.spread(0.2, 10)))
        default: .followedBy(fault(&random))
        }
    }

    /// Whether this call goes wrong, and how.
    mutating func fault(of call: PortCall) -> PortFault? { Self.next(call, &badCalls) }
    mutating func fault(of call: LogCall) -> LogFault? { Self.next(call, &badLogCalls) }

    private static func next<Call, Fault>(_ call: Call, _ calls: inout [BadCall<Call, Fault>]) -> Fault? {
        guard let index = calls.firstIndex(where: { $0.call == call }) else { return nil }
        guard calls[index].skipped == 0 else {
            calls[index].skipped -= 1
            return nil
        }
        return calls.remove(at: index).fault
    }

    /// Nothing of what was drawn strikes any more.
    mutating func end() { self = .none }
}
