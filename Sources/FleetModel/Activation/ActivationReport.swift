/// What was done for a guest besides moving it, and what was seen of it.
package struct ActivationReport: Sendable, Hashable {
    /// What became of the guest's clock; `nil` where no agent had told the time before the move.
    package var clock: ClockCare?
    /// Whether the destination starts the guest now as its source did; `nil` where the source did not.
    package var isAutostarted: Bool?
    /// The guest's interfaces on Linux bridges.
    package var addresses: [LearntAddress] = []
    /// How long after the guest's start on the destination the last of them was seen to be learnt, or the watch was
    /// given up; `nil` where the start was not seen.
    package var watched: Duration?

    package init() {}

    /// What a person should know, a sentence each.
    package func remarks(_ guest: GuestIdentity, on destination: Host, from source: Host) -> [String] {
        var remarks: [String] = []
        switch clock {
        case .noAgent?:
            remarks.append(
                "its agent no longer answers on \(destination.name): its clock may be late by the downtime")
        case .failed(let reason)?:
            remarks.append(
                "its clock was not set, and may be late by the downtime: \(reason); "
                    + "virsh -c \(destination.uri) domtime \(guest) --now sets it")
        case .right?, .set?, nil: break
        }
        for address in addresses where address.isLearnt == false {
            remarks.append(
                "the network has not learnt that \(address.mac) is on \(destination.name) now: "
                    + "\(address.destination.words(destination)); \(address.source.words(source)). It does so as soon "
                    + "as the guest sends something")
        }
        return remarks
    }
}

/// What became of a guest's clock.
package enum ClockCare: Sendable, Hashable {
    /// No agent answers any more.
    case noAgent
    /// It had not lost more than could be told.
    case right
    /// It had lost this much and was set.
    case set(lost: Duration)
    case failed(String)
}

extension Reading<LearntAddress.Place> {
    /// For people.
    fileprivate func words(_ host: Host) -> String {
        switch self {
        case .known(.guest): "the bridge of \(host.name) has it behind the guest's port"
        case .known(.elsewhere(let port)): "the bridge of \(host.name) has it behind \(port)"
        case .known(.unknown): "the bridge of \(host.name) has not heard of it"
        case .notKnown(let reason): reason
        }
    }
}
