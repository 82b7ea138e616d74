import Glibc
import SystemPackage

/// A TCP connection between two ends that have met over a remote shell before: one listens at an address of a network that is
/// trusted, and takes the one connection that begins with their secret.
///
/// The shell authenticates both ends to each other; what goes over the connection is neither encrypted nor signed.
struct DirectLink {
    /// What both ends know, and nobody else: 32 random bytes, in hexadecimal.
    struct Secret {
        static let length = 64
        let bytes: [UInt8]

        init() {
            var generator = SystemRandomNumberGenerator()
            let digits = Array("0123456789abcdef".utf8)
            bytes = (0..<Self.length).map { _ in digits[Int(generator.next(upperBound: 16 as UInt64))] }
        }

        init?(_ line: String) {
            guard line.utf8.count == Self.length else { return nil }
            bytes = Array(line.utf8)
        }

        /// Takes as long for a wrong guess as for a right one.
        func matches(_ other: [UInt8]) -> Bool {
            other.count == bytes.count && zip(bytes, other).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
        }
    }

    /// The first word of an end that will listen.
    static let greeting = "apus"

    /// How long the other end may take to connect, and to say the secret.
    private static let patience: CInt = 10_000

    /// Waits for the one connection that knows the secret.
    ///
    /// - Parameters:
    ///   - address: a numeric one of this host, where the port is to be.
    ///   - secret: that the other end begins with.
    ///   - announce: told the port when it is open.
    /// - Returns: the connection.
    /// - Throws: `stream-broken` when nobody came in time.
    static func accept(
        on address: String, _ secret: Secret, announce: (UInt16) throws(TransferError) -> Void
    ) throws(TransferError) -> Link {
        let listener = try unsafe open(address, port: 0) { (descriptor, name, length) in
            guard unsafe bind(descriptor, name, length) == 0 else { return false }
            return listen(descriptor, 4) == 0
        }
        let socket = OpenFile(adopting: listener)
        try announce(try port(of: listener))
        let deadline = ContinuousClock.now.advanced(by: .milliseconds(Int(patience)))
        // Anybody may knock: only who knows the secret comes in.
        while ContinuousClock.now < deadline {
            let left = CInt(clamping: Int64(ContinuousClock.now.duration(to: deadline) / .milliseconds(1)))
            var waiting = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&waiting, 1, max(left, 0)) > 0 else { continue }
            let raw = Glibc.accept(listener, nil, nil)
            guard raw >= 0 else { continue }
            if secret.matches(read(Secret.length, from: raw, until: deadline)) {
                return withExtendedLifetime(socket) { link(raw) }
            }
            close(raw)
        }
        throw .streamBroken("nobody connected to \(address) who knew the secret")
    }

    /// Connects to the end that waits.
    static func connect(to address: String, port: UInt16, _ secret: Secret) throws(TransferError) -> Link {
        let raw = try unsafe open(address, port: port) { (descriptor, name, length) in
            // Linux holds connect(2) to it, too.
            var limit = timeval(tv_sec: Int(patience) / 1000, tv_usec: 0)
            _ = unsafe setsockopt(
                descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            return unsafe Glibc.connect(descriptor, name, length) == 0
        }
        let link = link(raw)
        try link.write(secret.bytes[...], [])
        return link
    }

    private static func link(_ raw: CInt) -> Link {
        var isOn: CInt = 1
        // What is written is a whole frame: nothing is gained by waiting for more.
        _ = unsafe setsockopt(
            raw, CInt(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<CInt>.size))
        return Link(adopting: FileDescriptor(rawValue: raw), FileDescriptor(rawValue: raw))
    }

    /// - Parameters:
    ///   - address: a numeric one.
    ///   - port: 0 for any.
    ///   - body: binds or connects; what it returns says whether that could be done.
    /// - Returns: the socket.
    /// - Throws: `refused` for an address that is none, `stream-broken`.
    private static func open(
        _ address: String, port: UInt16,
        _ body: (CInt, UnsafePointer<sockaddr>, socklen_t) -> Bool
    ) throws(TransferError) -> CInt {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(address, "\(port)", &hints, &found) == 0, let first = unsafe found else {
            throw TransferError(
                .refused, "open a TCP connection", "\(address) is no address",
                hint:
                    "Give the destination a numeric migration-address in the inventory, or leave transport: tcp out."
            )
        }
        defer { unsafe freeaddrinfo(found) }
        let info = unsafe first.pointee
        let (family, type) = unsafe (info.ai_family, info.ai_socktype)
        let raw = socket(family, type | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard raw >= 0, let name = unsafe info.ai_addr, unsafe body(raw, name, info.ai_addrlen) else {
            let error = Errno(rawValue: errno)
            if raw >= 0 { close(raw) }
            throw TransferError(
                .streamBroken, "open a TCP connection", "\(address)\(port == 0 ? "" : ":\(port)"): \(error)",
                hint:
                    "See to the route and the firewall between the migration addresses (any port of the destination), or "
                    + "leave transport: tcp out of the inventory.")
        }
        return raw
    }

    private static func port(of socket: CInt) throws(TransferError) -> UInt16 {
        var name = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let status = unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(socket, $0, &length)
            }
        }
        guard status == 0 else { throw .file("a socket", "find its port", Errno(rawValue: errno)) }
        // The port is at the same place in both families' addresses.
        return UInt16(bigEndian: name.sin6_port)
    }

    private static func read(
        _ count: Int, from raw: CInt, until deadline: ContinuousClock.Instant
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            var waiting = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
            // Whoever knows it says it at once.
            guard ContinuousClock.now < deadline, unsafe poll(&waiting, 1, 1000) > 0 else { break }
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(raw, buffer.baseAddress.map { unsafe $0 + done }, count - done)
            }
            guard got > 0 else { break }
            done += got
        }
        return Array(bytes.prefix(done))
    }
}

extension Link {
    /// A line of what two ends say to each other before their session; without its end.
    func line() throws(TransferError) -> String {
        var bytes: [UInt8] = []
        while bytes.count < 4096 {
            var byte: [UInt8] = [0]
            let count = try unsafe byte.withUnsafeMutableBufferPointer { buffer throws(TransferError) in
                try unsafe read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            guard count > 0 else {
                throw .streamBroken("the other end ended before it said where it listens")
            }
            if byte[0] == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes += byte
        }
        throw .streamBroken("the other end said too much before its session")
    }

    func say(_ line: String) throws(TransferError) { try write(Array("\(line)\n".utf8)[...], []) }
}
