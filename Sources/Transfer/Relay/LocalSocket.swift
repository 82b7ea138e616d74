import Glibc
import Synchronization
import SystemPackage

/// One of QEMU's connections, at this end of the relay. One thread reads, one writes, the last of them closes.
///
/// A UNIX socket that is closed is a clean end to its peer, whatever broke, unless bytes were left unread in it:
/// then it is a reset (`unix_release_sock` in Linux). So the last byte that was read stays in the socket until the
/// next one comes. When the relay gives up, or is killed, QEMU sees a broken connection. A peer that has never
/// sent a byte sees an end nevertheless.
final class LocalSocket: Sendable {
    enum Input: Sendable, Equatable {
        case bytes([UInt8])
        /// The peer has shut its direction.
        case end
        case broken
    }

    private let descriptor: CInt
    /// Whether the first byte in the socket has been read already. The thread that reads changes it.
    private let holdsByte = Atomic(false)

    /// Takes the descriptor over.
    init(adopting descriptor: CInt) {
        self.descriptor = descriptor
        _ = peekOffset(0)
    }

    /// Connects to a socket's path.
    ///
    /// - Throws: `disk-failed` where nobody listens, or nobody answers for ten seconds.
    static func connect(to path: FilePath) throws(TransferError) -> LocalSocket {
        do throws(Errno) {
            var address = try SocketAddress(path)
            let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { throw Errno(rawValue: errno) }
            // A backlog that is full would be waited for without an end.
            var limit = timeval(tv_sec: 10, tv_usec: 0)
            unsafe setsockopt(
                descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            let status = unsafe address.withPointer { unsafe Glibc.connect(descriptor, $0, $1) }
            guard status == 0 else {
                let error = Errno(rawValue: errno)
                Glibc.close(descriptor)
                throw error
            }
            return LocalSocket(adopting: descriptor)
        } catch {
            throw .file(path.string, "connect to the socket", error)
        }
    }

    /// Waits for bytes and takes all that are there, up to a limit: no byte waits for more to come.
    func read(atMost limit: Int) -> Input {
        let held = holdsByte.load(ordering: .relaxed) ? 1 : 0
        // Behind the byte that is held; the offset was left there.
        switch wait(behind: held) {
        case 0: return .end
        case 1: break
        default: return .broken
        }
        var there: CInt = 0
        guard unsafe ioctl(descriptor, UInt(FIONREAD), &there) == 0 else { return .broken }
        let count = min(Int(there) - held, limit)
        guard count > 0 else { return .broken }
        var isWhole = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, length in
            isWhole = unsafe take(
                held,
                into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<count])))
            length = isWhole ? count : 0
        }
        holdsByte.store(true, ordering: .relaxed)
        return isWhole ? .bytes(bytes) : .broken
    }

    /// Waits until there is a byte behind those that are held.
    private func wait(behind held: Int) -> Int {
        guard peekOffset(held) else { return -1 }
        var byte: UInt8 = 0
        while true {
            let count = unsafe recv(descriptor, &byte, 1, CInt(MSG_PEEK))
            if count >= 0 || errno != EINTR { return count }
        }
    }

    /// Takes what is held, and fills the buffer: its last byte stays in the socket too.
    private func take(_ held: Int, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        var taken = 0
        var known: UInt8 = 0
        while taken < held + buffer.count - 1 {
            let start = max(taken - held, 0)
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[start..<buffer.count - 1])
            let count = unsafe withUnsafeMutableBytes(of: &known) { known in
                let first = held - min(taken, held)
                let parts = unsafe [
                    iovec(iov_base: known.baseAddress, iov_len: first),
                    iovec(iov_base: rest.baseAddress, iov_len: rest.count),
                ]
                return unsafe readv(descriptor, parts, 2)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            taken += count
        }
        guard peekOffset(0) else { return false }
        let last = unsafe buffer.baseAddress.map { unsafe $0 + (buffer.count - 1) }
        return unsafe recv(descriptor, last, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT)) == 1
    }

    private func peekOffset(_ offset: Int) -> Bool {
        var offset = CInt(offset)
        return unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_PEEK_OFF, &offset, socklen_t(MemoryLayout<CInt>.size)) == 0
    }

    /// Writes all of it; waits while the peer is slow, unless the signal comes.
    ///
    /// - Returns: `false` when it could not.
    func write(_ bytes: ArraySlice<UInt8>, unless signal: Signal) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe send(
                    descriptor, bytes.baseAddress, bytes.count,
                    CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL))
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                guard signal.wait(untilWritable: descriptor) else { return false }
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }

    /// Writes all of it, which is little, or nothing.
    func writeAtOnce(_ bytes: ArraySlice<UInt8>) -> Bool {
        // Linux cuts nothing of up to 32 KiB: it is one buffer of a stream socket.
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe send(
                descriptor, bytes.baseAddress, bytes.count, CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL))
        } == bytes.count
    }

    /// Passes on that nothing follows in this direction.
    func finishWriting() { shutdown(descriptor, CInt(SHUT_WR)) }

    /// A thread that reads returns. The peer sees nothing but that it cannot write any more.
    func stopReading() { shutdown(descriptor, CInt(SHUT_RD)) }

    /// Closes it, once no thread uses it any more: with a clean end, or so that the peer sees that it broke.
    func close(cleanly: Bool) {
        if cleanly, holdsByte.load(ordering: .relaxed) {
            var byte: UInt8 = 0
            _ = unsafe recv(descriptor, &byte, 1, CInt(MSG_DONTWAIT))
        }
        Glibc.close(descriptor)
    }
}

/// Tells all threads that wait for slow peers, once and for good, that they have waited long enough.
final class Signal: Sendable {
    private let ends: (read: FileDescriptor, write: FileDescriptor)

    /// - Throws: `out-of-memory` where there are no descriptors left.
    init() throws(TransferError) {
        do {
            let pipe = try FileDescriptor.pipe()
            ends = (pipe.readEnd, pipe.writeEnd)
        } catch {
            throw TransferError(
                .outOfMemory, "begin", "\(error)", hint: "Raise the limit on open files (ulimit -n).")
        }
    }

    deinit {
        try? ends.read.close()
        try? ends.write.close()
    }

    func give() { _ = try? ends.write.writeAll([1]) }

    /// - Returns: `false` when the signal came.
    func wait(untilWritable descriptor: CInt) -> Bool {
        var waited = [
            pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: ends.read.rawValue, events: Int16(POLLIN), revents: 0),
        ]
        while unsafe poll(&waited, 2, -1) < 0 {
            guard errno == EINTR else { return false }
        }
        return waited[1].revents == 0
    }
}
