import ArgumentParser
import FleetModel
import FoundationEssentials
import Glibc
import Synchronization
import Transfer

/// `apus relay`, the two ends of which the apus that moves a guest starts on both hosts.
struct RelayCommand: Carrier {
    static let configuration = CommandConfiguration(
        commandName: "relay",
        abstract: "Carries QEMU's connections of a move between two hosts, compressed (run by apus itself).",
        discussion: """
            Example: apus migrate web01 --to beta --relay always

            On the source it lives in a directory of its own (--directory), outlives the apus that started it, and ends \
            when the connections that it carries have ended. On the destination it speaks the wire protocol (docs/wire.md) on \
            standard input and output.
            """, shouldDisplay: false)

    @Option(help: ArgumentHelp("Where its job is, and what it tells of itself.", valueName: "directory"))
    var directory: String?

    @Option(help: ArgumentHelp("A socket of QEMU's on this host, in order.", valueName: "path"))
    var connect: [String] = []

    @Option(help: ArgumentHelp("Wait for the other end at this address of this host.", valueName: "address"))
    var listen: String?

    func run() async throws {
        do throws(TransferError) {
            if let directory {
                try await carry(in: directory)
            } else {
                try RelayJob.carryHere(connect, address: listen)
            }
        } catch {
            Console.note(Failure.text(ApusError(error)))
            Glibc._exit(ExitStatus.failed.rawValue)
        }
        Glibc._exit(ExitStatus.done.rawValue)
    }

    private func carry(in directory: String) async throws(TransferError) {
        guard let data = FileManager.default.contents(atPath: "\(directory)/job"),
            let job = try? JSONDecoder().decode(RelayJob.self, from: data)
        else {
            throw TransferError(
                .diskFailed, "read the job",
                "\(directory)/job is none that this apus \(apusVersion) understands",
                hint: "Install the same release of apus on all hosts.")
        }
        let ending = RelayEnding()
        let signals = SignalWatch()
        signals.forward { ending.finish() }
        let counters = try await job.carry { relay in
            ending.watch(relay)
            try? Data("ready \(getpid())\n".utf8).write(to: URL(filePath: "\(directory)/ready"))
        }
        let carried =
            "\(counters.sent.content) \(counters.sent.wire) \(counters.received.content) \(counters.received.wire)"
        try? Data("\(carried)\n".utf8).write(to: URL(filePath: "\(directory)/carried"))
    }
}

/// When a relay has done its work: it is told so, or nothing has gone through it for a while.
private final class RelayEnding: Sendable {
    /// How long it waits for QEMU's first connection, and for another one when the last has ended: a move opens those of
    /// its disks before that of its memory.
    private static let patience = (first: Duration.seconds(600), next: Duration.seconds(30))

    private let relay = Mutex<Relay?>(nil)

    func finish() { relay.withLock(\.self)?.finish() }

    /// Nobody tells when the last of several connections has ended for good: it is looked for every second.
    func watch(_ relay: Relay) {
        self.relay.withLock { $0 = relay }
        Task {
            var idleSince = ContinuousClock.now
            while (try? await Task.sleep(for: .seconds(1))) != nil {
                let counters = relay.counters
                if counters.open > 0 { idleSince = .now }
                let limit = counters.opened == 0 ? Self.patience.first : Self.patience.next
                if idleSince.duration(to: .now) > limit { return relay.finish() }
            }
        }
    }
}
