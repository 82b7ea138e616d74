package import FleetModel
import Libvirt
import Migration
import Transfer

/// One move between two libvirt hosts: the engine's ports.
package struct LibvirtMove: MovePorts {
    let plan: MovePlan
    let source: HostLink
    let destination: HostLink
    /// The source's second connection: the migrate call holds it to the end.
    let worker: HostLink
    let reference: DomainReference
    /// What the hosts tell, and how transfers end.
    let told = AsyncStream.makeStream(of: GuestEvent<ContinuousClock.Instant>.self)
    let recovery = Flight()
    let images: DestinationImages
    let copies: CopiedDisks
    let arrival = ArrivalWatch()
    let relayAbsence = RelayAbsence()

    package let clock = ContinuousClock()

    init(plan: MovePlan, source: HostLink, destination: HostLink, worker: HostLink) {
        self.plan = plan
        self.source = source
        self.destination = destination
        self.worker = worker
        reference = .uuid(plan.guest.uuid)
        images = DestinationImages(on: destination)
        copies = CopiedDisks(plan)
    }

    /// The ports of a move that another process began.
    package init(repairing plan: MovePlan, connector: HostConnector = HostConnector()) {
        self.init(
            plan: plan, source: HostLink(host: plan.source, connector: connector),
            destination: HostLink(host: plan.destination, connector: connector),
            worker: HostLink(host: plan.source, connector: connector))
    }

    // MARK: While it runs

    package func sample() async throws(ApusError) -> JobSample? {
        let copying = DiskCopying(targets: copies.targets)
        return try await onGuest(.source) { (domain) throws(LibvirtError) -> JobSample? in
            guard let statistics = try domain.jobStatistics() else { return nil }
            var sample = JobSample(statistics)
            // Before the memory flows; then every question to QEMU would take from the guest.
            if sample.memoryTotal == nil { sample.disks = copying.progress(of: domain) }
            return sample
        }
    }

    package func abort() async throws(ApusError) {
        try await onGuest(.source) { (domain) throws(LibvirtError) in try domain.abortJob() }
    }

    package func startPostCopy() async throws(ApusError) {
        try await onGuest(.source) { (domain) throws(LibvirtError) in try domain.startPostCopy() }
    }

    package func breakPostCopy() async throws(ApusError) {
        if try await guest(on: .source)?.state.reason != "postcopy-failed" {
            try await onGuest(.source) { (domain) throws(LibvirtError) in try domain.abortJob(postCopy: true)
            }
        }
        guard try await guest(on: .source)?.state.reason == "postcopy-failed",
            try await guest(on: .destination)?.state.reason == "postcopy"
        else { return }
        try await DeadConnection(guest: plan.guest, destination: plan.destination).end()
    }

    package func freeGuest() async throws(ApusError) -> Bool {
        try await HangingConnection(guest: plan.guest, source: plan.source).end()
    }

    package func suspend() async throws(ApusError) {
        try await onGuest(.source) { (domain) throws(LibvirtError) in try domain.suspend() }
    }

    package func downtimeLimit() async throws(ApusError) -> Duration {
        try await onGuest(.source) { (domain) throws(LibvirtError) in try domain.maxDowntime() }
    }

    package func setDowntimeLimit(_ limit: Duration) async throws(ApusError) {
        try await onGuest(.source) { (domain) throws(LibvirtError) in try domain.setMaxDowntime(limit) }
    }

    package func bandwidth() async throws(ApusError) -> ByteRate? {
        try await onGuest(.source) { (domain) throws(LibvirtError) in
            ByteRate(mebibytesPerSecond: try domain.maxBandwidthMebibytesPerSecond(postCopy: false))
        }
    }

    package func setBandwidth(_ limit: ByteRate?) async throws(ApusError) {
        try await onGuest(.source) { (domain) throws(LibvirtError) in
            let isPostCopy = try domain.state().reason.hasPrefix("postcopy")
            try domain.setBandwidths(limit, isPostCopy: isPostCopy)
        }
    }

    // MARK: The two copies

    package func guest(on side: Side) async throws(ApusError) -> Guest? {
        try await link(side).guest(reference, within: .seconds(10))
    }

    package func resume(on side: Side) async throws(ApusError) {
        try await onGuest(side) { (domain) throws(LibvirtError) in try domain.resume() }
    }

    package func dropCopy(on side: Side) async throws(ApusError) {
        if side == .destination {
            let lifeless = LifelessCopy(guest: plan.guest, host: plan.destination)
            if let refusal = await lifeless.refusal() { throw refusal }
        }
        let state = try await onGuest(side) { (domain) throws(LibvirtError) -> DomainState in
            let state = try domain.state()
            if state.kind == .paused { try domain.destroy() }
            return state
        }
        guard state.kind == .paused else {
            throw ApusError(
                .stateNotKnown, "end the copy of \(plan.guest) on \(link(side).host.name)",
                "it is \(state.kind) there, and only a copy that stands still is ended",
                hint: "apus repair \(plan.guest) asks both hosts again.")
        }
    }

    package func removeDefinition(on side: Side) async throws(ApusError) {
        try await onGuest(side) { (domain) throws(LibvirtError) in try domain.undefine() }
    }

    package func clockOffset() async -> ClockOffset? {
        await ClockProbe(source: plan.source, destination: plan.destination).offset()
    }

    func link(_ side: Side) -> HostLink {
        side == .source ? source : destination
    }

    /// Asks something of the guest on one host that must not take long.
    func onGuest<Value: Sendable>(
        _ side: Side, _ work: @escaping @Sendable (borrowing DomainHandle) throws(LibvirtError) -> Value
    ) async throws(ApusError) -> Value {
        let reference = reference
        return try await link(side).ask { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference, work)
        }
    }
}
