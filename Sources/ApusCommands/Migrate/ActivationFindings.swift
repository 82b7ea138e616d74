import FleetModel

/// What was done for a moved guest besides moving it, in JSON and for people.
struct ActivationFindings: Encodable {
    struct Address: Encodable {
        let mac: String
        /// `null` where the bridges could not be asked.
        let isLearnt: Bool?
        let detail: String?

        init(_ address: LearntAddress) {
            mac = address.mac
            isLearnt = address.isLearnt
            detail = address.destination.reason ?? address.source.reason
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(mac, forKey: .mac)
            try container.encode(isLearnt, forKey: .isLearnt)
            try container.encode(detail, forKey: .detail)
        }

        private enum CodingKeys: String, CodingKey { case mac, isLearnt, detail }
    }

    /// `set`, `right`, `no-agent`, `failed`; `null` where no agent told the time before the move.
    let clock: String?
    /// What the clock had lost and was set forward by.
    let clockLostSeconds: Double?
    /// Whether the destination starts the guest now as its source did; `null` where the source did not.
    let autostart: Bool?
    let addresses: [Address]
    /// From the guest's start on the destination until the addresses were seen to be learnt there and on the source.
    let learntSeconds: Double?

    init(_ care: ActivationReport) {
        switch care.clock {
        case .noAgent?: (clock, clockLostSeconds) = ("no-agent", nil)
        case .right?: (clock, clockLostSeconds) = ("right", 0)
        case .set(let lost)?: (clock, clockLostSeconds) = ("set", lost.seconds)
        case .failed?: (clock, clockLostSeconds) = ("failed", nil)
        case nil: (clock, clockLostSeconds) = (nil, nil)
        }
        autostart = care.isAutostarted
        addresses = care.addresses.map(Address.init)
        let areLearnt = !addresses.isEmpty && addresses.allSatisfy { $0.isLearnt == true }
        learntSeconds = areLearnt ? care.watched?.seconds : nil
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(clock, forKey: .clock)
        try container.encode(clockLostSeconds, forKey: .clockLostSeconds)
        try container.encode(autostart, forKey: .autostart)
        try container.encode(addresses, forKey: .addresses)
        try container.encode(learntSeconds, forKey: .learntSeconds)
    }

    private enum CodingKeys: String, CodingKey {
        case clock, clockLostSeconds, autostart, addresses, learntSeconds
    }
}

extension ActivationReport {
    /// What a person is told of it, a line each: what is amiss is a remark of its own.
    var lines: [String] {
        var lines: [String] = []
        if case .set(let lost)? = clock {
            lines.append("  clock      set forward by \(lost.text), by its agent")
        }
        let learnt = addresses.filter { $0.isLearnt == true }.map(\.mac).joined(separator: ", ")
        if !learnt.isEmpty {
            let when = watched.map { " within \($0.text) of its start" } ?? ""
            lines.append("  network    \(learnt) learnt behind the destination\(when)")
        }
        for address in addresses where address.isLearnt == nil {
            let reason = address.destination.reason ?? "nobody could be asked"
            lines.append("  network    whether \(address.mac) has been learnt is not known: \(reason)")
        }
        return lines
    }
}
