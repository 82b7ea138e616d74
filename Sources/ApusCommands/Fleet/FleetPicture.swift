import FleetModel
import Journal
import LibvirtFleet
import Policy

/// The fleet as it is now, in the planners' form, and how it goes back to real hosts and guests.
struct FleetPicture: Sendable {
    var fleet: Fleet
    /// In the fleet's order.
    let hosts: [Host]
    let guests: [Guest]
    /// Hosts that could not be asked: whatever is on them is not in the picture.
    let silent: [(host: Host, error: ApusError)]
    /// Guests whose policy cannot be read; nothing is decided about them.
    let unreadable: [Int: ApusError]

    /// Of a host's memory so much is its own.
    static let ownShare = 0.05
    /// Of each of its processors a guest that is to be started keeps so much busy, for all that is known.
    static let assumedLoad = 0.2
    /// What a guest takes besides its memory.
    private static let overhead = ByteCount.mebibytes(40)

    /// What a guest takes of its host's memory while it runs.
    static func taken(by memory: ByteCount) -> ByteCount { ByteCount(memory.bytes + overhead.bytes) }

    /// Asks every host of the inventory.
    ///
    /// - Parameters:
    ///   - inventory: the hosts, and what it says for guests.
    ///   - marks: hosts that nothing is to be placed on.
    ///   - journal: what earlier moves took.
    ///   - withInactive: whether guests that do not run are in it too.
    ///   - watched: how long guests are watched for their load.
    /// - Returns: what they answered.
    /// - Throws: the journal's codes.
    static func take(
        _ inventory: Inventory, marks: [HostMark], journal: Journal, withInactive: Bool,
        watched: Duration = .milliseconds(100)
    ) async throws(ApusError) -> FleetPicture {
        let readings = await FleetSurvey(watched: watched).read(inventory.hosts)
        let marked = Set(marks.map(\.host))
        var (fleet, hosts, guests) = (Fleet(hosts: [], guests: []), [Host](), [Guest]())
        var unreadable: [Int: ApusError] = [:]
        // A definition that stayed behind is not the guest.
        let running = Set(
            readings.compactMap(\.success).flatMap(\.guests).filter { $0.guest.state.isActive }
                .map(\.guest.identity.uuid))
        for reading in readings {
            guard let report = reading.success else { continue }
            let host = reading.host
            fleet.hosts.append(
                FleetHost(
                    name: host.name,
                    memory: ByteCount(UInt64(Double(report.facts.memory.bytes) * (1 - ownShare))),
                    processors: report.facts.processors, isOpen: !marked.contains(host.name),
                    maxIncoming: host.maxIncoming, maxOutgoing: host.maxOutgoing))
            hosts.append(host)
            let residents = report.guests.sorted { $0.guest.identity.name < $1.guest.identity.name }
            for resident in residents
            where resident.guest.state.isActive
                || withInactive && !running.contains(resident.guest.identity.uuid)
            {
                let identity = resident.guest.identity
                var policy = GuestPolicy()
                do throws(ApusError) {
                    policy = inventory.policy(of: identity, own: try resident.policy.get())
                } catch {
                    unreadable[guests.count] = error
                    // What the inventory says of it holds for the others all the same.
                    policy = inventory.policy(of: identity, own: GuestPolicy())
                    policy.neverMoves = true
                }
                let memory = resident.guest.state.isActive ? resident.guest.memory : .zero
                fleet.guests.append(
                    FleetGuest(
                        identity, on: hosts.count - 1,
                        memory: memory == .zero ? .zero : taken(by: memory),
                        load: resident.load, policy: policy,
                        moveSeconds: try seconds(identity, memory, journal)))
                guests.append(resident.guest)
            }
        }
        let silent = readings.compactMap { reading in
            reading.failure.map { (host: reading.host, error: $0) }
        }
        return FleetPicture(
            fleet: fleet, hosts: hosts, guests: guests, silent: silent, unreadable: unreadable)
    }

    /// What its last move took, or what one over 1 Gbit/s would.
    private static func seconds(
        _ guest: GuestIdentity, _ memory: ByteCount, _ journal: Journal
    ) throws(ApusError) -> Double {
        let earlier = try journal.moves(guest: guest.uuid, limit: 5)
            .first { $0.outcome == .moved && $0.source != $0.destination }
        return earlier?.actual?.total.seconds ?? 2 + Double(memory.bytes) / 115e6
    }
}
