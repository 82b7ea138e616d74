package import FleetModel

/// Whether a live move's memory and disks go through a relay, and why.
///
/// A relay sends `1 / ratio` times as much over the same link, as long as the processors of both hosts keep up, and
/// costs its start. On a fast link QEMU alone is quicker.
package struct RelayChoice: Sendable, Hashable {
    package let isRelayed: Bool
    package let reason: String
    /// What it makes of the guest's bytes, for the forecast; `nil` without a relay.
    package let rate: RelayRate?

    /// It has to be so much quicker.
    static let worthwhile = 0.9
    /// Less than this takes no time worth saving.
    static let leastData = ByteCount.mebibytes(256)
    /// Measuring the link takes as long as moving less than this.
    static let leastMeasured = ByteCount.mebibytes(512)
    /// A relay compresses with as many threads.
    static let compressors = 2.0
    /// Each end needs so many processors that nobody else uses: guests beside it feel it otherwise.
    static let leastFree = 0.8

    /// - Parameters:
    ///   - facts: with what was seen of both hosts' apus and of the guest's memory.
    ///   - request: the user's wish.
    ///   - link: what the link carries, if that is known.
    package init(_ facts: MoveFacts, _ request: MoveRequest, link: ByteRate?) {
        switch request.relaying {
        case .never: self.init(straight: "--relay never")
        case .always:
            self.init(
                isRelayed: !facts.isCold, reason: "--relay always",
                rate: facts.isCold ? nil : Self.rate(facts, facts.memorySample?.value))
        case .auto: self.init(weighing: facts, request, link)
        }
    }

    private init(isRelayed: Bool, reason: String, rate: RelayRate?) {
        self.isRelayed = isRelayed
        self.reason = reason
        self.rate = rate
    }

    private init(straight reason: String) { self.init(isRelayed: false, reason: reason, rate: nil) }

    private init(weighing facts: MoveFacts, _ request: MoveRequest, _ link: ByteRate?) {
        if let obstacle = Self.obstacle(facts, request, link: link) {
            self.init(straight: obstacle)
            return
        }
        guard let link else {
            self.init(straight: "what the link carries is not known")
            return
        }
        guard let sample = facts.memorySample?.value, let rate = Self.rate(facts, sample) else {
            let reason = facts.memorySample?.reason ?? "it was not looked at"
            self.init(straight: "how the guest's memory compresses is not known: \(reason)")
            return
        }
        let bare = Self.seconds(facts, link, request)
        let through = Self.seconds(facts, link, request, rate) + ForecastConstants.relayStart
        let memory = "a sample of the guest's memory shrinks to \(Int((rate.ratio * 100).rounded())) %"
        let figures =
            "\(memory), the link carries \(link), the processors compress \(rate.most): "
            + "\(Self.text(through)) through a relay, \(Self.text(bare)) without"
        if through < bare * Self.worthwhile {
            self.init(isRelayed: true, reason: figures, rate: rate)
        } else {
            self.init(straight: figures)
        }
    }

    private static func text(_ seconds: Double) -> String { "\(max(0.1, seconds).rounded(toDigits: 1)) s" }

    // MARK: What is worth asking

    /// From how much resident memory on a relay might pay, so that both hosts are asked for their apus: that takes as long
    /// as a login.
    ///
    /// - Parameters:
    ///   - guest: as libvirt lists it.
    ///   - request: the user's wish.
    ///   - link: what is known of the link from before.
    ///   - willMeasure: whether the link will be measured in any case.
    /// - Returns: `nil` where a relay is ruled out already.
    package static func leastResident(
        _ guest: Guest, _ request: MoveRequest, link: ByteRate?, willMeasure: Bool = false
    ) -> ByteCount? {
        switch request.relaying {
        case .never: return nil
        case .always: return .zero
        case .auto:
            guard guest.state.isActive, !request.isWarm, !request.tls, guest.memory >= leastData,
                link.map({ !isFast($0) }) ?? true
            else { return nil }
            let least = link == nil && !willMeasure ? leastMeasured : leastData
            return ByteCount(least.bytes + UInt64(ForecastConstants.processOverhead))
        }
    }

    /// Whether the link is to be measured for it.
    package static func needsLink(_ facts: MoveFacts, _ request: MoveRequest) -> Bool {
        request.relaying == .auto && obstacle(facts, request, link: nil) == nil
            && data(facts) >= leastMeasured
    }

    /// Whether the guest's memory is to be looked at for it.
    package static func needsSample(_ facts: MoveFacts, _ request: MoveRequest, link: ByteRate?) -> Bool {
        switch request.relaying {
        case .never: false
        case .always: facts.relay != nil
        case .auto: link != nil && obstacle(facts, request, link: link) == nil
        }
    }

    /// What rules a relay out, whatever the memory is like.
    private static func obstacle(_ facts: MoveFacts, _ request: MoveRequest, link: ByteRate?) -> String? {
        if facts.isCold { return "nothing of the guest runs" }
        if request.tls { return "--tls: what is encrypted does not compress" }
        if facts.guest.memory < leastData || data(facts) < leastData {
            return "the guest has too little in memory for a relay to pay"
        }
        if let link, isFast(link) { return "the link carries \(link): QEMU alone is quicker" }
        guard let carriers = facts.relay else {
            return "the link was not measured lately, and measuring it takes as long as the move"
        }
        if let reason = carriers.sender.reason ?? carriers.receiver.reason { return reason }
        if carriers.sender != carriers.receiver { return "the hosts have different releases of apus" }
        for host in [facts.source, facts.destination] {
            if let reason = host.details.processorLoad?.reason ?? host.details.relayConfinement?.reason {
                return "how busy \(host.host.name) is, and what confines its guests, is not known: \(reason)"
            }
            guard free(on: host) >= leastFree else {
                let load = (host.details.processorLoad?.value ?? 0).rounded(toDigits: 2)
                return "\(host.host.name) is busy: a load of \(load) on \(host.processors) processors"
            }
        }
        if let (host, cause) = Preflight.relayForbidden(facts) {
            return "the guest's QEMU could not use its socket on \(host.name): \(cause)"
        }
        return nil
    }

    /// Whatever the memory shrinks to: no relay works on more.
    private static func isFast(_ link: ByteRate) -> Bool {
        Double(link.bytesPerSecond) > ForecastConstants.relayStream
    }

    // MARK: Figures

    /// Processors that nothing runs on.
    private static func free(on host: HostFacts) -> Double {
        Double(host.processors) - max(0, host.details.processorLoad?.value ?? 0)
    }

    /// What has to cross.
    private static func data(_ facts: MoveFacts) -> ByteCount {
        guard let resident = facts.residentMemory.value else { return facts.guest.memory }
        let overhead = UInt64(ForecastConstants.processOverhead)
        return min(facts.guest.memory, ByteCount(resident.bytes - min(overhead, resident.bytes)))
    }

    private static func seconds(
        _ facts: MoveFacts, _ link: ByteRate, _ request: MoveRequest, _ relay: RelayRate? = nil
    ) -> Double {
        var rate = Double(max(1, link.bytesPerSecond)) / (relay?.ratio ?? 1)
        if let relay { rate = min(rate, Double(relay.most.bytesPerSecond)) }
        if let limit = request.bandwidth { rate = min(rate, Double(limit.bytesPerSecond)) }
        let disks = DiskPlanner(facts, request).bytesToCopy
        return Double(data(facts).bytes + disks.bytes) / max(1, rate)
    }

    private static func rate(_ facts: MoveFacts, _ sample: MemorySample?) -> RelayRate? {
        guard let sample, sample.content.bytes > 0 else { return nil }
        let free = min(compressors, max(leastFree, min(free(on: facts.source), free(on: facts.destination))))
        var most = min(ForecastConstants.relayStream, Double(sample.rate.bytesPerSecond) * free)
        if facts.destination.host.transport == .shell {
            most = min(most, ForecastConstants.shellRate / max(0.01, sample.ratio))
        }
        return RelayRate(ratio: sample.ratio, most: ByteRate(bytesPerSecond: UInt64(most)))
    }
}
