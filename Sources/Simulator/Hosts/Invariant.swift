/// What must hold whatever breaks.
package enum Invariant: String, Sendable, CaseIterable {
    case twoRunning = "never two running"
    case staleResumed = "no copy runs on that another one has left behind"
    case runningDropped = "no running copy is ended"
    case lastCopyDropped = "the last copy is never ended"
    case leftStopped = "a guest that ran is never left stopped"
    case sourceDisks = "the source's disks stay until the guest has arrived"
    case usedDisks = "no image is removed beneath a copy"
    case undo = "undo is complete"
    case belongings = "a guest has its snapshots and devices where it is"
    case definition = "a definition is never lost"
    case reservation = "a reservation ends with its move"
    case journal = "the journal says what the hosts say"
    case note = "what is created was noted before"
    case givesUp = "no person is called for a guest that is well"
    case hangs = "no guest stands for long because its disks' connection hangs"
    case ends = "everything ends"
}

/// An invariant that did not hold.
package struct Violation: Sendable, Hashable {
    package let invariant: Invariant
    package let detail: String
    /// Since the simulation began.
    package let at: Duration
}

/// What the environment did that no engine can make good.
package enum Misfortune: String, Sendable, CaseIterable {
    /// The only true copy was killed, or died with its host.
    case killed
    /// Its memory was on two hosts, and one of them lost its part.
    case halfLost = "half lost in post-copy"
    /// libvirt let both copies run: the reply to Finish was lost and no lock stood in the way.
    case twoByLibvirt = "two running by libvirt"
    /// libvirt let the source's copy run on after the destination's had run and died.
    case staleByLibvirt = "stale copy by libvirt"
    case endedByLibvirt = "last copy ended by libvirt"
    /// Apus let the source's copy run on, and nothing was left to tell that the destination's had run.
    case staleUnknown = "stale copy run on, without a trace of the other"
}

/// Who did something to a copy.
enum Actor: Equatable {
    /// With what it, or its journal, had heard.
    case apus(knowing: Bool)
    case libvirt, environment
}
