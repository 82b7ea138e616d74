package import FleetModel

/// Decides what of a guest that does not run goes along as files: its disks, each on its own, and what its source keeps
/// for it besides.
package struct ColdPlanner: Sendable {
    /// What becomes of one disk.
    enum Verdict: Sendable, Hashable {
        case shared(String)
        /// It is only read, and has to be there.
        case medium(String)
        /// Nobody can tell whether both hosts have it.
        case notProven
        case sent([Sending])
        case refused(DiskPlanner.Refusal)
    }

    /// An image that goes along, and what it would find.
    struct Sending: Sendable, Hashable {
        let file: ColdPlan.File
        let place: Reading<DiskFacts.Place>
    }

    struct Decision: Sendable, Hashable {
        let disk: DiskFacts
        let verdict: Verdict

        var sendings: [Sending] {
            guard case .sent(let sendings) = verdict else { return [] }
            return sendings
        }
    }

    let facts: MoveFacts
    let request: MoveRequest
    private let link: ByteRate?
    /// One for each disk that is not empty, in the guest's order.
    let decisions: [Decision]

    /// - Parameters:
    ///   - facts: read of the guest and both hosts.
    ///   - request: what the user wants.
    ///   - link: what the link carries, where that is known.
    package init(_ facts: MoveFacts, _ request: MoveRequest, link: ByteRate? = nil) {
        self.link = link
        self.facts = facts
        self.request = request
        let reader = ColdDiskReader(facts: facts, request: request)
        decisions = reader.withoutTwins(
            facts.disks.filter { !$0.chain.isEmpty }.map {
                Decision(disk: $0, verdict: reader.verdict(on: $0))
            })
    }

    private var cold: ColdFacts? { facts.cold }

    var isSaved: Bool { facts.guest.state.kind == .saved || isWarm }

    private var isWarm: Bool { request.isWarm && facts.guest.state.isActive }

    /// Each file once: disks may share images below them.
    var files: [ColdPlan.File] {
        var seen: Set<String> = []
        return (decisions.flatMap(\.sendings).map(\.file) + others).filter { seen.insert($0.path).inserted }
    }

    /// A guest that is yet to be saved will have a file of about what its QEMU has in memory.
    private var belongings: [ColdFacts.File] {
        let files = cold?.files.value ?? []
        guard isWarm, let path = cold?.savedPath else { return files }
        return files.filter { $0.kind != .savedState } + [
            ColdFacts.File(
                kind: .savedState, path: path, size: facts.residentMemory.value ?? facts.guest.memory)
        ]
    }

    /// What goes along besides the disks.
    private var others: [ColdPlan.File] {
        // What nobody could see must not be in the way either.
        let taken = cold?.there.value.map { Set($0.map(\.path)) }
        return belongings.compactMap { file in
            let destination: String
            var replaces = true
            switch file.kind {
            case .log:
                guard request.takesLogs else { return nil }
                // The destination may have written one of its own.
                destination =
                    file.path.hasSuffix(".log")
                    ? "\(file.path.dropLast(4)).from-\(facts.sourceName).log"
                    : "\(file.path).from-\(facts.sourceName)"
            case .savedState:
                guard isSaved else { return nil }
                destination = "\(file.path).arriving"
            case .firmware, .tpm:
                destination = file.path
                replaces = taken?.contains(file.path) ?? true
            }
            return ColdPlan.File(
                part: .other(file.kind), path: file.path, destination: destination, size: file.size,
                replaces: replaces)
        }
    }

    /// Of a move that nothing blocks.
    package var plan: ColdPlan {
        ColdPlan(
            files: files, held: held, relocations: relocations, snapshots: facts.hardware.snapshots.count,
            saved: saved)
    }

    private var saved: ColdPlan.Saved? {
        files.first { $0.part == .other(.savedState) }.map {
            ColdPlan.Saved(
                path: $0.destination,
                runs: isWarm ? facts.guest.state.kind == .running : cold?.savedRunning ?? true)
        }
    }

    /// Every image that the guest would write to, and what is below it. Where the destination's QEMU takes a saved guest
    /// over it holds the images that both hosts see itself.
    private var held: [String] {
        var seen: Set<String> = []
        guard !isSaved else { return decisions.flatMap(\.sendings).map(\.file.path) }
        return facts.disks.filter { !$0.isOnlyRead && !$0.isShareable }.flatMap(\.chain).compactMap { image in
            guard case .file(let path) = image.location, seen.insert(path).inserted else { return nil }
            return path
        }
    }

    private var relocations: [String: String] {
        decisions.reduce(into: [:]) { places, decision in
            guard let top = decision.sendings.first?.file, top.path != top.destination,
                case .disk(_, isTop: true) = top.part
            else { return }
            places[decision.disk.target] = top.destination
        }
    }

    // MARK: For the plan

    package var disks: [DiskPlan] {
        decisions.map { decision in
            let target = decision.disk.target
            return switch decision.verdict {
            case .shared(let how): DiskPlan(target: target, treatment: .shared, because: how)
            case .medium(let how): DiskPlan(target: target, treatment: .medium, because: how)
            case .notProven, .refused: DiskPlan(target: target, treatment: .shared, because: "--ignore")
            case .sent(let sendings):
                DiskPlan(
                    target: target, treatment: .sent(sendings.map(\.file.destination)),
                    because: "not the same storage on both hosts")
            }
        }
    }

    /// Only the images that the guest writes to: what is below them may be another guest's, too.
    package var conclusions: [Conclusion] {
        let care = Aftercare(facts).conclusions
        guard request.disks.removesSource else { return care }
        return care
            + decisions.compactMap { $0.sendings.first?.file }.compactMap { file in
                guard case .disk(_, isTop: true) = file.part else { return nil }
                return .removeImage(path: file.path)
            }
    }

    package var choices: [MovePlan.Choice] {
        let state = facts.guest.state.kind.rawValue
        var choices = [
            isWarm
                ? MovePlan.Choice(
                    "strategy", "warm", because: "--warm: it is saved, sent and goes on from there")
                : MovePlan.Choice("strategy", "cold", because: "it is \(state) on \(facts.sourceName)")
        ]
        if isWarm { choices.append(standstill) }
        for file in files {
            choices.append(
                .init(
                    file.part.text, "sent to \(file.destination)\(file.size.map { " (\($0))" } ?? "")",
                    because: reason(file)))
        }
        for decision in decisions where decision.sendings.isEmpty {
            if case .shared(let how) = decision.verdict {
                choices.append(.init("disk \(decision.disk.target)", "stays where it is", because: how))
            }
        }
        if !files.isEmpty { choices.append(transport) }
        choices.append(
            request.bandwidth.map { .init("bandwidth", "\($0)", because: "--bandwidth") }
                ?? .init("bandwidth", "no limit", because: "none was asked for"))
        if request.starts {
            choices.append(.init("start", "on \(facts.destinationName)", because: "--start"))
        }
        return choices
    }

    /// What memory takes to a disk and from it, where nobody has measured it: the slower ones of solid-state disks.
    static let diskRate = ByteRate(bytesPerSecond: 300_000_000)

    /// What saving, starting QEMU twice and loading take besides: measured with libvirt 9.0.0 and small guests, 3.9 and
    /// 4.4 s (docs/cold.md).
    static let fixedStandstill = 4.0

    /// How long a guest stands still that is saved, sent, loaded, saved again by its new host, and loaded again.
    private var standstill: MovePlan.Choice {
        let memory = Double((facts.residentMemory.value ?? facts.guest.memory).bytes)
        let all = files.reduce(0) { $0 + Double($1.size?.bytes ?? 0) }
        let rates = [link, request.bandwidth].compactMap(\.self)
        let rate = rates.min() ?? Self.diskRate
        let seconds =
            Self.fixedStandstill + 4 * memory / Double(Self.diskRate.bytesPerSecond) + all
            / Double(max(rate.bytesPerSecond, 1))
        return .init(
            "downtime", "about \(Duration.seconds(seconds.rounded(.up)).text)",
            because:
                "\(ByteCount(rounding: all)) to send at \(rates.isEmpty ? "an assumed " : "")\(rate), and "
                + "\(ByteCount(rounding: memory)) of memory four times to or from a disk; 4 s for starting and ending QEMU"
        )
    }

    private func reason(_ file: ColdPlan.File) -> String {
        switch file.part {
        case .disk:
            file.replaces
                ? "a file of an earlier move is there: only what differs is sent"
                : "\(facts.destinationName) does not have it"
        case .other: "\(facts.sourceName) keeps it for the guest"
        }
    }

    private var transport: MovePlan.Choice {
        let words = facts.destination.host.shell(from: facts.source.host) ?? []
        if facts.destination.host.transport == .tcp, let address = facts.destination.host.migrationAddress {
            return .init(
                "transport", "TCP to \(address), not encrypted",
                because: "transport: tcp in the inventory; agreed on over \(words.joined(separator: " "))")
        }
        return .init(
            "transport",
            "\(words.isEmpty ? "this machine" : words.joined(separator: " ")) on \(facts.sourceName)",
            because:
                "files go from \(facts.sourceName) to \(facts.destinationName), and not through any other machine"
        )
    }
}
