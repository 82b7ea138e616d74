import Dispatch
import Glibc
import SystemPackage
import Transfer

/// Two sockets that are connected, directly or through both ends of a relay in this process.
final class Route {
    let near: FileDescriptor
    let far: FileDescriptor
    private let relays: [Relay]
    private let group = DispatchGroup()

    // Without compression of any kind it connects them directly.
    init(_ compression: RelayCompression?, overTCP: Bool, in folder: String) throws {
        guard let compression else {
            (near, far) = try overTCP ? Sockets.tcpPair() : Sockets.pair()
            relays = []
            return
        }
        let (one, other) = try overTCP ? Sockets.tcpPair() : Sockets.pair()
        let paths = ["\(folder)/source", "\(folder)/destination"]
        let listener = try Sockets.listen(at: paths[1])
        let session = SessionID.random()
        relays = [
            try Relay(
                listeningOn: [RelayChannel(0, at: FilePath(paths[0]))], over: Link(adopting: one, one),
                session: session, compression: compression),
            try Relay(
                connectingTo: [RelayChannel(0, at: FilePath(paths[1]))], over: Link(adopting: other, other),
                session: session, compression: compression),
        ]
        for relay in relays {
            DispatchQueue(label: "relay").async(group: group) {
                do { _ = try relay.runBlocking() } catch { print("a relay ended: \(error)") }
            }
        }
        near = try Sockets.connect(to: paths[0])
        far = try Sockets.accept(listener)
        try listener.close()
        unlink(paths[1])
    }

    /// Wire bytes of both directions.
    var wireBytes: UInt64 { relays.reduce(0) { $0 + $1.counters.sent.wire } }

    func close() throws {
        try near.close()
        try far.close()
        for relay in relays { relay.finish() }
        group.wait()
    }
}
