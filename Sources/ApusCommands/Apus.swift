package import ArgumentParser
import FleetModel
import Glibc
import Logging

/// The root of the command line.
package struct Apus: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "apus",
        abstract: "Moves running KVM guests between plain libvirt hosts, and proves that they arrived.",
        discussion: """
            Example: apus migrate web01 --to beta

            Hosts come from an inventory (--inventory, $APUS_INVENTORY, ~/.config/apus/fleet.yaml or
            /etc/apus/fleet.yaml); a libvirt URI is accepted wherever a host name is.
            """,
        version: "apus \(apusVersion)",
        subcommands: [
            CheckCommand.self, PlanCommand.self, MigrateCommand.self, SetCommand.self, StatusCommand.self,
            AbortCommand.self, RepairCommand.self,
            HistoryCommand.self, ShowCommand.self, CPUCommand.self, PolicyCommand.self, DrainCommand.self,
            UndrainCommand.self,
            BalanceCommand.self, ConsolidateCommand.self, SpreadCommand.self, PlaceCommand.self,
            SimulateCommand.self,
            HostsCommand.self, GuestsCommand.self,
            SendCommand.self, ReceiveCommand.self, RelayCommand.self,
            ExitStatusTopic.self,
        ])

    package init() {}

    /// Reads the arguments, runs the command and ends the process with the documented exit status.
    package static func start(_ arguments: [String] = Array(CommandLine.arguments.dropFirst())) async -> Never
    {
        // A reader that goes away (`apus guests | head`) is no failure of ours.
        signal(SIGPIPE, SIG_IGN)
        let wantsJSON = arguments.contains("--json")
        do {
            var command = try parseAsRoot(arguments)
            guard var fleetCommand = command as? any CommandWithOptions else {
                if let carrier = command as? any Carrier {
                    var carrier = carrier
                    try await carrier.run()
                } else {
                    try command.run()
                }
                Glibc._exit(ExitStatus.done.rawValue)
            }
            let level = fleetCommand.common.logLevel
            LoggingSystem.bootstrap { StandardErrorLogHandler(label: $0, level: level) }
            let unfinished = UnfinishedMoves(of: fleetCommand)
            async let mention: Void? = unfinished?.mention()
            try await fleetCommand.run()
            await mention
            Glibc._exit(ExitStatus.done.rawValue)
        } catch let error as ApusError {
            Failure(error, command: arguments.first ?? "apus", asJSON: wantsJSON).report()
        } catch let status as ExitStatus {
            Glibc._exit(status.rawValue)
        } catch  where exitCode(for: error) == .validationFailure && wantsJSON {
            Failure(
                ApusError(.usage, "read the command line", message(for: error), hint: "apus --help"),
                command: arguments.first ?? "apus", asJSON: true
            ).report()
        } catch {
            exit(withError: error)
        }
    }
}

/// The version of the commands, the JSON and, later, the wire protocol together.
package let apusVersion = "0.1.0"

/// A command that apus itself runs on a host.
protocol Carrier: AsyncParsableCommand, Sendable {}

/// A command with the options that all but the help have.
protocol CommandWithOptions: AsyncParsableCommand, Sendable {
    var common: CommonOptions { get }
    var state: StateOptions { get }
    /// Whether moves that were left unfinished are mentioned beside what it does.
    static var mentionsUnfinishedMoves: Bool { get }
}

extension CommandWithOptions {
    static var mentionsUnfinishedMoves: Bool { true }
}
