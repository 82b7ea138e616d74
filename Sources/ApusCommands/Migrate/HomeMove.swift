import FleetModel
import Journal
import LibvirtFleet
import Policy
import Synchronization

/// `apus migrate GUEST --disk TARGET=PLACE` without `--to`: the guest stays, its disks move.
struct HomeMove {
    let common: CommonOptions
    let guest: String
    let source: Host?
    let request: MoveRequest
    let journal: Journal
    let isDryRun: Bool

    /// What became of one disk.
    struct Moved: Sendable {
        let order: ImageOrder
        let from: String
        let took: Duration
        let isOldRemoved: Bool
    }

    func run(_ inventory: Inventory, signals: SignalWatch) async throws(ApusError) {
        let began = ContinuousClock.now
        let inquiry = Inquiry(journal: journal, request: request, policy: GuestPolicy(), inventory: inventory)
        let (session, facts, disks) = try await signals.guarding {
            () async throws(ApusError) -> (MoveSession, MoveFacts, DiskPlanner) in
            let session = try await MoveSession.openHome(guest: guest, on: source, inventory: inventory)
            if !isDryRun {
                try await journal.waitUntilFree(guest: session.guest.identity.uuid, limit: .zero)
            }
            let facts = try await inquiry.facts(of: session)
            let findings = Preflight.findings(onOneHost: facts, request: request)
            guard !findings.contains(where: \.blocks) else { throw blocked(facts, findings) }
            return (session, facts, DiskPlanner(facts, request))
        }
        let host = facts.source.host.name
        guard !isDryRun else {
            HomeMoveReporter(common: common).wouldMove(facts, disks)
            return
        }
        let ender = Ender(began: began, timeout: request.timeout)
        signals.forward { ender.interrupt() }
        let line = ProgressLine(guest: facts.guest.identity.name, asJSON: common.json)
        defer { line.clear() }
        let book = try HomeBook(
            HomePlan(guest: facts.guest.identity, host: facts.source.host, disks: disks.plans), in: journal,
            began: began)
        let mover = DiskMover(session, move: book.id, owner: book.owner, undo: journal)
        var moved: [Moved] = []
        var remarks: [String] = []
        for plan in disks.plans {
            guard let order = plan.order,
                let old = facts.disks.first(where: { $0.target == plan.target })?.chain.first?.location
            else { continue }
            let start = ContinuousClock.now
            do throws(ApusError) {
                try await mover.move(
                    plan, bandwidth: request.bandwidth,
                    obstacle: { ender.reason(guest: guest, disk: order.disk, host: host) },
                    progress: { line.show($0, since: began) })
            } catch {
                book.fail(error)
                throw after(moved, error)
            }
            book.tell("disk \(order.disk) moved from \(old.description) to \(order.path)")
            if let error = await mover.takeRoom(order) {
                remarks.append("could not \(error.operation): \(error.detail)")
            }
            let isOldRemoved = await removeOld(old, order, mover, &remarks)
            moved.append(
                Moved(
                    order: order, from: old.description, took: start.duration(to: .now),
                    isOldRemoved: isOldRemoved))
        }
        line.clear()
        for remark in remarks { book.tell(remark) }
        book.finish(.moved)
        HomeMoveReporter(common: common).moved(facts, moved, remarks, in: began.duration(to: .now))
    }

    /// - Returns: whether it is gone.
    private func removeOld(
        _ old: DiskFacts.Location, _ order: ImageOrder, _ mover: DiskMover, _ remarks: inout [String]
    ) async -> Bool {
        do throws(ApusError) {
            guard try await mover.isDefined(order) else {
                remarks.append(
                    "the next start of \(guest) would look for disk \(order.disk) in its old place: virsh edit it"
                )
                return false
            }
            guard request.disks.removesSource, case .file(let path) = old else { return false }
            try await mover.removeOld(path)
            return true
        } catch {
            remarks.append("could not \(error.operation): \(error.detail)")
            return false
        }
    }

