import FleetModel

extension Preflight {
    /// The guest's time-stamp counter.
    static func timeStamps(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        guard let frequency = facts.hardware.timeStampFrequency else {
            return facts.hardware.hasInvariantTimeStamps ? [invariant(facts)] : []
        }
        guard facts.hardware.needsHostProcessor else { return [] }
        switch facts.destination.details.cpu {
        case .notKnown(let reason):
            return [hostProcessorUnread(facts.destination.host, because: reason)]
        case .known(let cpu):
            guard let host = cpu.timeStampFrequency else {
                return [
                    unread(
                        "TSC frequency",
                        "whether \(facts.destinationName) can run the time-stamp counter of "
                            + "\(facts.guestName) at \(frequency) Hz", of: facts.destination.host,
                        because: "its libvirt does not tell the frequency of its own",
                        hint: asking(facts.destination.host, "capabilities"))
                ]
            }
            guard isOutside(frequency, tolerance: host), cpu.scalesTimeStamps != true else { return [] }
            return [differs(frequency, host, isKnown: cpu.scalesTimeStamps == false, facts)]
        }
    }

    /// libvirt: "domain has 'invtsc' CPU feature but TSC frequency is not specified". It asks the definition
    /// alone, so this holds without KVM too.
    private static func invariant(_ facts: MoveFacts) -> Finding {
        Finding(
            .invariantTSC, .blocker, host: facts.sourceName, subject: facts.guestName,
            detail: "\(facts.guestName) has an invariant time-stamp counter (invtsc) without a fixed "
                + "frequency, and libvirt on \(facts.sourceName) refuses to move such a guest",
            hint:
                "Take invtsc out of its <cpu>, or add <timer name='tsc' frequency='…'/> to its <clock>; both "
                + "need a restart.")
    }

    private static func differs(
        _ frequency: UInt64, _ host: UInt64, isKnown: Bool, _ facts: MoveFacts
    ) -> Finding {
        Finding(
            .tscFrequencyDiffers, isKnown ? .blocker : .warning, host: facts.destinationName,
            subject: facts.guestName,
            detail: "the time-stamp counter of \(facts.guestName) runs at \(frequency) Hz, that of "
                + "\(facts.destinationName) at \(host) Hz, and \(facts.destinationName) "
                + (isKnown ? "cannot scale it" : "does not tell whether it can scale it"),
            hint: "Choose a host whose counter runs at the guest's frequency or can be scaled "
                + "(\(facts.destination.host.virsh) capabilities shows both).")
    }

    /// Whether a host without scaling cannot give a guest this frequency: 250 parts in a million around its
    /// own. Source: the range in libvirt's "Requested TSC frequency … is outside tolerance range".
    static func isOutside(_ frequency: UInt64, tolerance host: UInt64) -> Bool {
        let distance = frequency > host ? frequency - host : host - frequency
        return Double(distance) > Double(host) * 250e-6
    }
}
