import Glibc
import SystemPackage

/// The address of a UNIX socket that has a path.
struct SocketAddress {
    private var raw = sockaddr_un()

    /// - Throws: `EINVAL` and `ENAMETOOLONG`; Linux has room for 107 bytes.
    init(_ path: FilePath) throws(Errno) {
        let bytes = Array(path.string.utf8)
        guard !bytes.isEmpty, !bytes.contains(0) else { throw .invalidArgument }
        raw.sun_family = sa_family_t(AF_UNIX)
        let fits = unsafe withUnsafeMutableBytes(of: &raw.sun_path) { room in
            guard bytes.count < room.count else { return false }
            unsafe room.copyBytes(from: bytes)
            return true
        }
        guard fits else { throw .fileNameTooLong }
    }

    mutating func withPointer<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
        unsafe withUnsafePointer(to: &raw) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
