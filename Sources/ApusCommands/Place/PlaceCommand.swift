import ArgumentParser
import FleetModel
import Journal
import LibvirtFleet
import Policy

/// `apus place`
struct PlaceCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "place",
        abstract: "Ranks the hosts for a guest that is to be started, with reasons.",
        discussion: """
            Example: apus place new01.xml

            By policy, memory, groups and load; whether a host has the guest's processor, networks and disks is for apus \
            check, or for its start.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions

    @Argument(help: "A guest, by name or UUID, or a file with its libvirt document.") var guest: String

    func run() async throws {
        let inventory = try common.readInventory()
        let journal = try state.open()
        let picture = try await FleetPicture.take(
            inventory, marks: try journal.marks(), journal: journal, withInactive: true)
        for silent in picture.silent { Console.note(silent.error) }
        let wanted = try wanted(inventory, picture)
        let ranking = PlacementRanking(wanted, in: picture.fleet)
        if common.json {
            Envelope(
                command: "place", changed: false,
                result: PlaceReport(
                    guest: wanted.identity.name, hosts: ranking.choices.map(PlaceReport.Host.init)),
                error: nil
            ).print()
        } else {
            Console.print(table(ranking))
        }
        if ranking.best == nil { throw ExitStatus.blocked }
    }

    private func wanted(_ inventory: Inventory, _ picture: FleetPicture) throws -> FleetGuest {
        guard !guest.hasSuffix(".xml"), !guest.contains("/") else {
            let file = try GuestFile(reading: guest)
            return FleetGuest(
                file.identity, on: 0, memory: FleetPicture.taken(by: file.memory),
                load: Double(file.vcpus) * FleetPicture.assumedLoad,
                policy: inventory.policy(of: file.identity, own: file.policy))
        }
        let found = picture.guests.indices.filter {
            picture.guests[$0].identity.name == guest || picture.guests[$0].identity.uuid == guest
        }
        guard let number = found.first(where: { picture.guests[$0].state.isActive }) ?? found.first else {
            throw ApusError(
                .unknownGuest, "find the guest \(guest)", "no host that answered knows a guest \(guest)",
                hint: Spelling.suggestion(for: guest, in: picture.guests.map(\.identity.name))
                    ?? "A file needs a name that ends in .xml, or a path.")
        }
        if let error = picture.unreadable[number] { throw error }
        let (seen, known) = (picture.guests[number], picture.fleet.guests[number])
        return FleetGuest(
            known.identity, on: known.host, memory: FleetPicture.taken(by: seen.memory),
            load: seen.state.isActive ? known.load : Double(seen.vcpus) * FleetPicture.assumedLoad,
            policy: known.policy)
    }

    private func table(_ ranking: PlacementRanking) -> String {
        var table = Table([("HOST", .left), ("WITH IT", .left), ("", .left)])
        for choice in ranking.choices {
            let shares =
                "\(percent(choice.memoryShare)) of memory, \(percent(choice.loadShare)) of processors"
            table.add([
                choice.host, choice.refusal == nil ? shares : "-",
                choice.refusal ?? (choice.preference.map { "preferred, number \($0 + 1)" } ?? ""),
            ])
        }
        return table.text()
    }

    private func percent(_ share: Double) -> String { "\((share * 100).rounded(toDigits: 0)) %" }
}

private struct PlaceReport: Encodable {
    struct Host: Encodable {
        let host: String
        let possible: Bool
        let reason: String?
        let memoryShare: Double
        let loadShare: Double

        init(_ choice: PlacementRanking.Choice) {
            host = choice.host
            possible = choice.refusal == nil
            reason = choice.refusal
            memoryShare = choice.memoryShare
            loadShare = choice.loadShare
        }
    }

    let guest: String
    let hosts: [Host]
}
