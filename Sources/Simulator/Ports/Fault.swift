package import FleetModel

/// Something that breaks.
package enum Fault: Sendable, Hashable {
    /// SIGKILL: nothing of the process is carried out any more.
    case apusCrashes
    case libvirtd(Side, back: Duration)
    case host(Side, back: Duration)
    case qemu(Side)
    case link(LinkCut, mended: Duration)
    /// The process's own connection to a host breaks.
    case connection(Side)
    /// Nothing can be written to the journal for a while.
    case journal(Duration)
    /// The user wants to end the move.
    case userAborts
    /// Somebody else aborts the job, with virsh.
    case abortedElsewhere
    /// A person ends a copy that never gets done, with virsh.
    case patienceEnds
    case guestShutsDown
    case guestFails

    package enum LinkCut: String, Sendable, CaseIterable {
        case towardsSource = "towards the source"
        case towardsDestination = "towards the destination"
        case bothWays = "both ways"

        var sides: [Side] {
            switch self {
            case .towardsSource: [.source]
            case .towardsDestination: [.destination]
            case .bothWays: Side.allCases
            }
        }
    }

    /// For the table.
    package var kind: String {
        switch self {
        case .apusCrashes: "apus crashes"
        case .libvirtd(let side, _): "libvirtd of the \(side) restarts"
        case .host(let side, _): "the \(side) dies"
        case .qemu(let side): "QEMU of the \(side) is killed"
        case .link(let cut, _): "link cut \(cut.rawValue)"
        case .connection(let side): "connection to the \(side) breaks"
        case .journal: "journal cannot be written"
        case .userAborts: "the user aborts"
        case .abortedElsewhere: "aborted by virsh"
        case .patienceEnds: "not done after 15 minutes, and aborted by virsh"
        case .guestShutsDown: "the guest shuts down"
        case .guestFails: "the guest has an I/O error"
        }
    }
}

/// How one port call goes wrong.
package enum PortFault: Sendable, Hashable {
    /// It has no effect, and says so.
    case fails
    /// It is carried out, and its answer is lost.
    case answerLost
    case hangsThenFails(Duration)
    case hangsThenSucceeds(Duration)
    /// Right after it was carried out.
    case followedBy(Fault)

    package var kind: String {
        switch self {
        case .fails: "a call fails"
        case .answerLost: "a call's answer is lost"
        case .hangsThenFails: "a call hangs and fails"
        case .hangsThenSucceeds: "a call hangs and succeeds"
        case .followedBy(let fault): "after a call: \(fault.kind)"
        }
    }
}

/// The ports' calls, by how often faults strike them.
package enum PortCall: String, Sendable, CaseIterable {
    case events, trace, prepare, undo, bring, conclude
    case beginTransfer = "begin transfer"
    case beginRecovery = "begin recovery"
    case breakPostCopy = "break post-copy"
    case freeGuest = "free guest"
    case sample, abort
    case startPostCopy = "start post-copy"
    case suspend
    case downtimeLimit = "read downtime limit"
    case setDowntimeLimit = "set downtime limit"
    case bandwidth = "read bandwidth"
    case setBandwidth = "set bandwidth"
    case guest, resume
    case dropCopy = "drop copy"
    case removeDefinition = "remove definition"
    case clockOffset = "clock offset"

    /// Whether libvirt has to ask the source's QEMU.
    var asksQEMU: Bool {
        switch self {
        case .sample, .abort, .startPostCopy, .suspend, .downtimeLimit, .setDowntimeLimit, .setBandwidth: true
        default: false
        }
    }
}

/// How a journal call goes wrong.
package enum LogFault: Sendable, Hashable, CaseIterable { case fails, crashBefore, crashAfter }

/// The journal's calls.
package enum LogCall: String, Sendable, CaseIterable {
    case begin, note, noteUndo, clear, adopt, undoable, finish
    case movesUnderWay = "moves under way"
}
