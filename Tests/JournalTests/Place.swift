import FleetModel
import Foundation
import Glibc
import Testing

@testable import Journal

/// A directory of a test's own, gone at its end.
final class Place: Sendable {
    let path: String
    private let isMount: Bool

    init() throws {
        path = try Self.make()
        isMount = false
    }

    /// A file system of its own in memory.
    init(mebibytes: Int) throws {
        path = try Self.make()
        isMount = true
        try Command.run("/bin/mount", "-t", "tmpfs", "-o", "size=\(mebibytes)m", "tmpfs", path)
    }

    deinit {
        if isMount { try? Command.run("/bin/umount", "-l", path) }
        try? FileManager.default.removeItem(atPath: path)
    }

    var file: String { "\(path)/apus.sqlite" }

    /// Lets nobody write to the file system any more, root neither.
    func makeReadOnly() throws { try Command.run("/bin/mount", "-o", "remount,ro", path) }

    /// Leaves no room on the file system.
    ///
    /// - Returns: the path of the file that takes it.
    func fill() throws -> String {
        let filler = "\(path)/filler"
        let descriptor = Glibc.open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        for size in [4096, 1] {
            let block = [UInt8](repeating: 1, count: size)
            while write(descriptor, block, size) > 0 {}
        }
        try #require(errno == ENOSPC)
        return filler
    }

    /// Gives the room back that `fill` took.
    static func empty(_ filler: String) throws { try #require(truncate(filler, 0) == 0) }

    /// What a crash at this moment would leave, in a place of its own.
    ///
    /// A process of its own copies: closing the file in this one would drop SQLite's locks on it.
    func copy(_ suffixes: [String], to other: Place) throws {
        for suffix in suffixes { try Command.run("/bin/cp", file + suffix, other.file + suffix) }
    }

    func open(patience: Duration = Journal.patience) throws(ApusError) -> Journal {
        try Journal.open(StateDirectory(path), schema: .current, patience: patience)
    }

    private static func make() throws -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: "apus-journal-\(UUID().uuidString)")
            .path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        return path
    }
}

/// A program that has to succeed.
enum Command {
    static func run(_ words: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: words[0])
        process.arguments = Array(words.dropFirst())
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(words.joined(separator: " "))")
    }
}

/// Debian's own `sqlite3`, on a journal: another process that Apus has no say in.
final class SQLiteShell: Sendable {
    static let path = "/usr/bin/sqlite3"
    static let isThere = access(path, X_OK) == 0

    private let process: Process
    private let input = Pipe()
    private let output = Pipe()

    init(_ file: String) throws {
        process = Process()
        process.executableURL = URL(filePath: Self.path)
        process.arguments = ["-batch", "-bail", file]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    /// Sends statements and waits until they are done.
    ///
    /// - Returns: what they printed.
    @discardableResult
    func run(_ statements: String) throws -> String {
        try input.fileHandleForWriting.write(contentsOf: Data("\(statements);\nSELECT 'done';\n".utf8))
        var text = ""
        while !text.hasSuffix("done\n") {
            let data = output.fileHandleForReading.availableData
            try #require(!data.isEmpty, "sqlite3 ended: \(text)")
            text += String(decoding: data, as: UTF8.self)
        }
        return String(text.dropLast("done\n".count))
    }

    /// Kills it, so that it can do nothing more.
    func kill() {
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    deinit {
        kill()
    }
}

extension Trait where Self == ConditionTrait {
    /// Mounts file systems.
    static var root: Self {
        .enabled(if: geteuid() == 0, "not root: a file system of its own needs it (sudo make test)")
    }

    /// Needs another program that knows SQLite.
    static var sqliteShell: Self {
        .enabled(if: SQLiteShell.isThere, "no \(SQLiteShell.path): apt-get install sqlite3")
    }
}

extension Journal {
    /// Stores a move that holds a guest of its own, so that many moves of one guest can be open at once.
    func begin(_ move: MoveRecord) throws(ApusError) {
        try begin(move, .sample(move, guest: UUID().uuidString))
    }
}

extension ProcessMark {
    /// A process that is gone for certain.
    static let gone = ProcessMark(pid: 1, started: 1, boot: "an earlier boot")
}

extension Reservation {
    /// What that move holds; by the test's own process unless told.
    static func sample(
        _ move: MoveRecord, guest uuid: String? = nil, owner: ProcessMark = Journal.currentProcess()
    ) -> Reservation {
        Reservation(
            move: move.id, guest: GuestIdentity(name: move.guest.name, uuid: uuid ?? move.guest.uuid),
            source: move.source, destination: move.destination, memory: .mebibytes(384), owner: owner,
            since: move.began)
    }
}

/// A child process that sleeps.
struct Child {
    let pid: Int32

    init(_ program: String = "/bin/sleep") throws {
        var pid: Int32 = 0
        let words: [UnsafeMutablePointer<CChar>?] = [strdup(program), strdup("600"), nil]
        defer { for word in words { free(word) } }
        try #require(posix_spawn(&pid, program, nil, nil, words, environ) == 0)
        self.pid = pid
    }

    /// Kills it and waits until it is dead; its exit status stays to be asked for.
    func kill() {
        Glibc.kill(pid, SIGKILL)
        var ended = siginfo_t()
        waitid(P_PID, id_t(pid), &ended, WEXITED | WNOWAIT)
    }

    func reap() {
        waitpid(pid, nil, 0)
    }
}

extension MoveRecord {
    static func sample(
        _ id: String, guest: String = "web01", began: Double = 1_700_000_000, plan: String = #"{"steps":[]}"#,
        forecast: String? = #"{"total":2}"#
    ) -> MoveRecord {
        MoveRecord(
            id: id, guest: GuestIdentity(name: guest, uuid: "uuid-of-\(guest)"), source: "alpha",
            destination: "beta", began: began, plan: plan, forecast: forecast)
    }
}
