import FleetModel
import Libvirt

/// How far libvirt is with the copies of disks, while a move is under way.
///
/// Each copy is a job on the disk of the source, which libvirt 9.0.0 tells of during a migration like of any other
/// (tried); the totals of the migration's own job stand still once all disks have caught up for the first time.
struct DiskCopying: Sendable {
    let targets: [String]

    /// Of a disk whose copy has not begun, or is over, nothing is said; `nil` when there is no other.
    func progress(of domain: borrowing DomainHandle) -> [DiskProgress]? {
        var progress: [DiskProgress] = []
        for target in targets {
            guard let job = try? domain.blockJob(disk: target), job.kind == .copy else { continue }
            progress.append(
                DiskProgress(target: target, copied: ByteCount(job.current), total: ByteCount(job.end)))
        }
        return progress.isEmpty ? nil : progress
    }
}
