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
    /// How long the other end may say nothing, in milliseconds; negative is for ever.
    private let silence = Atomic<CInt>(-1)
    private let isDead = Atomic(false)
    private let patience: Duration

    /// Takes the descriptors over; they may be one and the same.
    ///
    /// - Parameters:
    ///   - input: to read from.
    ///   - output: to write to.
    ///   - patience: how long an other end that has promised to be heard every few seconds may be silent.
    package init(adopting input: FileDescriptor, _ output: FileDescriptor, patience: Duration = .seconds(30))
    {
        _ = Self.outlivesItsPeer
        self.patience = patience
        self.input = input.rawValue
        self.output = output.rawValue
        // So that a peer that neither reads nor goes away can be given up.
        for descriptor in Set([input.rawValue, output.rawValue]) {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
    }

    /// From now on an other end that neither sends nor reads anything for too long counts as gone.
    func limitSilence() {
        silence.store(CInt(clamping: Int64(patience / .milliseconds(1))), ordering: .relaxed)
    }

    /// Standard input and output, as a remote shell gives them; nobody else may use them any more.
    package static func standardStreams() -> Link {
        let link = Link(adopting: .standardInput, .standardOutput)
        link.limitSilence()
        return link
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

    /// Keeps what the system has taken and not sent yet short, so that a small message is soon on its way. Of
    /// use to TCP only.
    func prefersLatency() {
        for (option, value) in [(TCP_NODELAY, 1), (TCP_NOTSENT_LOWAT, 128 << 10)] as [(CInt, CInt)] {
            var value = value
            unsafe setsockopt(
                output, CInt(IPPROTO_TCP), option, &value, socklen_t(MemoryLayout<CInt>.size))
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
    ///
    /// - Throws: `stream-broken` when that takes too long.
    func waitForInput() throws(TransferError) { try pause(POLLIN, on: input, "said nothing") }

    /// - Returns: `false` when that took too long.
    private static func wait(for event: CInt, on descriptor: CInt, _ milliseconds: CInt) -> Bool {
        var descriptor = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        while true {
            let count = unsafe poll(&descriptor, 1, milliseconds)
            if count >= 0 || errno != EINTR { return count != 0 }
        }
    }

    /// Waits until a call that would have blocked need not.
    private func pause(_ event: CInt, on descriptor: CInt, _ doing: String) throws(TransferError) {
        let limit = silence.load(ordering: .relaxed)
        guard !isDead.load(ordering: .relaxed), Self.wait(for: event, on: descriptor, limit) else {
            // What is left to say is not waited for a second time.
            isDead.store(true, ordering: .relaxed)
            throw .streamBroken("the other end \(doing) for \(limit / 1000) s")
        }
    }

    /// - Returns: how many bytes came; 0 at the end of the stream.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(TransferError) -> Int {
        while true {
            let count = unsafe Glibc.read(input, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            let error = Errno(rawValue: errno)
            if error == .wouldBlock {
                try pause(POLLIN, on: input, "said nothing")
            } else if error != .interrupted {
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
                if error == .wouldBlock {
                    try pause(POLLOUT, on: output, "took nothing")
                } else if error != .interrupted {
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
