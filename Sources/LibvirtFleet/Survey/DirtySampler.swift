package import FleetModel
import Libvirt

/// Measures how much of a running guest's memory changes.
///
/// QEMU runs one measurement at a time; never during a migration, which it would hinder
/// (kubevirt/kubevirt#17504).
package struct DirtySampler: Sendable {
    private let guest: Guest
    private let link: HostLink

    init(guest: Guest, link: HostLink) {
        self.guest = guest
        self.link = link
    }

    private var reference: DomainReference { .uuid(guest.identity.uuid) }

    /// Why the guest cannot be measured now; `nil` when it can.
    package var obstacle: String? {
        if guest.state.kind != .running { return "\(guest.identity) does not run" }
        return guest.activity == nil ? nil : "\(guest.identity) is busy"
    }

    /// QEMU's own count over a period of 1…60 whole seconds.
    ///
    /// - Throws: `ApusError` with `libvirt-failed`, or `timed-out` when QEMU does not come to an end.
    package func sample(seconds: Int, mode: DirtySample.Mode) async throws(ApusError) -> DirtySample {
        let reference = reference
        let period = Duration.seconds(seconds)
        let counting: DirtyRate.Mode = mode == .dirtyBitmap ? .dirtyBitmap : .pageSampling
        try await link.ask { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.startDirtyRate(period: period, mode: counting)
            }
        }
        // QEMU tells nobody when it is done.
        try? await Task.sleep(for: period)
        let deadline = ContinuousClock.now.advanced(by: .seconds(5))
        while true {
            let rate = try await link.ask { (connection) throws(LibvirtError) in
                try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                    try domain.dirtyRate()
                }
            }
            if rate.status == .measured, let mebibytes = rate.mebibytesPerSecond {
                return DirtySample(
                    period: period, mebibytesPerSecond: mebibytes, mode: mode, memory: guest.memory)
            }
            guard ContinuousClock.now < deadline, !Task.isCancelled else {
                throw ApusError(
                    .timedOut, "measure the dirty rate of \(guest.identity)",
                    "QEMU on \(link.host.name) did not finish it within \(period.text) and 5 s", hint: nil)
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Pages that change, read again and again.
    ///
    /// - Parameters:
    ///   - blocks: how many, spread evenly over the memory.
    ///   - blockSize: at most 4 MiB each.
    ///   - kept: how many of those that changed within a second are followed.
    ///   - window: how long they are followed.
    /// - Returns: a trace for each page that changed within the first second.
    /// - Throws: `ApusError` with `libvirt-failed`.
    package func traces(
        blocks: Int, blockSize: ByteCount, kept: Int, window: Duration
    ) async throws(ApusError) -> [PageTrace] {
        let clock = ContinuousClock()
        let origin = clock.now
        let addresses = Self.addresses(blocks, blockSize: blockSize.bytes, memory: guest.memory.bytes)
        let size = Int(blockSize.bytes)
        var first: [Snapshot] = []
        for address in addresses { first.append(try await read(address, size, origin)) }
        try? await Task.sleep(until: origin.advanced(by: .seconds(1)), clock: clock)
        var followed: [(Snapshot, changed: [Int])] = []
        for before in first {
            let now = try await read(before.address, size, origin)
            let changed = now.digests.indices.filter { now.digests[$0] != before.digests[$0] }
            if !changed.isEmpty { followed.append((now, changed)) }
        }
        let stride = max(1, followed.count / max(1, kept))
        let chosen = followed.enumerated().filter { $0.offset.isMultiple(of: stride) }.map(\.element)
            .prefix(kept)
        var readings = chosen.map { snapshot, changed in
            changed.map { [PageTrace.Reading(time: snapshot.time, digest: snapshot.digests[$0])] }
        }
        let end = clock.now.advanced(by: window)
        while clock.now < end, !chosen.isEmpty {
            for (index, block) in chosen.enumerated() {
                let now = try await read(block.0.address, size, origin)
                for (page, number) in block.changed.enumerated() {
                    readings[index][page].append(
                        PageTrace.Reading(time: now.time, digest: now.digests[number]))
                }
            }
        }
        return readings.flatMap(\.self).map(PageTrace.init)
    }

    /// A block of memory at a moment, as a digest for each of its pages.
    private struct Snapshot: Sendable {
        let address: UInt64
        let time: Duration
        let digests: [UInt64]
    }

    private func read(
        _ address: UInt64, _ size: Int, _ origin: ContinuousClock.Instant
    ) async throws(ApusError) -> Snapshot {
        let reference = reference
        let bytes = try await link.ask { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.memory(at: address, count: size)
            }
        }
        let digests = stride(from: 0, to: bytes.count, by: 4096).map { start in
            Self.digest(bytes[start..<min(start + 4096, bytes.count)])
        }
        return Snapshot(address: address, time: origin.duration(to: .now), digests: digests)
    }

    /// FNV-1a over words of eight bytes. Source: RFC 9923.
    private static func digest(_ page: ArraySlice<UInt8>) -> UInt64 {
        page.withUnsafeBytes { bytes in
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for offset in stride(from: 0, to: bytes.count & ~7, by: 8) {
                hash =
                    (hash ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0x100_0000_01b3
            }
            return hash
        }
    }

    /// Evenly spread over the guest's memory, in whole pages.
    ///
    /// A PC has its memory in two parts: below a hole that ends at 4 GiB, and above it. Where the hole begins
    /// depends on the machine type (2 to 3.5 GiB); nothing is read between 2 GiB and 4 GiB.
    static func addresses(_ count: Int, blockSize: UInt64, memory: UInt64) -> [UInt64] {
        let gibibyte: UInt64 = 1 << 30
        let low = memory > 2 * gibibyte ? 2 * gibibyte : memory
        let high = memory > 4 * gibibyte ? memory - 4 * gibibyte : 0
        let readable = low + high
        guard readable >= blockSize, count > 0 else { return [] }
        let step = max(blockSize, (readable - blockSize) / UInt64(count) & ~4095)
        return stride(from: UInt64(0), through: readable - blockSize, by: UInt64.Stride(step)).prefix(count)
            .map { $0 < low ? min($0, low - blockSize) : 4 * gibibyte + ($0 - low) }
    }
}

extension MoveSession {
    /// Measures the guest on its source; on a connection of its own, so that nobody waits for it.
    package var sampler: DirtySampler { DirtySampler(guest: guest, link: worker) }

    /// What the link between the two hosts carries; half a second.
    ///
    /// - Parameter facts: corrected where the probe saw that the destination's data ports cannot be reached,
    ///   which a port that merely refuses does not tell.
    /// - Returns: payload bytes a second; or why it could not be measured.
    package func linkRate(_ facts: inout MoveFacts) async -> Reading<ByteRate> {
        let port = facts.destination.details.ports.value?.last ?? 49215
        switch await LinkProbe(source: source.host, destination: destination.host).measure(port: port) {
        case .carried(let rate): return .known(rate)
        case .notMeasured(let reason): return .notKnown(reason)
        case .blocked(let reason):
            let address = facts.destination.host.migrationAddress ?? facts.destination.host.name
            facts.path = PathFacts(
                control: facts.path.control,
                data: PathFacts.Probe(
                    address: address, number: port,
                    answer: .known(.unreachable("something listened there, and still: \(reason)"))),
                clockOffset: facts.path.clockOffset)
            return .notKnown("\(address) port \(port) could not be reached: \(reason)")
        }
    }
}
