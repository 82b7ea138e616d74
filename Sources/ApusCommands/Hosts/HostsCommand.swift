import ArgumentParser
import FleetModel
import LibvirtFleet

/// `apus hosts`
struct HostsCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "hosts", abstract: "Shows the hosts of the inventory and whether they answer.",
        discussion: "Example: apus hosts")

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions

    @Argument(help: "Only these hosts (names or libvirt URIs).") var host: [String] = []

    func run() async throws {
        let inventory = try common.readInventory()
        let hosts = try host.isEmpty ? inventory.hosts : host.map { try inventory.host(named: $0) }
        let readings = await FleetReader().hosts(hosts)
        if common.json {
            Envelope(
                command: "hosts", changed: false, result: HostsReport(hosts: readings.map(HostReport.init)),
                error: nil
            ).print()
        } else {
            Console.print(table(readings))
            readings.compactMap(\.failure).forEach(Console.note)
        }
        if readings.contains(where: { $0.failure != nil }) { throw ExitStatus.failed }
    }

    private func table(_ readings: [HostReading<HostFacts>]) -> String {
        var table = Table([
            ("HOST", .left), ("STATE", .left), ("LIBVIRT", .left), ("QEMU", .left), ("CPUS", .right),
            ("MEMORY", .right), ("FREE", .right), ("URI", .left),
        ])
        for reading in readings {
            switch reading.value {
            case .success(let facts):
                table.add([
                    reading.host.name, "up", "\(facts.libvirtVersion)", "\(facts.hypervisorVersion)",
                    "\(facts.processors)", "\(facts.memory)", facts.freeMemory.map { "\($0)" } ?? "-",
                    reading.host.uri,
                ])
            case .failure(let error):
                table.add([reading.host.name, error.code.rawValue, "-", "-", "-", "-", "-", reading.host.uri])
            }
        }
        return table.text()
    }
}

extension HostReading {
    var failure: ApusError? {
        guard case .failure(let error) = value else { return nil }
        return error
    }

    var success: Value? {
        guard case .success(let value) = value else { return nil }
        return value
    }
}

private struct HostsReport: Encodable {
    let hosts: [HostReport]
}

private struct HostReport: Encodable {
    let name: String
    let uri: String
    let state: String
    let uuid: String?
    let libvirtVersion: String?
    let qemuVersion: String?
    let cpus: Int?
    let memoryBytes: UInt64?
    let freeMemoryBytes: UInt64?
    let peerUri: String?
    let migrationAddress: String?
    let error: ErrorReport?

    init(_ reading: HostReading<HostFacts>) {
        let facts = reading.success
        name = reading.host.name
        uri = reading.host.uri
        state = reading.failure?.code.rawValue ?? "up"
        uuid = facts?.uuid
        libvirtVersion = facts?.libvirtVersion.description
        qemuVersion = facts?.hypervisorVersion.description
        cpus = facts?.processors
        memoryBytes = facts?.memory.bytes
        freeMemoryBytes = facts?.freeMemory?.bytes
        peerUri = reading.host.peerURI
        migrationAddress = reading.host.migrationAddress
        error = reading.failure.map(ErrorReport.init)
    }
}
