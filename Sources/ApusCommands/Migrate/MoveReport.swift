import FleetModel
import Migration

/// A finished move in JSON.
struct MoveReport: Encodable {
    let id: String
    let guest: String
    let uuid: String
    let source: String
    let destination: String
    let strategy: String
    let totalSeconds: Double
    let downtimeSeconds: Double?
    let downtimeMethod: String?
    let downtimeErrorSeconds: Double?
    let wireBytes: UInt64?
    let relayedContentBytes: UInt64?
    let rounds: Int
    let phases: [PhaseReport]
    let sourceState: String?
    let destinationState: String
    let activation: ActivationFindings
    let remarks: [String]
    let findings: [FindingReport]
    /// Made before the move, for the strategy that was used.
    let forecast: ForecastReport.StrategyReport?

    init(_ result: MoveResult) {
        id = result.id
        guest = result.plan.guest.name
        uuid = result.plan.guest.uuid
        source = result.plan.source.name
        destination = result.plan.destination.name
        strategy = result.plan.strategyName
        totalSeconds = result.total.seconds
        downtimeSeconds = result.downtime?.duration.seconds
        downtimeMethod = result.downtime?.method.rawValue
        downtimeErrorSeconds = result.downtime?.error.seconds
        // What crossed, however little of it QEMU knows.
        wireBytes = (result.relayed?.wire ?? result.wire)?.bytes
        relayedContentBytes = result.relayed?.content.bytes
        rounds = result.rounds
        phases = result.phases.map(PhaseReport.init)
        sourceState = result.sourceState?.description
        destinationState = result.destinationState.description
        activation = ActivationFindings(result.care)
        remarks = result.remarks
        findings = result.plan.findings.map(FindingReport.init)
        forecast = result.plan.chosenForecast.map(ForecastReport.StrategyReport.init)
    }

    private enum CodingKeys: String, CodingKey {
        case id, guest, uuid, source, destination, strategy, totalSeconds, downtimeSeconds, downtimeMethod,
            downtimeErrorSeconds, wireBytes, relayedContentBytes, rounds, phases, sourceState,
            destinationState, activation,
            remarks, findings, forecast
    }

    /// Writes the promised keys even where they are null: a reader may rely on them.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(guest, forKey: .guest)
        try container.encode(uuid, forKey: .uuid)
        try container.encode(source, forKey: .source)
        try container.encode(destination, forKey: .destination)
        try container.encode(strategy, forKey: .strategy)
        try container.encode(totalSeconds, forKey: .totalSeconds)
        try container.encode(downtimeSeconds, forKey: .downtimeSeconds)
        try container.encode(downtimeMethod, forKey: .downtimeMethod)
        try container.encode(downtimeErrorSeconds, forKey: .downtimeErrorSeconds)
        try container.encode(wireBytes, forKey: .wireBytes)
        try container.encodeIfPresent(relayedContentBytes, forKey: .relayedContentBytes)
        try container.encode(rounds, forKey: .rounds)
        try container.encode(phases, forKey: .phases)
        try container.encode(sourceState, forKey: .sourceState)
        try container.encode(destinationState, forKey: .destinationState)
        try container.encode(activation, forKey: .activation)
        try container.encode(remarks, forKey: .remarks)
        try container.encode(findings, forKey: .findings)
        try container.encode(forecast, forKey: .forecast)
    }
}

struct PhaseReport: Encodable {
    let phase: Int
    let name: String
    let seconds: Double

    init(_ duration: PhaseDuration) {
        phase = duration.phase.rawValue
        name = duration.phase.name
        seconds = duration.duration.seconds
    }
}

/// A move that was not needed, in JSON.
struct UnmovedReport: Encodable {
    let guest: String
    let destination: String
    let state: String
}
