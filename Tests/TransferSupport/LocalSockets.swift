import Glibc
package import SystemPackage

/// UNIX sockets with a path, as QEMU has them: blocking.
package enum LocalSockets {
    package static func listen(at path: String) throws -> FileDescriptor {
        let made = try open()
        guard withAddress(path, { bind(made.rawValue, $0, $1) }) == 0, Glibc.listen(made.rawValue, 512) == 0
        else { throw Errno(rawValue: errno) }
        return made
    }

    package static func connect(to path: String) throws -> FileDescriptor {
        let made = try open()
        guard withAddress(path, { Glibc.connect(made.rawValue, $0, $1) }) == 0 else {
            let error = Errno(rawValue: errno)
            try made.close()
            throw error
        }
        return made
    }

    package static func accept(_ listener: FileDescriptor) throws -> FileDescriptor {
        let accepted = Glibc.accept(listener.rawValue, nil, nil)
        guard accepted >= 0 else { throw Errno(rawValue: errno) }
        return FileDescriptor(rawValue: accepted)
    }

    private static func open() throws -> FileDescriptor {
        let made = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard made >= 0 else { throw Errno(rawValue: errno) }
        return FileDescriptor(rawValue: made)
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
