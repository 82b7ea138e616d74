package import FleetModel

/// Decides what becomes of each disk of a move, each on its own: both hosts have it, it is copied along while the
/// guest runs, or it is in the way.
///
/// Preflight says what is in the way, `Planner` writes the rest into the plan. Source of what can be copied:
/// libvirt's `qemuMigrationDstStartNBDServer` and `qemuMigrationSrcIsAllowed`.
package struct DiskPlanner: Sendable {
    /// What becomes of one disk.
    enum Verdict: Sendable, Hashable {
        case shared(String)
        /// It is only read, and has to be there.
        case medium(String)
        /// Nobody can tell whether both hosts have it.
        case notProven
        case copied(DiskCopy)
        case refused(Refusal)
    }

    /// Why a disk cannot go along.
    struct Refusal: Sendable, Hashable {
        /// In words that fit behind the disk's name and "cannot be copied: ".
        let why: String
        let hint: String
        /// Whether it is the user's `--disk` that cannot be followed.
        let isAsked: Bool
    }

    /// A disk and what becomes of it.
    struct Decision: Sendable, Hashable {
        let disk: DiskFacts
        let verdict: Verdict

        var copy: DiskCopy? {
            guard case .copied(let copy) = verdict else { return nil }
            return copy
        }
    }

    let facts: MoveFacts
    let request: MoveRequest
    /// One for each disk that is not empty, in the guest's order.
    let decisions: [Decision]

    package init(_ facts: MoveFacts, _ request: MoveRequest) {
        self.facts = facts
        self.request = request
        let reader = DiskReader(facts: facts, request: request)
        let first = facts.disks.filter { !$0.chain.isEmpty }.map {
            Decision(disk: $0, verdict: reader.verdict(on: $0, leavesBaseOut: true))
        }
        // libvirt leaves the images below out for all disks of a move, or for none.
        let leavesBasesOut = first.allSatisfy { decision in
            decision.copy.map { $0.onlyTop || decision.disk.chain.count == 1 } ?? true
        }
        decisions = reader.withoutTwins(
            leavesBasesOut
                ? first
                : first.map {
                    Decision(disk: $0.disk, verdict: reader.verdict(on: $0.disk, leavesBaseOut: false))
                })
    }

    /// The copies that will be made, in the guest's order.
    var copies: [DiskCopy] { decisions.compactMap(\.copy) }

    func isCopied(_ disk: DiskFacts) -> Bool { copies.contains { $0.order.disk == disk.target } }

    /// What has to cross the link for the disks, as far as is known.
    package var bytesToCopy: ByteCount {
        ByteCount(rounding: copies.reduce(0) { $0 + Double($1.amount.bytes) })
    }

    // MARK: For the plan

    /// Of a move that nothing blocks: what is not copied is on both hosts, or the user said so.
    package var plans: [DiskPlan] {
        decisions.map { decision in
            let target = decision.disk.target
            return switch decision.verdict {
            case .shared(let how): DiskPlan(target: target, treatment: .shared, because: how)
            case .medium(let how): DiskPlan(target: target, treatment: .medium, because: how)
            case .notProven, .refused: DiskPlan(target: target, treatment: .shared, because: "--ignore")
            case .copied(let copy):
                DiskPlan(
                    target: target, treatment: .copy(copy.order, onlyTop: copy.onlyTop), because: copy.reason)
            }
        }
    }

    package var preparations: [Preparation] {
        copies.map { copy in
            let path = copy.order.path
            return Preparation(
                .createImage(copy.order), on: .destination,
                undoneBy: copy.order.pool.map { .volume(pool: $0, path: path) } ?? .file(path))
        }
    }

    package var conclusions: [Conclusion] {
        copies.map(\.order).filter { $0.preallocation == .full }.map { .takeRoom(path: $0.path) } + removals
    }

    /// Only images that are files of their own: a volume of a pool of another kind is not ours to take away.
    private var removals: [Conclusion] {
        guard request.disks.removesSource else { return [] }
        return decisions.filter { $0.copy != nil }.compactMap { decision in
            guard case .file(let path) = decision.disk.chain.first?.location else { return nil }
            return .removeImage(path: path)
        }
    }

    package var choices: [MovePlan.Choice] {
        var choices = copies.map { copy in
            MovePlan.Choice(
                "disk \(copy.order.disk)",
                "copied to \(copy.order.path) (\(copy.order.summary))", because: copy.reason)
        }
        guard !copies.isEmpty else { return [] }
        let removed = removals.count
        let kept = copies.count - removed
        if removed > 0 {
            choices.append(
                .init(
                    "source images", "\(removed) removed after arrival", because: "--remove-source-disks"))
        }
        if kept > 0 {
            choices.append(
                .init(
                    "source images", "\(kept) kept on \(facts.sourceName)",
                    because: removed > 0
                        ? "only files are removed" : "they are removed by --remove-source-disks alone"))
        }
        return choices
    }

    /// Copies that the guest writes to faster than this share of the link can follow are kept in step by waiting.
    static let outrun = 0.5

    /// Why each write has to wait until both hosts have it; `nil` where the copy catches up without that, or where
    /// nothing is known.
    func reasonToWriteTwice(link: ByteRate?) -> String? {
        let limits = [link, request.bandwidth].compactMap(\.self)
        guard let link = limits.min(),
            // Source: libvirt's "Since" note of VIR_MIGRATE_NON_SHARED_SYNCHRONOUS_WRITES.
            min(facts.source.libvirtVersion, facts.destination.libvirtVersion) >= SoftwareVersion(8, 0, 0)
        else { return nil }
        let writes = decisions.filter { $0.copy != nil }.compactMap(\.disk.writes)
            .reduce(0.0) { $0 + Double($1.bytesPerSecond) }
        guard writes > Double(link.bytesPerSecond) * Self.outrun else { return nil }
        let rate = ByteRate(bytesPerSecond: ByteCount(rounding: writes).bytes)
        return
            "the guest writes \(rate) to these disks and the link carries \(link): they would never be the same"
    }
}

/// A disk that is copied along.
struct DiskCopy: Sendable, Hashable {
    let order: ImageOrder
    /// The images below it stay out: the destination has them.
    let onlyTop: Bool
    /// What has to cross the link at most, before the guest writes more.
    let amount: ByteCount
    let reason: String

    /// What it takes up on the destination.
    var space: ByteCount { order.preallocation == .full ? max(order.capacity, amount) : amount }
}