    private func blocked(_ facts: MoveFacts, _ findings: [Finding]) -> ApusError {
        let blockers = findings.filter(\.blocks)
        return ApusError(
            .blocked, "move disks of \(facts.guest.identity) on \(facts.source.host.name)",
            blockers.map(\.detail).joined(separator: "; "),
            hint: blockers.count == 1 ? blockers[0].hint : nil,
            findings: findings)
    }

    private func after(_ moved: [Moved], _ error: ApusError) -> ApusError {
        guard !moved.isEmpty else { return error }
        let names = moved.map(\.order.disk).joined(separator: ", ")
        return ApusError(
            error.code, error.operation, "\(error.detail); moved before that: \(names)", hint: error.hint,
            underlying: error)
    }
}

/// Says when a disk's move has to end early.
private final class Ender: Sendable {
    private let isInterrupted = Mutex(false)
    private let began: ContinuousClock.Instant
    private let timeout: Duration?

    init(began: ContinuousClock.Instant, timeout: Duration?) {
        self.began = began
        self.timeout = timeout
    }

    func interrupt() { isInterrupted.withLock { $0 = true } }

    func reason(guest: String, disk: String, host: String) -> ApusError? {
        let operation = "move disk \(disk) of \(guest) on \(host)"
        if isInterrupted.withLock({ $0 }) {
            return ApusError(.interrupted, operation, "interrupted; disk \(disk) is where it was", hint: nil)
        }
        guard let timeout, began.duration(to: .now) > timeout else { return nil }
        return ApusError(
            .timedOut, operation, "not done within \(timeout.text); disk \(disk) is where it was",
            hint: "Give it more time with --timeout, or more --bandwidth.")
    }
}

/// Says what became of the disks, to a person or in JSON.
struct HomeMoveReporter {
    let common: CommonOptions

    func wouldMove(_ facts: MoveFacts, _ disks: DiskPlanner) {
        let orders = disks.plans.compactMap { plan in plan.order.map { (order: $0, reason: plan.reason) } }
        if common.json {
            let report = HomeMoveReport(
                guest: facts.guest.identity.name, host: facts.source.host.name,
                disks: orders.map { HomeMoveReport.Disk(target: $0.order.disk, path: $0.order.path) },
                remarks: [])
            Envelope(command: "migrate", changed: false, result: report, error: nil).print()
            return
        }
        var lines = ["\(facts.guest.identity) would stay on \(facts.source.host.name), and of its disks:"]
        lines += orders.map { "  \($0.order.disk) would move to \($0.order.path) (\($0.order.summary))" }
        lines.append("Nothing was changed (--dry-run).")
        Console.print(lines.joined(separator: "\n"))
    }

    func moved(_ facts: MoveFacts, _ moved: [HomeMove.Moved], _ remarks: [String], in total: Duration) {
        if common.json {
            let report = HomeMoveReport(
                guest: facts.guest.identity.name, host: facts.source.host.name,
                disks: moved.map { disk in
                    HomeMoveReport.Disk(
                        target: disk.order.disk, path: disk.order.path, oldPath: disk.from,
                        seconds: disk.took.seconds, oldRemoved: disk.isOldRemoved)
                }, remarks: remarks)
            Envelope(command: "migrate", changed: !moved.isEmpty, result: report, error: nil).print()
            return
        }
        var lines = [
            "\(moved.count) disk\(moved.count == 1 ? "" : "s") of \(facts.guest.identity) moved on "
                + "\(facts.source.host.name) in \(total.text)."
        ]
        lines += moved.map { disk in
            "  \(disk.order.disk)  \(disk.from) → \(disk.order.path) in \(disk.took.text); the old image is "
                + (disk.isOldRemoved ? "gone" : "kept")
        }
        lines += remarks.map { "  note  \($0)" }
        Console.print(lines.joined(separator: "\n"))
    }
}

/// Disks that moved on one host, in JSON.
private struct HomeMoveReport: Encodable {
    struct Disk: Encodable {
        let target: String
        let path: String
        var oldPath: String?
        var seconds: Double?
        var oldRemoved: Bool?
    }

    let guest: String
    let host: String
    let disks: [Disk]
    let remarks: [String]
}
