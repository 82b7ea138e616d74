import ArgumentParser
import FleetModel
import Glibc
import Transfer

/// `apus receive`, which the sender of another host starts.
struct ReceiveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receive",
        abstract: "Stores files that the apus of another host sends (run by apus itself).",
        discussion: """
            Example: ssh beta apus receive --root /var/lib/libvirt/images

            Speaks the wire protocol (docs/wire.md) on standard input and output. What the sender names lies below one \
            of the roots; a file has its name only when all of it is there and checked.
            """, shouldDisplay: false)

    @Option(help: ArgumentHelp("A directory that files may go to, in order.", valueName: "directory"))
    var root: [String]

    @Flag(help: "Let a file be replaced where the sender means to.") var replace = false

    @Option(
        help: ArgumentHelp(
            "Wait for the sender at this address of this host, after both have agreed on a secret here.",
            valueName: "address"))
    var listen: String?

    func run() throws {
        Niceness.giveWay()
        var policy = ReceivingPolicy(below: root)
        policy.replaces = replace
        policy.resumes = true
        do throws(TransferError) {
            let shell = Link.standardStreams()
            let link = if let listen { try shell.awaitConnection(on: listen) } else { shell }
            _ = try Receiver(over: link, session: nil, policy: policy).receiveBlocking()
        } catch {
            // The sender was told already; this is for whoever runs it by hand.
            Console.note(Failure.text(ApusError(error)))
            Glibc._exit(ExitStatus.failed.rawValue)
        }
        Glibc._exit(ExitStatus.done.rawValue)
    }
}
