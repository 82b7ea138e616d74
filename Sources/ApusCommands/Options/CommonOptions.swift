import ArgumentParser
import FleetModel
import Logging

/// What every command understands.
struct CommonOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The hosts (default: $APUS_INVENTORY, ~/.config/apus/fleet.yaml, /etc/apus/fleet.yaml).",
            valueName: "file"))
    var inventory: String?

    @Flag(
        name: .long,
        help: "Write one JSON object to standard output (progress as JSON lines to standard error).")
    var json = false

    @Flag(name: .shortAndLong, help: "Log what is done; twice for every detail.")
    var verbose: Int

    var logLevel: Logger.Level {
        switch verbose {
        case 0: .warning
        case 1: .info
        default: .debug
        }
    }

    /// Reads the inventory that applies.
    func readInventory() throws(ApusError) -> Inventory {
        try InventoryFile.find(explicit: inventory)?.read() ?? InventoryFile.thisMachineAlone
    }
}
