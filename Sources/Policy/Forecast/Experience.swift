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

    package init(pairMoves: [PastMove], guestMoves: [PastMove], links: [LinkRecord], dirty: DirtyProfile?) {
        self.pairMoves = pairMoves
        self.guestMoves = guestMoves
        self.links = links
        self.dirty = dirty
    }

    /// Moves that are looked back at: enough for a median that one odd move does not bend.
    private static let memory = 9
    /// A shorter transfer tells little about the link.
    private static let tellingTransfer = Duration.milliseconds(500)

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
        ForecastInput(
            memory: facts.guest.memory, resident: facts.residentMemory.value, vcpus: facts.guest.vcpus,
            accelerator: facts.hardware.virtualization == "qemu" ? .tcg : .kvm,
            dirty: measuredDirty ?? dirty, link: link(measuredLink), bandwidthLimit: request.bandwidth,
            downtimeLimit: request.downtimeLimit, timeout: request.timeout,
            concurrentMoves: max(
                facts.source.details.load.outgoing, facts.destination.details.load.incoming),
            sourceQEMU: facts.source.hypervisorVersion,
            destinationQEMU: facts.destination.hypervisorVersion, correction: correction,
            lastMove: guestMoves.first)
    }

    private func link(_ measured: ByteRate?) -> LinkSpeed? {
        if let measured { return LinkSpeed(rate: measured, source: .probe) }
        guard let latest = links.first else { return nil }
        return LinkSpeed(rate: latest.rate, source: latest.method == .probe ? .probe : .moves)
    }

    private var correction: PairCorrection? {
        let recent = pairMoves.prefix(Self.memory)
        guard let before = median(recent.compactMap(\.before)), let after = median(recent.compactMap(\.after))
        else { return nil }
        let ratios = recent.compactMap { move -> Double? in
            guard let wire = move.wire, let transfer = move.transfer, let link = move.link,
                transfer >= Self.tellingTransfer, link.bytesPerSecond > 0
            else { return nil }
            return Double(wire.bytes) / transfer.seconds / Double(link.bytesPerSecond)
        }
        return PairCorrection(
            before: before, after: after, speedRatio: median(ratios) ?? 1, moves: recent.count)
    }

    private func median<Value: Comparable>(_ values: [Value]) -> Value? {
        values.isEmpty ? nil : values.sorted()[values.count / 2]
    }
}
