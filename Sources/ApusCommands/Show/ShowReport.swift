import FleetModel
import FoundationEssentials
import Journal

/// One move and its story in JSON.
struct ShowReport: Encodable {
    let move: ShownMove
    /// In the order in which they were noted.
    let entries: [EntryReport]

    init(_ story: MoveStory) {
        move = ShownMove(story)
        entries = story.entries.map(EntryReport.init)
    }
}

/// A move as `apus history` has it, with what only its story tells.
struct ShownMove: Encodable {
    private let past: PastMoveReport
    private let choices: [MovePlan.Choice]
    private let rejected: [MovePlan.RejectedStrategy]
    private let phases: [PassedPhase]
    /// The live process that is at work on it.
    private let pid: Int32?
    private let needsRepair: Bool

    init(_ story: MoveStory) {
        past = PastMoveReport(story.move)
        choices = story.plan?.choices ?? []
        rejected = story.plan?.rejected ?? []
        phases = story.phases.map(PassedPhase.init)
        pid = story.unfinished.flatMap { $0.isHeld ? $0.reservation?.owner.pid : nil }
        needsRepair = story.unfinished.map { !$0.isHeld } ?? false
    }

    private enum CodingKeys: String, CodingKey { case choices, rejected, phases, pid, needsRepair }

    func encode(to encoder: any Encoder) throws {
        try past.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(choices, forKey: .choices)
        try container.encode(rejected, forKey: .rejected)
        try container.encode(phases, forKey: .phases)
        try container.encodeIfPresent(pid, forKey: .pid)
        try container.encode(needsRepair, forKey: .needsRepair)
    }

    private struct PassedPhase: Encodable {
        let phase: Int
        let name: String
        let atSeconds: Double
        let seconds: Double?

        init(_ passed: (phase: Phase, at: Duration, length: Duration?)) {
            phase = passed.phase.rawValue
            name = passed.phase.name
            atSeconds = passed.at.seconds
            seconds = passed.length?.seconds
        }
    }
}

/// One line of a story in JSON: `kind` says which of the other keys are there.
struct EntryReport: Encodable {
    let atSeconds: Double
    let kind: String
    var phase: Int?
    var name: String?
    var step: String?
    var downtimeLimitSeconds: Double?
    /// What the move is held to from then on; left out for no limit.
    var bandwidthBytesPerSecond: UInt64?
    var reason: String?
    var text: String?
    var sample: SampleReport?

    init(_ entry: MoveEntry) {
        atSeconds = entry.at.seconds
        switch entry.event {
        case .phase(let entered):
            kind = "phase"
            phase = entered.rawValue
            name = entered.name
        case .decision(let decision):
            kind = "decision"
            reason = decision.reason
            switch decision.step {
            case .setDowntimeLimit(let limit):
                step = "set-downtime-limit"
                downtimeLimitSeconds = limit.seconds
            case .setBandwidth(let limit):
                step = "set-bandwidth"
                bandwidthBytesPerSecond = limit?.bytesPerSecond
            case .startPostCopy: step = "start-post-copy"
            case .suspend: step = "suspend"
            case .abort: step = "abort"
            case .wait: step = "wait"
            }
        case .sample(let read):
            kind = "sample"
            sample = SampleReport(read)
        case .remark(let words):
            kind = "remark"
            text = words
        }
    }
}

/// One reading of a running copy in JSON.
struct SampleReport: Encodable {
    let round: Int?
    let elapsedSeconds: Double?
    let totalBytes: UInt64?
    let remainingBytes: UInt64?
    let wireBytes: UInt64?
    let throughputBytesPerSecond: UInt64?
    let dirtyRateBytesPerSecond: UInt64?
    let downtimeSeconds: Double?
    let throttlePercent: Int?
    let diskTotalBytes: UInt64?
    let diskRemainingBytes: UInt64?

    init(_ sample: JobSample) {
        round = sample.round
        elapsedSeconds = sample.elapsed?.seconds
        totalBytes = sample.memoryTotal?.bytes
        remainingBytes = sample.memoryRemaining?.bytes
        wireBytes = sample.wire?.bytes
        throughputBytesPerSecond = sample.throughput?.bytesPerSecond
        dirtyRateBytesPerSecond = sample.dirtyRate?.bytesPerSecond
        downtimeSeconds = sample.downtime?.seconds
        throttlePercent = sample.throttlePercent
        diskTotalBytes = sample.diskTotal?.bytes
        diskRemainingBytes = sample.diskRemaining?.bytes
    }
}
