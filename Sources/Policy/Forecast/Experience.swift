package import FleetModel

/// What finished moves and measurements taught about a pair of hosts and a guest.
package struct Experience: Sendable {
    /// Of the pair, in this direction, newest first.
    private let pairMoves: [PastMove]
    /// Of the guest, on whatever pair, newest first.
    private let guestMoves: [PastMove]
    /// Newest first.
    private let links: [LinkRecord]
    private let dirty: DirtyProfile?

    /// Moves of files say nothing of moves of memory: they are left out.
    package init(pairMoves: [PastMove], guestMoves: [PastMove], links: [LinkRecord], dirty: DirtyProfile?) {
        self.pairMoves = pairMoves.filter { $0.strategy != nil }
        self.guestMoves = guestMoves.filter { $0.strategy != nil }
        self.links = links
        self.dirty = dirty
    }

    /// What a forecast of this move rests on.
    ///
    /// - Parameters:
    ///   - facts: read just now.
    ///   - request: the user's limits.
    ///   - measuredDirty: a sample taken just now; without one, the latest that was kept.
    ///   - measuredLink: a probe made just now; without one, the latest that was kept.
    /// - Returns: the input of `ForecastModel`.
    package func input(
        _ facts: MoveFacts, _ request: MoveRequest, measuredDirty: DirtyProfile?, measuredLink: ByteRate?
    ) -> ForecastInput {
        let link = link(measuredLink)
        var input = ForecastInput(
            memory: facts.guest.memory, resident: facts.residentMemory.value, vcpus: facts.guest.vcpus,
            accelerator: facts.hardware.virtualization == "qemu" ? .tcg : .kvm,
            dirty: measuredDirty ?? dirty, link: link, bandwidthLimit: request.bandwidth,
            downtimeLimit: request.downtimeLimit, timeout: request.timeout,
            concurrentMoves: max(
                facts.source.details.load.outgoing, facts.destination.details.load.incoming),
            disksToCopy: DiskPlanner(facts, request).bytesToCopy, sourceQEMU: facts.source.hypervisorVersion,
            destinationQEMU: facts.destination.hypervisorVersion,
            correction: PairCorrection.learned(from: pairMoves),
            lastMove: guestMoves.first)
        input.relay = RelayChoice(facts, request, link: link?.rate).rate
        return input
    }

    private func link(_ measured: ByteRate?) -> LinkSpeed? {
        if let measured { return LinkSpeed(rate: measured, source: .probe) }
        guard let latest = links.first else { return nil }
        return LinkSpeed(rate: latest.rate, source: latest.method == .probe ? .probe : .moves)
    }
}
