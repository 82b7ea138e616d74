package import FleetModel
import Libvirt

/// Measures how much of a running guest's memory changes within periods of different length.
///
/// QEMU runs one measurement at a time, of whole seconds; never during a migration, which it would hinder
/// (kubevirt/kubevirt#17504).
struct DirtySampler: Sendable {
    let guest: Guest
    let link: HostLink

    /// - Parameters:
    ///   - periods: whole seconds, 1…60, in the order in which they are taken.
    ///   - mode: how QEMU counts.
    /// - Returns: a sample for each period; or why there is none.
    func measure(_ periods: [Duration], mode: DirtySample.Mode) async -> Reading<DirtyProfile> {
        guard guest.state.kind == .running else { return .notKnown("\(guest.identity) does not run") }
        guard guest.activity == nil else { return .notKnown("\(guest.identity) is busy") }
        var samples: [DirtySample] = []
        do throws(ApusError) {
            for period in periods { samples.append(try await sample(period, mode)) }
        } catch {
            return .notKnown("its dirty rate could not be measured: \(error.detail)")
        }
        return .known(DirtyProfile(samples))
    }

    private func sample(_ period: Duration, _ mode: DirtySample.Mode) async throws(ApusError) -> DirtySample {
        let reference = DomainReference.uuid(guest.identity.uuid)
        let counting: DirtyRate.Mode = mode == .dirtyBitmap ? .dirtyBitmap : .pageSampling
        try await link.use { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.startDirtyRate(period: period, mode: counting)
            }
        }
        // QEMU tells nobody when it is done.
        try? await Task.sleep(for: period)
        let deadline = ContinuousClock.now.advanced(by: .seconds(5))
        while true {
            let rate = try await link.use { (connection) throws(LibvirtError) in
                try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                    try domain.dirtyRate()
                }
            }
            if rate.status == .measured, let mebibytes = rate.mebibytesPerSecond {
                return DirtySample(
                    period: period,
                    dirtied: ByteCount(UInt64(Double(mebibytes << 20) * period.seconds)), mode: mode,
                    memory: guest.memory)
            }
            guard ContinuousClock.now < deadline, !Task.isCancelled else {
                throw ApusError(
                    .timedOut, "measure the dirty rate of \(guest.identity)",
                    "QEMU on \(link.host.name) did not finish it within \(period.text) and 5 s", hint: nil)
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }
}

/// What was measured for a forecast.
package struct Measurements: Sendable {
    package let dirty: Reading<DirtyProfile>
    package let link: Reading<ByteRate>
}

extension MoveSession {
    /// Measures what a forecast rests on; takes as long as the periods together.
    ///
    /// - Parameters:
    ///   - periods: of the dirty-rate samples; none leaves them out.
    ///   - mode: how QEMU counts dirty pages.
    ///   - facts: what was read of the two hosts.
    /// - Returns: what was measured, or why it was not.
    package func measure(
        periods: [Duration], mode: DirtySample.Mode, facts: MoveFacts
    ) async -> Measurements {
        let port = facts.destination.details.ports.value?.last ?? 49215
        async let link = LinkProbe(source: source.host, destination: destination.host).measure(port: port)
        guard !periods.isEmpty else {
            return Measurements(dirty: .notKnown("--quick leaves it out"), link: await link)
        }
        let sampler = DirtySampler(guest: guest, link: worker)
        let dirty = await sampler.measure(periods, mode: mode)
        return Measurements(dirty: dirty, link: await link)
    }
}
