package import FleetModel
package import Migration

/// The engine's ports over simulated hosts, for one life of apus.
package struct SimulatedPorts: MovePorts {
    let process: SimulatedProcess
    /// What the journal knows; nil where nobody asks whether a change was noted before it was made.
    let pages: MemoryPages?

    package init(_ process: SimulatedProcess, pages: MemoryPages? = nil) {
        self.process = process
        self.pages = pages
    }

    package var clock: VirtualClock { VirtualClock(process.simulation, of: process.life) }

    package func events() async throws(ApusError) -> AsyncStream<GuestEvent<VirtualClock.Instant>> {
        // From the moment when both hosts have taken the registration, nothing is missed.
        try await process.call(.events, on: Side.allCases) { (_) throws(ApusError) in process.listen() }
    }

    // MARK: Before and after

    package func trace(of preparation: Preparation) async throws(ApusError) -> UndoRecord.Trace {
        guard preparation.trace.belongsToGuest else { return preparation.trace }
        return try await process.call(.trace, on: [preparation.side]) { (hosts) throws(ApusError) in
            try hosts.trace(of: preparation.trace)
        }
    }

    package func prepare(_ preparation: Preparation) async throws(ApusError) {
        let side = preparation.side
        try await process.call(.prepare, on: [side]) { (hosts) throws(ApusError) in
            expectNote(of: preparation.trace, in: hosts)
            switch preparation.work {
            case .createImage(let order): try hosts.create(order, on: side)
            case .startRelay: break
            case .forgetSnapshots:
                if case .snapshots(_, let snapshots, _) = preparation.trace {
                    hosts.forgetSnapshots(snapshots)
                }
            case .unplug(let alias): try hosts.unplug(alias)
            }
        }
    }

    package func undo(_ record: UndoRecord) async throws(ApusError) {
        let side: Side = record.host == process.hosts.plan.source.name ? .source : .destination
        try await process.call(.undo, on: [side]) { (hosts) throws(ApusError) in
            switch record.trace {
            case .volume(_, let path), .file(let path): hosts.remove(path, on: side)
            case .downtimeLimit(_, let limit):
                if hosts.hosts[side].copy != nil { try hosts.setDowntimeLimit(limit) }
            case .snapshots, .device: hosts.putBack(record.trace)
            case .bandwidth(_, let limit):
                if hosts.hosts[side].copy != nil { try hosts.setBandwidth(limit) }
            case .transientPool, .arriving, .sealed, .saved, .relay: break
            }
        }
    }

    package func bring(_ record: UndoRecord) async throws(ApusError) {
        try await process.call(.bring, on: [.destination]) { (hosts) throws(ApusError) in
            if hosts.misfortunes.isEmpty, case .at(.source, _) = hosts.truth {
                hosts.violate(.belongings, "\(record.trace.text) was brought to where the guest is not")
            }
            hosts.bring(record.trace)
        }
    }

    package func conclude(_ conclusion: Conclusion) async throws(ApusError) -> Concluded {
        try await process.call(.conclude, on: [conclusion.side]) { (hosts) throws(ApusError) in
            if case .removeImage(let path) = conclusion { hosts.remove(path, on: .source) }
            return .done
        }
    }

    // MARK: The transfer

    package func beginTransfer() async {
        process.begin(.beginTransfer) { $0.begin(for: $1) }
    }

    package func beginRecovery() async {
        process.begin(.beginRecovery) { $0.recover(for: $1) }
    }

    package func breakPostCopy() async throws(ApusError) {
        var failure: ApusError?
        for side in Side.allCases {
            do throws(ApusError) {
                try await process.call(.breakPostCopy, on: [side]) { (hosts) throws(ApusError) in
                    try hosts.breakConnection(side)
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    package func freeGuest() async throws(ApusError) -> Bool {
        try await process.call(.freeGuest, on: [.source]) { (hosts) throws(ApusError) in hosts.freeGuest() }
    }

    package func sample() async throws(ApusError) -> JobSample? {
        try await process.call(.sample, on: [.source]) { (hosts) throws(ApusError) in hosts.sample() }
    }

    package func abort() async throws(ApusError) {
        try await process.call(.abort, on: [.source]) { (hosts) throws(ApusError) in try hosts.abort() }
    }

    package func startPostCopy() async throws(ApusError) {
        try await process.call(.startPostCopy, on: [.source]) { (hosts) throws(ApusError) in
            try hosts.startPostCopy()
        }
    }

    package func suspend() async throws(ApusError) {
        try await process.call(.suspend, on: [.source]) { (hosts) throws(ApusError) in try hosts.suspend() }
    }

    package func downtimeLimit() async throws(ApusError) -> Duration {
        try await process.call(.downtimeLimit, on: [.source]) { (hosts) throws(ApusError) in
            try hosts.downtimeLimit()
        }
    }

    package func bandwidth() async throws(ApusError) -> ByteRate? {
        try await process.call(.bandwidth, on: [.source]) { (hosts) throws(ApusError) in
            try hosts.bandwidth()
        }
    }

    package func setBandwidth(_ limit: ByteRate?) async throws(ApusError) {
        try await process.call(.setBandwidth, on: [.source]) { (hosts) throws(ApusError) in
            expectNote(of: .bandwidth(guest: hosts.plan.guest.uuid, limit), in: hosts)
            try hosts.setBandwidth(limit)
        }
    }

    package func setDowntimeLimit(_ limit: Duration) async throws(ApusError) {
        try await process.call(.setDowntimeLimit, on: [.source]) { (hosts) throws(ApusError) in
            expectNote(of: .downtimeLimit(guest: hosts.plan.guest.uuid, limit), in: hosts)
            try hosts.setDowntimeLimit(limit)
        }
    }

    // MARK: The two copies

    package func guest(on side: Side) async throws(ApusError) -> Guest? {
        try await process.call(.guest, on: [side]) { (hosts) throws(ApusError) in hosts.listed(side) }
    }

    package func resume(on side: Side) async throws(ApusError) {
        try await process.call(.resume, on: [side]) { (hosts) throws(ApusError) in
            try hosts.resume(side, knowing: process.knowsThatItRan || pages?.saysThatItRan == true)
        }
    }

    package func dropCopy(on side: Side) async throws(ApusError) {
        try await process.call(.dropCopy, on: [side]) { (hosts) throws(ApusError) in try hosts.dropCopy(side)
        }
    }

    package func removeDefinition(on side: Side) async throws(ApusError) {
        try await process.call(.removeDefinition, on: [side]) { (hosts) throws(ApusError) in
            try hosts.removeDefinition(side)
        }
    }

    package func clockOffset() async -> ClockOffset? {
        try? await process.call(.clockOffset, on: Side.allCases) { (_) throws(ApusError) in
            ClockOffset(offset: .milliseconds(3), error: .microseconds(200))
        }
    }

    /// A change that the journal does not know of cannot be put back by anybody else.
    private func expectNote(of trace: UndoRecord.Trace, in hosts: SimulatedHosts) {
        guard let pages, !pages.knows(trace) else { return }
        hosts.violate(.note, "\(trace) was changed and is not in the journal")
    }
}
