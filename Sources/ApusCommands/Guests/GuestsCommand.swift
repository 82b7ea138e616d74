import ArgumentParser
import FleetModel
import LibvirtFleet

/// `apus guests`
struct GuestsCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "guests",
        abstract: "Lists the guests of all hosts: state, size, and what happens to each now.",
        discussion: "Example: apus guests alpha")

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions

    @Argument(help: "Only the guests of these hosts (names or libvirt URIs).") var host: [String] = []

    func run() async throws {
        let inventory = try common.readInventory()
        let hosts = try host.isEmpty ? inventory.hosts : host.map { try inventory.host(named: $0) }
        let readings = await FleetReader().guests(of: hosts)
        let guests = readings.compactMap(\.success).flatMap(\.self)
            .sorted { ($0.identity.name, $0.host) < ($1.identity.name, $1.host) }
        let failures = readings.compactMap(\.failure)
        if common.json {
            Envelope(
                command: "guests", changed: false,
                result: GuestsReport(
                    guests: guests.map(GuestReport.init), unreachable: failures.map(ErrorReport.init)),
                error: nil
            ).print()
        } else {
            Console.print(table(guests))
        }
        failures.forEach(Console.note)
        if !failures.isEmpty { throw ExitStatus.failed }
    }

    private func table(_ guests: [Guest]) -> String {
        var table = Table([
            ("GUEST", .left), ("HOST", .left), ("STATE", .left), ("MEMORY", .right), ("VCPUS", .right),
            ("NOW", .left),
        ])
        for guest in guests {
            table.add([
                guest.identity.name, guest.host, guest.state.kind.rawValue, "\(guest.memory)",
                "\(guest.vcpus)",
                guest.activity?.rawValue ?? "-",
            ])
        }
        return table.text()
    }
}

private struct GuestsReport: Encodable {
    let guests: [GuestReport]
    /// Hosts that could not be asked: the list lacks their guests.
    let unreachable: [ErrorReport]
}

/// A guest in JSON.
struct GuestReport: Encodable {
    let name: String
    let uuid: String
    let host: String
    let state: String
    let stateReason: String
    let memoryBytes: UInt64
    let vcpus: Int
    let persistent: Bool
    let activity: String?

    init(_ guest: Guest) {
        name = guest.identity.name
        uuid = guest.identity.uuid
        host = guest.host
        state = guest.state.kind.rawValue
        stateReason = guest.state.reason
        memoryBytes = guest.memory.bytes
        vcpus = guest.vcpus
        persistent = guest.isPersistent
        activity = guest.activity?.rawValue
    }
}
