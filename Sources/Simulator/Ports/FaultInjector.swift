import FleetModel

/// Makes things break as the schedule says, and counts what did.
///
/// `@unchecked Sendable`: touched by the simulation's one thread alone.
package final class FaultInjector: @unchecked Sendable {
    private let hosts: SimulatedHosts
    private var schedule: FaultSchedule
    /// By its place in the schedule: each strikes once.
    private var hasStruck: [Bool]
    private var isOn = true

    /// What broke, by kind.
    package private(set) var struck: [String: Int] = [:]
    /// Where the move was when apus was killed.
    package private(set) var crashes: [Moment: Int] = [:]
    /// When everything that broke is whole again.
    package private(set) var healed: Duration = .zero
    private var journalIsBack: Duration = .zero

    package init(_ schedule: FaultSchedule, hosts: SimulatedHosts) {
        self.schedule = schedule
        self.hosts = hosts
        hasStruck = schedule.strikes.map { _ in false }
        hosts.hosts.destination.isFull = schedule.destinationIsFull
        if schedule.destinationIsFull { struck["destination's disk is full"] = 1 }
        hosts.onMoment = { [unowned self] in reached($0) }
        for (number, strike) in schedule.strikes.enumerated() {
            if case .time(let delay) = strike.trigger { arm(number, after: delay) }
        }
    }

    var journalIsBroken: Bool { hosts.simulation.now < journalIsBack }

    private func reached(_ moment: Moment) {
        for (number, strike) in schedule.strikes.enumerated() where !hasStruck[number] {
            if case .moment(moment, let delay) = strike.trigger { arm(number, after: delay) }
        }
    }

    private func arm(_ number: Int, after delay: Duration) {
        hasStruck[number] = true
        let fault = schedule.strikes[number].fault
        hosts.simulation.after(delay) { [self] in if isOn { strike(fault) } }
    }

    /// From here on nothing breaks any more that was not broken already.
    func calm() {
        isOn = false
        schedule.end()
        hosts.hosts.destination.isFull = false
    }

    func strike(_ fault: Fault) {
        struck[fault.kind, default: 0] += 1
        let now = hosts.simulation.now
        switch fault {
        case .apusCrashes:
            for process in hosts.processes { process.crash() }
        case .libvirtd(let side, let time):
            let patience = SimulatedHosts.patienceWithLifelessCopy(side, away: time)
            healed = max(healed, now + time + patience)
            hosts.daemonDies(side, for: time)
        case .host(let side, let time):
            healed = max(healed, now + time)
            hosts.hostDies(side, backAfter: time)
        case .qemu(let side):
            hosts.killQEMU(side)
        case .link(let cut, let time):
            healed = max(healed, now + time)
            hosts.cutLink(towards: cut.sides, for: time)
        case .connection(let side):
            hosts.note("the connection to the \(side) breaks")
            for process in hosts.processes { process.loseConnection(side, "reset by peer") }
        case .journal(let time):
            hosts.note("the journal cannot be written")
            journalIsBack = max(journalIsBack, now + time)
            healed = max(healed, journalIsBack)
        case .userAborts:
            hosts.note("the user aborts")
            for process in hosts.processes { process.onAbort?() }
        case .abortedElsewhere, .patienceEnds:
            hosts.note("virsh domjobabort")
            try? hosts.abort()
        case .guestShutsDown:
            hosts.guestEnds()
        case .guestFails:
            hosts.guestFails()
        }
    }

    func fault(of call: PortCall) -> PortFault? {
        let fault = schedule.fault(of: call)
        if let fault {
            struck[fault.kind, default: 0] += 1
            healed = max(healed, hosts.simulation.now + .seconds(10))
        }
        return fault
    }

    func fault(of call: LogCall) -> LogFault? {
        let fault = schedule.fault(of: call)
        if let fault {
            switch fault {
            case .fails: struck["a journal call fails", default: 0] += 1
            case .crashBefore, .crashAfter: struck["apus crashes at a journal call", default: 0] += 1
            }
        }
        return fault
    }

    func crashed(at moment: Moment) { crashes[moment, default: 0] += 1 }
}
