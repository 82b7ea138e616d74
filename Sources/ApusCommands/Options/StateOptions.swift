import ArgumentParser
import FleetModel
import Journal

/// Where this controller keeps what it remembers.
struct StateOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The journal's directory (default: $APUS_STATE, /var/lib/apus for root, ~/.local/state/apus).",
            valueName: "directory"))
    var stateDir: String?

    var directory: String {
        Journal.defaultDirectory(explicit: stateDir, environment: Console.environment)
    }

    func open() throws(ApusError) -> Journal {
        try Journal.open(directory: directory)
    }
}
