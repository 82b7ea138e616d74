import FleetModel
import LibvirtFleet
import Migration
import Policy

struct RepairReports: Encodable {
    let repairs: [RepairReport]
}

/// One unfinished move, and what became of it.
struct RepairReport: Encodable {
    let id: String
    let guest: String
    let source: String
    let destination: String
    /// What both hosts add up to.
    var verdict: String?
    var sourceState: String?
    var destinationState: String?
    /// Whether the process that carries the move out lives: then nothing was touched.
    var isHeld = false
    var isRepaired = false
    var said: [String] = []
    var remarks: [String] = []
    /// What was done for the guest besides, for people.
    private var care: [String] = []
    var error: ApusError?

    private let identity: GuestIdentity
    private let route: MoveRoute

    init(_ move: MoveRecord) {
        identity = move.guest
        route = move.route
        id = move.id
        guest = move.guest.name
        source = move.source
        destination = move.destination
    }

    mutating func note(_ settled: Settled, _ plan: MovePlan) {
        verdict = settled.verdict.rawValue
        sourceState = settled.source.text
        destinationState = settled.destination.text
    }

    mutating func note(_ result: RepairResult) {
        note(result.settled, result.plan)
        remarks = result.remarks
        care = result.care.lines
        isRepaired = true
    }

    /// Of a move of disks, whose guest stays: its state, once it was repaired or only looked at.
    mutating func note(_ state: GuestState?, hasMoved: Bool? = nil, isHeld: Bool = false) {
        sourceState = state.map { "\($0)" } ?? "unknown there"
        destinationState = sourceState
        verdict = hasMoved.map { ($0 ? Settlement.arrived : .unmoved).rawValue }
        isRepaired = hasMoved != nil
        self.isHeld = isHeld
    }

    /// Of a cold move, once it was repaired or only looked at.
    mutating func note(_ place: ColdRepair.Place, isRepaired: Bool) {
        sourceState = place.source.map { "\($0)" } ?? "not there"
        destinationState = place.destination.map { "\($0)" } ?? "not there"
        verdict = isRepaired ? (place.hasMoved ? Settlement.arrived : .unmoved).rawValue : nil
        self.isRepaired = isRepaired
    }

    /// For a person.
    var text: String {
        let now =
            (route.isHome ? [source] : [source, destination]).enumerated().map { place, host in
                "\((place == 0 ? sourceState : destinationState) ?? "not asked") on \(host)"
            }.joined(separator: ", ")
        let move = "the \(route.name(of: identity))"
        let state =
            if isHeld {
                "\(move) is under way, and the apus that carries it out lives; nothing was touched"
            } else if isRepaired {
                verdict == Settlement.arrived.rawValue ? "\(move) is finished" : "\(move) was taken back"
            } else {
                "\(move) was left unfinished: \(verdict ?? "not decided") (--dry-run: nothing was touched)"
            }
        return (["\(state).", "  now        \(now)"] + care + remarks.map { "  note       \($0)" })
            .joined(separator: "\n")
    }

    private enum CodingKeys: String, CodingKey {
        case id, guest, source, destination, verdict, sourceState, destinationState, isHeld, isRepaired, said,
            remarks, error
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(guest, forKey: .guest)
        try container.encode(source, forKey: .source)
        try container.encode(destination, forKey: .destination)
        try container.encode(verdict, forKey: .verdict)
        try container.encode(sourceState, forKey: .sourceState)
        try container.encode(destinationState, forKey: .destinationState)
        try container.encode(isHeld, forKey: .isHeld)
        try container.encode(isRepaired, forKey: .isRepaired)
        try container.encode(said, forKey: .said)
        try container.encode(remarks, forKey: .remarks)
        try container.encode(error.map(ErrorReport.init), forKey: .error)
    }
}
