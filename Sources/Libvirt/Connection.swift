internal import CLibvirt
internal import Glibc

/// An open connection to one libvirt daemon.
///
/// All its calls run on one dispatch queue of its own and may block; a long call (a migration) therefore gets
/// a connection of its own, and whoever wants to watch or abort it uses another.
package actor Connection {
    /// How soon a silent peer is noticed: `interval` × (`count` + 1) seconds.
    package struct Keepalive: Sendable {
        package let interval: Duration
        package let count: UInt32

        /// 2 s × (3 + 1): a dead host is noticed after 8 s.
        package static let standard = Keepalive(interval: .seconds(2), count: 3)

        package init(interval: Duration, count: UInt32) {
            self.interval = interval
            self.count = count
        }
    }

    /// The URI that was asked for.
    package nonisolated let uri: String
    /// Yields once, when the daemon or the link went away, and ends; ends without a word when we close.
    package nonisolated let closed: AsyncStream<CloseReason>

    nonisolated let handle: ConnectionHandle
    private nonisolated let executor: QueueExecutor

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    private init(
        uri: String, handle: consuming ConnectionHandle, executor: QueueExecutor,
        closed: AsyncStream<CloseReason>
    ) {
        self.uri = uri
        self.handle = handle
        self.executor = executor
        self.closed = closed
    }

    /// Opens a connection; may block for as long as the transport does (TCP gives up after minutes).
    ///
    /// - Parameters:
    ///   - uri: a libvirt URI, such as `qemu+ssh://beta/system`.
    ///   - keepalive: how a dead peer is noticed; drivers without a remote side ignore it.
    /// - Returns: the open connection, with a queue of its own.
    /// - Throws: `LibvirtError`, with `.noConnection`, `.authenticationFailed`, `.remoteFailure` or
    ///   `.systemError` where the daemon could not be reached.
    package static func open(
        _ uri: String, keepalive: Keepalive = .standard
    ) async throws(LibvirtError) -> Connection {
        EventLoop.start()
        return try await Opener(label: "libvirt \(uri)").open(uri, keepalive: keepalive)
    }

    /// Carries the blocking `virConnectOpen` out on the queue that the connection then keeps.
    private actor Opener {
        private nonisolated let executor: QueueExecutor
        nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

        init(label: String) { executor = QueueExecutor(label: label) }

        func open(_ uri: String, keepalive: Keepalive) throws(LibvirtError) -> Connection {
            guard let raw = unsafe virConnectOpen(uri) else { throw .last("connect to \(uri)") }
            let (closed, continuation) = AsyncStream.makeStream(of: CloseReason.self)
            let handle = unsafe ConnectionHandle(adopting: raw, closed: continuation)
            // libvirt counts whole seconds and reads 0 as "off".
            let seconds = max(1, CInt(clamping: keepalive.interval.components.seconds))
            // The test driver has no remote side and refuses keepalive: nothing to watch there.
            if unsafe virConnectSetKeepAlive(raw, seconds, keepalive.count) < 0 {
                virResetLastError()
            }
            return Connection(uri: uri, handle: handle, executor: executor, closed: closed)
        }
    }

    /// Whether the link to the daemon still stands, as far as is known.
    package func isAlive() -> Bool {
        let alive = unsafe virConnectIsAlive(handle.raw)
        if alive < 0 { virResetLastError() }
        return alive > 0
    }

    // MARK: What the daemon says of itself

    /// The host name as the daemon knows it.
    package func hostname() throws(LibvirtError) -> String {
        try unsafe adopt("read the host name of \(uri)", virConnectGetHostname(handle.raw))
    }

    /// The capabilities document: host UUID, CPU, machine types.
    package func capabilities() throws(LibvirtError) -> String {
        try unsafe adopt("read the capabilities of \(uri)", virConnectGetCapabilities(handle.raw))
    }

    /// The daemon's libvirt version.
    package func libvirtVersion() throws(LibvirtError) -> LibraryVersion {
        var number: CUnsignedLong = 0
        try check("read the libvirt version of \(uri)", unsafe virConnectGetLibVersion(handle.raw, &number))
        return LibraryVersion(number: UInt64(number))
    }

    /// The hypervisor's version (QEMU's, on `qemu:` URIs).
    package func hypervisorVersion() throws(LibvirtError) -> LibraryVersion {
        var number: CUnsignedLong = 0
        try check("read the hypervisor version of \(uri)", unsafe virConnectGetVersion(handle.raw, &number))
        return LibraryVersion(number: UInt64(number))
    }

    /// Processors and memory of the host.
    package func node() throws(LibvirtError) -> NodeInformation {
        var info = virNodeInfo()
        try check("read the processors and memory of \(uri)", unsafe virNodeGetInfo(handle.raw, &info))
        let free = unsafe virNodeGetFreeMemory(handle.raw)
        if free == 0 { virResetLastError() }
        return NodeInformation(
            processors: Int(info.cpus), cells: Int(info.nodes), memoryBytes: UInt64(info.memory) * 1024,
            freeMemoryBytes: free == 0 ? nil : UInt64(free))
    }
}

/// Processors and memory of a host. Source: `virNodeGetInfo`, `virNodeGetFreeMemory`.
package struct NodeInformation: Sendable, Equatable {
    /// Logical processors that are online.
    package let processors: Int
    /// NUMA cells, 1 on a host without.
    package let cells: Int
    package let memoryBytes: UInt64
    /// `nil` where the driver cannot tell.
    package let freeMemoryBytes: UInt64?
}

/// A version as libvirt encodes it: major × 1,000,000 + minor × 1,000 + release.
package struct LibraryVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let number: UInt64

    package init(number: UInt64) { self.number = number }

    package init(_ major: UInt64, _ minor: UInt64, _ release: UInt64) {
        number = major * 1_000_000 + minor * 1_000 + release
    }

    package var description: String {
        "\(number / 1_000_000).\(number / 1_000 % 1_000).\(number % 1_000)"
    }

    package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}
