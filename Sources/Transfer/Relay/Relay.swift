package import SystemPackage

/// A socket that QEMU's connections go through: memory has one, disks have one.
package struct RelayChannel: Sendable, Equatable {
    /// What both ends call it.
    package let number: UInt16
    /// On the source the relay makes it, on the destination QEMU does.
    package let path: FilePath
    /// Who may connect on the source.
    package let mode: FilePermissions

    package init(
        _ number: UInt16, at path: FilePath, mode: FilePermissions = FilePermissions(rawValue: 0o666)
    ) {
        self.number = number
        self.path = path
        self.mode = mode
    }
}

/// One end of a relay: it carries QEMU's connections between two hosts over one link.
///
/// On the source it listens, and whoever connects is connected to the same channel's socket on the destination.
/// Both directions flow by themselves; what was read is sent at once. A stream ends as its sockets end. When the
/// link breaks, each socket breaks too: a relay never turns a failure into a clean end.
package final class Relay: Sendable {
    private let session: RelaySession

    /// The end on the source. When this returns, QEMU may connect.
    ///
    /// - Parameters:
    ///   - channels: the sockets to listen on.
    ///   - link: to the other end.
    ///   - session: what both ends call this relay.
    ///   - limits: what it may use.
    ///   - compression: of what is sent from here.
    /// - Throws: `file-exists` where a socket's path is taken, `disk-failed`, `out-of-memory`.
    package convenience init(
        listeningOn channels: [RelayChannel], over link: Link, session: SessionID,
        limits: RelayLimits = RelayLimits(), compression: RelayCompression = .adaptive
    ) throws(TransferError) {
        var listeners: [LocalListener] = []
        for channel in channels { listeners.append(try LocalListener(channel)) }
        try self.init(.source(listeners), link, session, limits, compression)
    }

    /// The end on the destination.
    ///
    /// - Parameters:
    ///   - channels: the sockets to connect to.
    ///   - link: to the other end.
    ///   - session: what both ends call this relay; `nil` takes part in any.
    ///   - limits: what it may use.
    ///   - compression: of what is sent from here.
    /// - Throws: `out-of-memory`.
    package convenience init(
        connectingTo channels: [RelayChannel], over link: Link, session: SessionID?,
        limits: RelayLimits = RelayLimits(), compression: RelayCompression = .adaptive
    ) throws(TransferError) {
        try self.init(.destination(channels), link, session ?? .any, limits, compression)
    }

    private init(
        _ end: RelaySession.End, _ link: Link, _ session: SessionID, _ limits: RelayLimits,
        _ compression: RelayCompression
    ) throws(TransferError) {
        self.session = try RelaySession(end, link, session, limits, compression)
    }

    /// Carries until all streams have ended and ``finish()`` was called on the source, or until something breaks. A
    /// cancelled task breaks the link.
    ///
    /// - Parameter greeted: called when the other end is there.
    /// - Returns: what it has carried.
    /// - Throws: `TransferError` of either side. Every socket has been reset by then.
    package func run(
        greeted: @escaping @Sendable () -> Void = {}
    ) async throws(TransferError) -> RelayCounters {
        try await SessionThreads.run(over: session.link) {
            Result { () throws(TransferError) in try self.runBlocking(greeted: greeted) }
        }
    }

    /// The same, on the calling thread and some of its own.
    package func runBlocking(greeted: () -> Void = {}) throws(TransferError) -> RelayCounters {
        try session.run(greeted: greeted)
    }

    /// No further connection is taken; when those that are open have ended, so do both ends. It is the
    /// source's to say: on the destination it does nothing.
    package func finish() { session.finish() }

    /// Breaks the link, and with it every connection, on both hosts.
    package func end() { session.end() }

    /// Changes how what is sent from here is treated, from the next bytes on.
    package func setCompression(_ compression: RelayCompression) {
        session.outbox.setCompression(compression)
    }

    /// What it has carried so far.
    package var counters: RelayCounters { session.counters }
}

/// What a relay end may use.
package struct RelayLimits: Sendable, Equatable {
    /// Connections at a time.
    package var streams = 1024
    /// Bytes of a stream that the other end may have on their way to here: 512 KiB to 16 MiB. A long and fast link
    /// needs its speed times its round trip.
    package var window = StreamCredit.initial
    /// Threads that compress what is sent.
    package var compressors = 2

    package init() {}
}
