import Glibc
import SystemPackage

/// A descriptor with one owner; it is closed when nobody holds it any more.
final class OpenFile: Sendable {
    private let raw: CInt

    init(adopting raw: CInt) {
        self.raw = raw
    }

    deinit { _ = Glibc.close(raw) }

    /// Opens a name below a directory; a symbolic link there is not followed, and nothing blocks on a pipe.
    ///
    /// - Parameters:
    ///   - name: a path where there is no directory.
    ///   - directory: `nil` for the working directory.
    ///   - flags: of open(2).
    ///   - mode: of a file that is created.
    /// - Throws: what open(2) says.
    convenience init(
        _ name: String, below directory: OpenFile?, flags: CInt, mode: mode_t = 0o600
    ) throws(Errno) {
        let flags = flags | O_CLOEXEC | O_NONBLOCK | (directory == nil ? 0 : O_NOFOLLOW)
        let base = directory?.raw ?? AT_FDCWD
        let raw = try Self.check { unsafe openat(base, name, flags, mode) }
        self.init(adopting: raw)
    }

    func status() throws(Errno) -> stat {
        var status = stat()
        _ = try Self.check { unsafe fstat(raw, &status) }
        return status
    }

    /// Reads until the buffer is full or the file ends.
    ///
    /// - Returns: how many bytes there were.
    func read(into buffer: inout [UInt8], count: Int, at offset: UInt64) throws(Errno) -> Int {
        var done = 0
        while done < count {
            let got = try Self.check {
                unsafe buffer.withUnsafeMutableBytes { bytes in
                    unsafe pread(
                        raw, bytes.baseAddress.map { unsafe $0 + done }, count - done,
                        off_t(offset) + off_t(done))
                }
            }
            guard got > 0 else { break }
            done += got
        }
        return done
    }

    func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(Errno) {
        var done = 0
        while done < bytes.count {
            done += try Self.check {
                unsafe bytes.withUnsafeBytes { bytes in
                    unsafe pwrite(
                        raw, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done,
                        off_t(offset) + off_t(done))
                }
            }
        }
    }

    func resize(to size: UInt64) throws(Errno) {
        _ = try Self.check { ftruncate(raw, off_t(size)) }
    }

    /// The next place of a kind, from an offset on.
    ///
    /// - Returns: `nil` when there is none before the end.
    func seek(_ place: SeekPlace, from offset: UInt64) throws(Errno) -> UInt64? {
        do {
            return UInt64(try Self.check { lseek(raw, off_t(offset), place.rawValue) })
        } catch .noSuchAddressOrDevice {
            return nil
        }
    }

    func setMode(_ mode: mode_t) throws(Errno) {
        _ = try Self.check { fchmod(raw, mode) }
    }

    func synchronize() throws(Errno) {
        _ = try Self.check { fsync(raw) }
    }

    /// Takes the file for this process alone.
    ///
    /// - Returns: whether nobody else has it.
    func lock() throws(Errno) -> Bool {
        do {
            _ = try Self.check { flock(raw, LOCK_EX | LOCK_NB) }
            return true
        } catch .wouldBlock {
            return false
        }
    }

    /// fcntl(2) with a lock.
    func control(_ command: CInt, _ lock: inout flock) throws(Errno) {
        _ = try Self.check { unsafe fcntl(raw, command, &lock) }
    }

    /// What a name below this directory is; `nil` when there is nothing.
    func status(of name: String) throws(Errno) -> stat? {
        do {
            var status = stat()
            _ = try Self.check { unsafe fstatat(raw, name, &status, AT_SYMLINK_NOFOLLOW) }
            return status
        } catch .noSuchFileOrDirectory {
            return nil
        }
    }

    func remove(_ name: String) throws(Errno) {
        _ = try Self.check { unsafe unlinkat(raw, name, 0) }
    }

    /// Gives a file of this directory its final name.
    ///
    /// - Throws: `.fileExists` when it is taken and may not be replaced.
    func rename(_ name: String, to target: String, replacing: Bool) throws(Errno) {
        guard !replacing else {
            _ = try Self.check { unsafe renameat(raw, name, raw, target) }
            return
        }
        // A second link fails when the name is taken, whoever takes it and when; rename(2) would replace it.
        _ = try Self.check { unsafe linkat(raw, name, raw, target, 0) }
        try remove(name)
    }

    /// Repeats a call that a signal interrupted.
    private static func check<Value: SignedInteger>(_ call: () -> Value) throws(Errno) -> Value {
        while true {
            let value = call()
            guard value < 0 else { return value }
            let error = Errno(rawValue: errno)
            guard error == .interrupted else { throw error }
        }
    }
}

extension OpenFile {
    /// What lseek(2) can look for. Linux's numbers: Swift does not see `SEEK_DATA` and `SEEK_HOLE`.
    enum SeekPlace: CInt {
        case data = 3
        case hole = 4
    }
}

extension stat {
    var isRegularFile: Bool { st_mode & S_IFMT == S_IFREG }
}
