import Glibc

/// Where text goes: data to standard output, everything else to standard error.
///
/// A terminal that was closed, or a reader that went away, is not an error: the move goes on.
enum Console {
    static func print(_ text: String) {
        write(text + "\n", to: STDOUT_FILENO)
    }

    static func note(_ text: String) {
        write(text + "\n", to: STDERR_FILENO)
    }

    /// Without a line end, for a line that is drawn again and again.
    static func draw(_ text: String) {
        write(text, to: STDERR_FILENO)
    }

    static var progressIsVisible: Bool { isatty(STDERR_FILENO) == 1 && environment("TERM") != "dumb" }

    /// Whether standard error takes a line now: progress must never wait for a terminal that stands still.
    static var progressWouldBlock: Bool {
        var descriptor = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        return poll(&descriptor, 1, 0) != 1 || descriptor.revents & Int16(POLLOUT) == 0
    }

    /// Columns of the terminal on standard error; 80 where there is none.
    static var width: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 {
                guard errno == EINTR || errno == EAGAIN else { return }
                var writable = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&writable, 1, 1000)
                continue
            }
            bytes = bytes.dropFirst(written)
        }
    }
}
