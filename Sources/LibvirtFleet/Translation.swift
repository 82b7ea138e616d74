import FleetModel
import Libvirt

extension GuestState {
    init(_ state: DomainState, saved: Bool) {
        let kind: Kind =
            switch state.kind {
            case .running, .blocked: .running
            case .paused: .paused
            case .shutOff: saved ? .saved : .shutOff
            case .shuttingDown: .shuttingDown
            case .crashed: .crashed
            case .suspendedByGuest: .suspended
            case .noState, .other: .unknown
            }
        self.init(kind, reason: state.reason)
    }
}

extension GuestActivity {
    init?(_ operation: JobStatistics.Operation?) {
        switch operation {
        case nil: return nil
        case .migrationOut: self = .migratingOut
        case .migrationIn: self = .migratingIn
        case .save: self = .saving
        case .restore: self = .restoring
        case .dump: self = .dumping
        case .backup: self = .backup
        case .snapshot, .snapshotRevert: self = .snapshot
        case .unknown, .start, .other: self = .other
        }
    }
}

extension Guest {
    init(_ summary: DomainSummary, host: Host) {
        self.init(
            identity: GuestIdentity(name: summary.name, uuid: summary.uuid), host: host.name,
            state: GuestState(summary.state, saved: summary.hasManagedSave),
            memory: ByteCount(summary.memoryBytes), vcpus: summary.vcpus,
            isPersistent: summary.isPersistent, activity: GuestActivity(summary.job))
    }
}

extension SoftwareVersion {
    init(_ version: LibraryVersion) {
        self.init(version.number / 1_000_000, version.number / 1_000 % 1_000, version.number % 1_000)
    }
}

extension JobSample {
    init(_ statistics: JobStatistics) {
        // While disks are copied libvirt adds what it looked at of them, empty areas and all; at the end it does not.
        let wire = statistics.dataProcessedBytes.map { $0 - min($0, statistics.diskProcessedBytes ?? 0) }
        // Before the memory flows libvirt gives zeros for it: nothing is known then, not that nothing is left.
        let memory = statistics.memoryTotalBytes.flatMap { $0 > 0 ? $0 : nil }
        self.init(
            elapsed: statistics.elapsed,
            memoryTotal: memory.map(ByteCount.init),
            memoryRemaining: memory.flatMap { _ in statistics.memoryRemainingBytes.map(ByteCount.init) },
            wire: wire.map(ByteCount.init),
            throughput: statistics.memoryBytesPerSecond.map(ByteRate.init(bytesPerSecond:)),
            dirtyRate: statistics.dirtyBytesPerSecond.map(ByteRate.init(bytesPerSecond:)),
            round: statistics.iteration, downtime: statistics.downtime,
            throttlePercent: statistics.throttlePercent,
            diskTotal: statistics.diskTotalBytes.map(ByteCount.init),
            diskRemaining: statistics.diskRemainingBytes.map(ByteCount.init))
    }
}
