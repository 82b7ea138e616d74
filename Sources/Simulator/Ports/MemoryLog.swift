package import FleetModel
import Migration

/// The journal's pages: they outlive the process that writes them.
///
/// `@unchecked Sendable`: touched by the simulation's one thread alone.
package final class MemoryPages: @unchecked Sendable {
    package fileprivate(set) var move: MoveRecord?
    package fileprivate(set) var reservation: Reservation?
    package fileprivate(set) var entries: [MoveEntry] = []
    /// Oldest first.
    package fileprivate(set) var undo: [UndoRecord] = []
    fileprivate var owner: ProcessMark?
    /// Which processes live.
    var isAlive: (ProcessMark) -> Bool = { _ in false }
    /// Told of every end that is written down.
    var onFinish: (MoveRecord.Outcome, SimulatedProcess) -> Void = { _, _ in }

    package init() {}

    /// Whether the story has it that the guest ran on the destination.
    var saysThatItRan: Bool { entries.contains { $0.event == .phase(.activation) } }

    func knows(_ trace: UndoRecord.Trace) -> Bool {
        undo.contains { record in
            switch (record.trace, trace) {
            // The journal has the limit that was found, not the one that is set.
            case (.downtimeLimit(let noted, _), .downtimeLimit(let guest, _)),
                (.bandwidth(let noted, _), .bandwidth(let guest, _)):
                noted == guest
            default: record.trace == trace
            }
        }
    }
}

/// The journal as one life of apus writes it: in memory, with faults.
package struct MemoryLog: MoveLog {
    let pages: MemoryPages
    let process: SimulatedProcess

    package init(_ pages: MemoryPages, of process: SimulatedProcess) {
        self.pages = pages
        self.process = process
    }

    package func begin(_ move: MoveRecord, _ reservation: Reservation) throws(ApusError) {
        try write(.begin) { () throws(ApusError) in
            if let held = pages.reservation {
                throw ApusError(
                    .guestBusy, "reserve \(move.guest)", "process \(held.owner.pid) holds it", hint: nil)
            }
            pages.move = move
            pages.reservation = reservation
            pages.owner = reservation.owner
        }
    }

    package func note(_ entries: [MoveEntry], of move: String) throws(ApusError) {
        try write(.note) { () throws(ApusError) in
            try expect(move)
            pages.entries += entries
        }
    }

    package func adopt(_ move: String, by owner: ProcessMark) throws(ApusError) {
        try write(.adopt) { () throws(ApusError) in
            try expect(move)
            if let holder = pages.owner, holder != owner, pages.isAlive(holder) {
                throw ApusError(.guestBusy, "take the move over", "process \(holder.pid) lives", hint: nil)
            }
            pages.owner = owner
        }
    }

    package func movesUnderWay() throws(ApusError) -> [MoveUnderWay] {
        try write(.movesUnderWay) { () throws(ApusError) in
            let hosts = process.hosts
            let link = ByteRate(bytesPerSecond: UInt64(hosts.linkRate))
            let own = pages.reservation.flatMap { own in
                pages.isAlive(own.owner)
                    ? MoveUnderWay(reservation: own, bandwidth: hosts.plan.request.bandwidth, link: link)
                    : nil
            }
            let others = hosts.neighboursUnderWay
            func moves(_ neighbours: [Neighbour]) -> [MoveUnderWay] {
                neighbours.map { $0.move(of: hosts.plan, link: link) }
            }
            return moves(others.filter(\.wasThereFirst)) + [own].compactMap(\.self)
                + moves(others.filter { !$0.wasThereFirst })
        }
    }

    package func reached(_ move: String) throws(ApusError) -> Phase? {
        try write(.undoable) { () throws(ApusError) in
            MoveEntry.reached(pages.entries)
        }
    }

    package func undoable(by move: String) throws(ApusError) -> [UndoRecord] {
        try write(.undoable) { () throws(ApusError) in pages.undo.filter { $0.run == move }.reversed() }
    }

    package func finish(
        id: String, outcome: MoveRecord.Outcome, code: String?, actual: PastMove?
    ) throws(ApusError) {
        try write(.finish) { () throws(ApusError) in
            try expect(id)
            pages.move?.outcome = outcome
            pages.move?.code = code
            pages.move?.actual = actual
            if outcome != .notKnown { pages.reservation = nil }
            process.hosts.note("journal: \(outcome.rawValue)\(code.map { " (\($0))" } ?? "")")
            pages.onFinish(outcome, process)
        }
    }

    package func note(_ record: UndoRecord) throws(ApusError) {
        try write(.noteUndo) { () throws(ApusError) in
            pages.undo.removeAll { $0.id == record.id }
            pages.undo.append(record)
        }
    }

    package func clear(_ id: String) throws(ApusError) {
        try write(.clear) { () throws(ApusError) in pages.undo.removeAll { $0.id == id } }
    }

    package func left(on host: String) throws(ApusError) -> [UndoRecord] { [] }

    private func write<Value>(_ call: LogCall, _ work: () throws(ApusError) -> Value) throws(ApusError)
        -> Value
    {
        guard process.isRunning else { throw SimulatedProcess.death }
        if process.faults.journalIsBroken { throw unwritable }
        switch process.faults.fault(of: call) {
        case .fails: throw unwritable
        case .crashBefore:
            process.crash()
            throw SimulatedProcess.death
        case .crashAfter:
            _ = try work()
            process.crash()
            throw SimulatedProcess.death
        case nil: return try work()
        }
    }

    private var unwritable: ApusError {
        ApusError(.journalUnwritable, "write the journal", "the disk is full", hint: nil)
    }

    private func expect(_ move: String) throws(ApusError) {
        guard pages.move?.id == move else {
            throw ApusError(.journalDamaged, "write the journal", "there is no move \(move)", hint: nil)
        }
    }
}

extension Neighbour {
    fileprivate func move(of plan: MovePlan, link: ByteRate) -> MoveUnderWay {
        MoveUnderWay(
            reservation: Reservation(
                move: "neighbour\(number)", guest: GuestIdentity(name: "db\(number)", uuid: "db\(number)"),
                source: plan.source.name, destination: plan.destination.name, memory: .zero,
                owner: ProcessMark(pid: Int32(1000 + number), started: 1, boot: "simulated"), since: 0),
            bandwidth: limit, link: link)
    }
}
