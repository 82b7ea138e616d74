import Glibc

/// Standard input, line by line; reading it blocks.
struct InputLines: Sendable {
    /// How long nobody may say anything: whoever is there is heard every few seconds.
    private static let patience: CInt = 30_000
    private var buffer: [UInt8] = []

    /// Without its end; `nil` when there are no more, none has come for too long, or one is longer than any that is meant
    /// for us.
    mutating func next() -> String? {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                defer { buffer.removeFirst(end + 1) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            guard buffer.count < 16 << 20 else { return nil }
            var waiting = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            let isReady = poll(&waiting, 1, Self.patience)
            if isReady < 0, errno == EINTR { continue }
            guard isReady > 0 else { return nil }
            let count = read(STDIN_FILENO, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            buffer.append(contentsOf: chunk.prefix(count))
        }
    }
}
