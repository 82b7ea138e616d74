import FleetModel
import Libvirt

/// How much a guest had written to its disks at one moment.
struct DiskWrites: Sendable {
    let at: ContinuousClock.Instant
    /// By the disk's target.
    let bytes: [String: UInt64]

    init(at: ContinuousClock.Instant, bytes: [String: UInt64]) {
        self.at = at
        self.bytes = bytes
    }

    /// What libvirt's counters say now; those that it does not tell are left out.
    init(of targets: [String], _ reference: DomainReference, on link: HostLink) async {
        let counters = try? await link.ask { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                var bytes: [String: UInt64] = [:]
                for target in targets {
                    bytes[target] = (try? domain.blockStatistics(disk: target))?.writtenBytes
                }
                return bytes
            }
        }
        self.init(at: .now, bytes: counters ?? [:])
    }

    /// Over a shorter time than this a single burst would pass for a rate.
    static let shortest = Duration.milliseconds(500)

    /// How fast it wrote since an earlier reading; empty where that is too short ago.
    func rates(since earlier: DiskWrites) -> [String: ByteRate] {
        let span = earlier.at.duration(to: at)
        guard span >= Self.shortest else { return [:] }
        return bytes.reduce(into: [:]) { rates, now in
            guard let before = earlier.bytes[now.key], now.value >= before else { return }
            rates[now.key] = ByteRate(
                bytesPerSecond: UInt64(Double(now.value - before) / (span / .seconds(1))))
        }
    }
}
