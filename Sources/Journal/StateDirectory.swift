internal import FleetModel
import Glibc

/// The directory that the journal lies in.
struct StateDirectory: Sendable {
    /// Absolute, since SQLite gives some relative names a meaning of their own.
    let path: String

    init(_ path: String) {
        guard !path.hasPrefix("/"), let working = getcwd(nil, 0) else {
            self.path = path
            return
        }
        defer { free(working) }
        self.path = "\(String(cString: working))/\(path)"
    }

    /// The journal; SQLite keeps its log (`-wal`) and the log's index (`-shm`) beside it.
    var file: String { "\(path)/apus.sqlite" }

    /// Makes the directory, for this user alone, where it is missing, and sees that a journal can be written.
    ///
    /// - Throws: `ApusError` with `journal-unwritable`.
    func prepare() throws(ApusError) {
        if access(path, F_OK) != 0, errno == ENOENT { try make(path) }
        // SQLite would open for reading what it may not write, and fail later.
        guard access(path, W_OK | X_OK) == 0, access(file, R_OK | W_OK) == 0 || errno == ENOENT else {
            throw unwritable("open the journal", String(cString: strerror(errno)))
        }
    }

    /// Lets nobody but this user read the file, nor what SQLite makes beside it from now on.
    ///
    /// By name: closing a descriptor of the file would drop the locks that SQLite has on it.
    func makePrivate() { chmod(file, 0o600) }

    /// Whether the file is there.
    ///
    /// - Throws: `ApusError` with `journal-unwritable` when this user may not know.
    func hasJournal() throws(ApusError) -> Bool {
        if access(file, R_OK) == 0 { return true }
        if errno == ENOENT || errno == ENOTDIR { return false }
        throw unwritable("read the journal", String(cString: strerror(errno)))
    }

    /// Keeps other processes that call this out until the lock is released, or its process ends.
    ///
    /// - Throws: `ApusError` with `journal-busy` or `journal-unwritable`.
    func lock(patience: Duration) throws(ApusError) -> DirectoryLock {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unwritable("lock the journal", String(cString: strerror(errno))) }
        let lock = DirectoryLock(descriptor: descriptor)
        let deadline = ContinuousClock.now.advanced(by: patience)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw unwritable("lock the journal", String(cString: strerror(errno)))
            }
            guard ContinuousClock.now < deadline else { throw busy("lock the journal") }
            // flock(2) tells nobody when it could be had, and waiting in it has no limit.
            usleep(2000)
        }
        return lock
    }

    /// Whether no file can be made here.
    var takesNoFiles: Bool { access(path, W_OK) != 0 }

    /// Whether there is a log, with changes that the file may not have.
    var hasLog: Bool {
        var status = stat()
        return stat("\(file)-wal", &status) == 0 && status.st_size > 0
    }

    /// The file for SQLite to read as it stands, without locks and without a log.
    ///
    /// Source: https://www.sqlite.org/uri.html, "immutable".
    var immutableURI: String {
        var name = ""
        for byte in file.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "-"),
                UInt8(ascii: "."), UInt8(ascii: "_"):
                name.append(Character(Unicode.Scalar(byte)))
            default:
                let digits = String(byte, radix: 16)
                name += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return "file:\(name)?immutable=1"
    }

    /// Makes a directory and those above it; each is on the disk when this returns.
    private func make(_ directory: String) throws(ApusError) {
        let parent = directory.lastIndex(of: "/").map { String(directory[..<$0]) } ?? ""
        if mkdir(directory, 0o700) != 0 {
            if errno == EEXIST { return }
            guard errno == ENOENT, !parent.isEmpty else {
                throw unwritable("make the state directory", String(cString: strerror(errno)))
            }
            try make(parent)
            guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
                throw unwritable("make the state directory", String(cString: strerror(errno)))
            }
        }
        let descriptor = Glibc.open(parent.isEmpty ? "/" : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

/// A lock on a directory; gives it back at its end.
struct DirectoryLock: ~Copyable {
    private let descriptor: Int32

    fileprivate init(descriptor: Int32) { self.descriptor = descriptor }

    deinit {
        // Said in words: a child between fork and exec still has the descriptor, and would keep the lock.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Makes sure that the files made in it outlive a power cut.
    func syncDirectory() { fsync(descriptor) }
}

extension Journal {
    /// Where the journal lies unless told: `$APUS_STATE`; for root `/var/lib/apus`; `$XDG_STATE_HOME/apus`;
    /// `~/.local/state/apus`.
    ///
    /// - Parameters:
    ///   - explicit: what was asked for on the command line.
    ///   - isRoot: whether the user is root.
    ///   - environment: looks a variable up.
    /// - Returns: the directory, which need not exist.
    package static func defaultDirectory(
        explicit: String?, isRoot: Bool = geteuid() == 0, environment: (String) -> String?
    ) -> String {
        /// An empty variable is an unset one; XDG says the same of a relative path.
        func variable(_ name: String) -> String? {
            environment(name).flatMap { $0.isEmpty ? nil : $0 }
        }
        if let asked = explicit ?? variable("APUS_STATE") { return asked }
        if isRoot { return "/var/lib/apus" }
        if let state = variable("XDG_STATE_HOME"), state.hasPrefix("/") { return "\(state)/apus" }
        if let home = variable("HOME") { return "\(home)/.local/state/apus" }
        return "/var/lib/apus"
    }
}
