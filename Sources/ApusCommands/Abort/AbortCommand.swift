import ArgumentParser
import FleetModel
import LibvirtFleet

/// `apus abort`
struct AbortCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "abort", abstract: "Ends the move of a guest; it runs on where it was.",
        discussion: """
            Example: apus abort web01

            Works on every move that libvirt carries out, whoever started it. A guest that is not being moved: \
            exit status 0, nothing changed. After the switchover libvirt refuses, and so does apus.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions

    @Argument(help: "The guest: its name or UUID.") var guest: String

    @Flag(help: "Say what would be aborted; change nothing.") var dryRun = false

    func run() async throws {
        let hosts = try common.readInventory().hosts
        let aborted = try await MoveAborter(hosts: hosts).abort(guest, dryRun: dryRun)
        if common.json {
            Envelope(
                command: "abort", changed: aborted != nil && !dryRun, result: aborted.map(GuestReport.init),
                error: nil
            ).print()
        } else if let aborted {
            Console.print(
                dryRun
                    ? "The move of \(aborted.identity) away from \(aborted.host) would be aborted "
                        + "(--dry-run)."
                    : "The move of \(aborted.identity) was aborted; it is \(aborted.state.kind.rawValue) "
                        + "on \(aborted.host)."
            )
        } else {
            Console.print("\(guest) is not being moved; nothing to do.")
        }
    }
}
