import Glibc
import Synchronization
import SystemPackage

/// A socket that QEMU connects to, on the source.
final class LocalListener: Sendable {
    let channel: RelayChannel
    private let descriptor: CInt
    private let isStopped = Mutex(false)

    /// Makes the socket; from then on QEMU may connect.
    ///
    /// - Throws: `file-exists` where the path is taken, `disk-failed`.
    init(_ channel: RelayChannel) throws(TransferError) {
        self.channel = channel
        do {
            descriptor = try Self.listen(at: channel.path, mode: channel.mode)
        } catch {
            let known = error == .addressInUse ? Errno.fileExists : error
            throw .file(channel.path.string, "listen on the socket", known)
        }
    }

    deinit {
        stop()
        close(descriptor)
    }

    private static func listen(at path: FilePath, mode: FilePermissions) throws(Errno) -> CInt {
        var address = try SocketAddress(path)
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        let isBound = unsafe address.withPointer { unsafe bind(descriptor, $0, $1) } == 0
        // Who may connect is settled before anybody can; of the socket, whatever others put into its place.
        guard isBound,
            unsafe fchmodat(AT_FDCWD, path.string, mode.rawValue, AT_SYMLINK_NOFOLLOW) == 0,
            Glibc.listen(descriptor, 512) == 0
        else {
            let error = Errno(rawValue: errno)
            if isBound { unsafe unlink(path.string) }
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// The next connection; `nil` once it has been stopped.
    func accept() -> LocalSocket? {
        while true {
            let accepted = Glibc.accept(descriptor, nil, nil)
            if accepted >= 0 {
                _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
                return LocalSocket(adopting: accepted)
            }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                // Nothing tells when there is one to be had again.
                guard !isStopped.withLock({ $0 }) else { return nil }
                usleep(100_000)
            default: return nil
            }
        }
    }

    /// Nobody connects any more; the path goes.
    func stop() {
        isStopped.withLock { isStopped in
            guard !isStopped else { return }
            isStopped = true
            unsafe unlink(channel.path.string)
            shutdown(descriptor, CInt(SHUT_RDWR))
        }
    }
}
