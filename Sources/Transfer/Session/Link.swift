import Glibc
import Synchronization
package import SystemPackage

/// One duplex byte stream: a socket, or the two pipes of a remote shell. It owns the descriptors.
///
/// Reads and writes block, on threads of the session.
package final class Link: Sendable {
    private let input: CInt
    private let output: CInt
    private let outputIsOpen = Mutex(true)

    /// Takes the descriptors over; they may be one and the same.
    package init(adopting input: FileDescriptor, _ output: FileDescriptor) {
        _ = Self.outlivesItsPeer
        self.input = input.rawValue
        self.output = output.rawValue
    }

    /// Standard input and output, as a remote shell gives them; nobody else may use them any more.
    package static func standardStreams() -> Link {
        Link(adopting: .standardInput, .standardOutput)
    }

    /// A peer that went away is an error of write(2), not a signal that ends this process.
    private static let outlivesItsPeer: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

    deinit {
        finishOutput()
        close(input)
    }

    /// Ends the session from outside, on any thread: blocked reads and writes of a socket return at once. A pipe
    /// has nothing of the kind; there the peer's process must be ended.
    package func end() {
        shutdown(input, CInt(SHUT_RDWR))
        outputIsOpen.withLock { isOpen in
            if isOpen { _ = shutdown(output, CInt(SHUT_RDWR)) }
        }
    }

    /// Says that nothing more will be sent. Nothing may be written any more.
    func finishOutput() {
        outputIsOpen.withLock { isOpen in
            guard isOpen else { return }
            isOpen = false
            if output == input {
                shutdown(output, CInt(SHUT_WR))
            } else {
                close(output)
            }
        }
    }

    /// Waits until there is something to read, or the end of the stream.
    func waitForInput() {
        var descriptor = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
        while unsafe poll(&descriptor, 1, -1) < 0, errno == EINTR {}
    }

    /// - Returns: how many bytes came; 0 at the end of the stream.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(TransferError) -> Int {
        while true {
            let count = unsafe Glibc.read(input, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            let error = Errno(rawValue: errno)
            guard error == .interrupted else {
                throw .streamBroken("the connection to the other end broke (\(error))")
            }
        }
    }

    /// Writes both, one behind the other.
    func write(_ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>) throws(TransferError) {
        var first = first
        var second = second
        while !first.isEmpty || !second.isEmpty {
            let count = unsafe first.withUnsafeBytes { first in
                unsafe second.withUnsafeBytes { second in
                    let parts = unsafe [
                        iovec(
                            iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress),
                            iov_len: first.count),
                        iovec(
                            iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress),
                            iov_len: second.count),
                    ]
                    return unsafe writev(output, parts, 2)
                }
            }
            if count < 0 {
                let error = Errno(rawValue: errno)
                guard error == .interrupted else {
                    throw .streamBroken("the connection to the other end broke (\(error))")
                }
                continue
            }
            let ofFirst = min(count, first.count)
            first = first.dropFirst(ofFirst)
            second = second.dropFirst(count - ofFirst)
        }
    }
}
