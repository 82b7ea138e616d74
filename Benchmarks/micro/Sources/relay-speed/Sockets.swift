import Glibc
import SystemPackage

struct Failure: Error { let detail: String }

/// A local socket of each kind that the relay meets; blocking.
enum Sockets {
    /// Two ends over the loopback interface, which can be shaped.
    static func tcpPair() throws -> (FileDescriptor, FileDescriptor) {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let near = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        let isConnected = withUnsafeMutableBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { address in
                bind(listener, address.baseAddress, length) == 0 && Glibc.listen(listener, 1) == 0
                    && getsockname(listener, address.baseAddress, &length) == 0
                    && Glibc.connect(near, address.baseAddress, length) == 0
            }
        }
        guard isConnected else { throw Failure(detail: "loopback: \(Errno(rawValue: errno))") }
        return (FileDescriptor(rawValue: near), try accept(FileDescriptor(rawValue: listener)))
    }

    static func pair() throws -> (FileDescriptor, FileDescriptor) {
        var pair: [CInt] = [0, 0]
        guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &pair) == 0 else {
            throw Failure(detail: "socketpair: \(Errno(rawValue: errno))")
        }
        return (FileDescriptor(rawValue: pair[0]), FileDescriptor(rawValue: pair[1]))
    }

    static func listen(at path: String) throws -> FileDescriptor {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        guard withAddress(path, { bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 64) == 0 else {
            throw Failure(detail: "listen at \(path): \(Errno(rawValue: errno))")
        }
        return FileDescriptor(rawValue: descriptor)
    }

    static func connect(to path: String) throws -> FileDescriptor {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        guard withAddress(path, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            throw Failure(detail: "connect to \(path): \(Errno(rawValue: errno))")
        }
        return FileDescriptor(rawValue: descriptor)
    }

    static func accept(_ listener: FileDescriptor) throws -> FileDescriptor {
        let descriptor = Glibc.accept(listener.rawValue, nil, nil)
        guard descriptor >= 0 else { throw Failure(detail: "accept: \(Errno(rawValue: errno))") }
        return FileDescriptor(rawValue: descriptor)
    }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        return withUnsafeBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { address in
                address.baseAddress.map { body($0, socklen_t(bytes.count)) } ?? -1
            }
        }
    }
}
