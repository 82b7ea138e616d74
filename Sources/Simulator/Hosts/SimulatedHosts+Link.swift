package import FleetModel
import Migration

/// Another move that leaves the same host, of another process: it takes its part of the link.
package struct Neighbour: Sendable, Hashable {
    package let number: Int
    /// Since the simulation began.
    package let begins: Duration
    package let ends: Duration
    /// What its user allows it.
    package let limit: ByteRate?

    package init(number: Int = 1, begins: Duration, ends: Duration, limit: ByteRate? = nil) {
        self.number = number
        self.begins = begins
        self.ends = ends
        self.limit = limit
    }

    var wasThereFirst: Bool { begins == .zero }
}

/// The link, what of it a move gets, and what it is held to.
extension SimulatedHosts {
    /// Those that move now.
    var neighboursUnderWay: [Neighbour] {
        neighbours.filter { $0.begins <= simulation.now && simulation.now < $0.ends }
    }

    /// Has their beginnings and ends felt.
    func awaitNeighbours() {
        for time in neighbours.flatMap({ [$0.begins, $0.ends] }) {
            simulation.after(time - simulation.now) { [self] in
                note("\(neighboursUnderWay.count) other moves share the link")
                keepPace()
            }
        }
    }

    /// What flows has another pace from now on.
    private func keepPace() {
        guard let transfer else { return }
        measure(transfer)
        transfer.rate = pace(of: transfer)
        if transfer.flowsSince != nil { pump(transfer) }
    }

    /// Bytes a second: TCP gives each the same, and a limit may be below that.
    func pace(of transfer: Transfer) -> Double {
        let share = linkRate / Double(1 + neighboursUnderWay.count)
        return min(share, transfer.limit.map { Double($0.bytesPerSecond) } ?? share)
    }

    // MARK: What it is held to

    /// `virDomainMigrateGetMaxSpeed`: of a move that runs its own.
    func bandwidth() throws(ApusError) -> ByteRate? {
        guard let copy = hosts.source.copy else { throw failure("the guest does not run") }
        guard let runningTransfer else { return copy.bandwidth }
        return runningTransfer.limit
    }

    /// `virDomainMigrateSetMaxSpeed`: of a move that runs, which leaves what was there before; else of those to come.
    func setBandwidth(_ limit: ByteRate?) throws(ApusError) {
        guard hosts.source.copy != nil else { throw failure("the guest does not run") }
        note("source: held to \(limit.map { "\($0)" } ?? "nothing")")
        guard let runningTransfer else {
            hosts.source.copy?.bandwidth = limit
            return
        }
        runningTransfer.limit = limit
        keepPace()
    }

    private var runningTransfer: Transfer? {
        switch transfer?.source {
        case .perform, .performDone, .confirm, .cancelling: transfer
        case .begin, .unattended, .over, nil: nil
        }
    }
}
