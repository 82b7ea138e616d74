import Glibc
import SystemPackage

/// What an `apus relay` of a source is told to do.
package struct RelayJob: Sendable, Equatable, Codable {
    /// Its sockets on both hosts, in the order of their channels.
    package let sockets: [String]
    /// The other host, for errors.
    package let host: String
    /// How the source runs a command there.
    package let shell: [String]
    /// What apus is called there.
    package let apus: String
    /// The other host's address for a connection of its own; `nil` is through the shell.
    package let address: String?
    /// Whether bytes may pass as they are while compressing them does not pay.
    package let isAdaptive: Bool

    package init(
        sockets: [String], host: String, shell: [String], apus: String, address: String?, isAdaptive: Bool
    ) {
        self.sockets = sockets
        self.host = host
        self.shell = shell
        self.apus = apus
        self.address = address
        self.isAdaptive = isAdaptive
    }

    private var channels: [RelayChannel] { Self.channels(sockets) }

    private static func channels(_ sockets: [String]) -> [RelayChannel] {
        sockets.enumerated().map { RelayChannel(UInt16($0.offset), at: FilePath($0.element)) }
    }

    /// Carries until `finish` was called on the relay that is lent and all connections have ended.
    ///
    /// - Parameter ready: called when QEMU may connect, and the other end is there.
    /// - Returns: what was carried.
    /// - Throws: `TransferError` of either side.
    package func carry(
        ready: @escaping @Sendable (Relay) -> Void
    ) async throws(TransferError) -> RelayCounters {
        let (channels, address) = (channels, address)
        let compression: RelayCompression = isAdaptive ? .adaptive : .always
        try Self.makePlace(of: sockets)
        let connect = sockets.flatMap { ["--connect", $0] } + (address.map { ["--listen", $0] } ?? [])
        return try await PeerShell(host: host, words: shell).converse(with: apus, ["relay"] + connect) {
            (link) throws(TransferError) in
            let way = try await SendJob.way(to: address, over: link)
            let relay = try Relay(
                listeningOn: channels, over: way, session: .random(), limits: Self.limits,
                compression: compression)
            return try await relay.run { ready(relay) }
        }
    }

    /// Makes the directory of the sockets, unless it is there: whoever QEMU runs as may make its own in it.
    private static func makePlace(of sockets: [String]) throws(TransferError) {
        for path in sockets {
            let directory = FilePath(path).removingLastComponent().string
            var (place, owner) = (stat(), stat())
            let isThere = unsafe mkdir(directory, 0o700) == 0 || errno == EEXIST
            guard isThere, unsafe lstat(directory, &place) == 0, place.st_mode & S_IFMT == S_IFDIR,
                unsafe stat(home, &owner) == 0, unsafe chown(directory, owner.st_uid, owner.st_gid) == 0
            else {
                throw TransferError(
                    .diskFailed, "make \(directory), where a relay's sockets lie, for QEMU's user",
                    "\(Errno(rawValue: errno))", hint: nil)
            }
        }
    }

    /// Of a guest's memory some MiB may be on their way: with less, one end waits for the other.
    private static var limits: RelayLimits {
        var limits = RelayLimits()
        limits.window = 4 << 20
        return limits
    }

    /// Libvirt's directory that belongs to whom QEMU runs as.
    private static let home = "/var/lib/libvirt/qemu"

    /// The end on the destination, over standard input and output.
    ///
    /// - Parameters:
    ///   - sockets: QEMU's, in the order of the channels.
    ///   - address: of this host, where the other end will connect to; `nil` is here.
    /// - Throws: `TransferError` of either side.
    package static func carryHere(_ sockets: [String], address: String?) throws(TransferError) {
        // QEMU makes them when it is told to listen, which is after this; one that nobody listens at would be in its way.
        Niceness.giveWay(by: 5)
        try makePlace(of: sockets)
        for path in sockets { unsafe unlink(path) }
        let shell = Link.standardStreams()
        let link = if let address { try shell.awaitConnection(on: address) } else { shell }
        _ = try Relay(connectingTo: channels(sockets), over: link, session: nil, limits: limits)
            .runBlocking()
    }
}
