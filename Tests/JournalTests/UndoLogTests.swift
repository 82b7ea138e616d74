import FleetModel
import Foundation
import Glibc
import Migration
import Testing

@testable import Journal

@Suite("The undo log")
struct UndoLogTests {
    private let place: Place
    private let log: any UndoLog

    init() throws {
        place = try Place()
        log = try place.open()
    }

    private static func record(
        _ id: String, on host: String = "alpha", trace: UndoRecord.Trace = .file("/images/probe"),
        owner: ProcessMark = ProcessMark(pid: 1, started: 1, boot: "an earlier boot")
    ) -> UndoRecord {
        UndoRecord(id: id, run: "run", host: host, uri: "qemu+ssh://alpha/system", trace: trace, owner: owner)
    }

    @Test("records come back as they went in, what was created last first")
    func roundTrip() throws {
        let records = [
            Self.record("a", trace: .transientPool(name: "apus-probe")),
            Self.record("b", trace: .volume(pool: "apus-probe", path: "/images/it's one")),
            Self.record("c", trace: .file("/images/ü")),
        ]
        for record in records + [Self.record("d", on: "beta")] { try log.note(record) }
        #expect(try log.left(on: "alpha") == records.reversed())
        #expect(try log.left(on: "gamma").isEmpty)
    }

    @Test("a cleared record is gone; clearing it twice is no error")
    func clearing() throws {
        try log.note(Self.record("a"))
        try log.clear("a")
        try log.clear("a")
        #expect(try log.left(on: "alpha").isEmpty)
    }

    @Test("whoever notes a record again becomes its owner")
    func adoption() throws {
        try log.note(Self.record("a"))
        try log.note(Self.record("a", owner: Journal.currentProcess()))
        #expect(try log.left(on: "alpha").isEmpty)
    }

    @Test("what belongs to a live process is its own, until it is killed")
    func owners() throws {
        let child = try Child("/bin/sleep")
        try log.note(Self.record("mine", owner: Journal.currentProcess()))
        let record = Self.record("child's", owner: try #require(ProcessMark.of(child.pid)))
        try log.note(record)
        #expect(try log.left(on: "alpha").isEmpty)
        child.kill()
        // Nobody has asked for its exit status yet: it is a zombie, and can do nothing any more.
        #expect(try log.left(on: "alpha") == [record])
        child.reap()
        #expect(try log.left(on: "alpha") == [record])
    }

    @Test("a later process with the same number is not mistaken for the owner, nor one of another boot")
    func reuse() throws {
        let mine = Journal.currentProcess()
        #expect(mine.pid == getpid() && mine.started > 0 && mine.isAlive)
        #expect(!ProcessMark(pid: mine.pid, started: mine.started - 1, boot: mine.boot).isAlive)
        #expect(!ProcessMark(pid: mine.pid, started: mine.started, boot: "another").isAlive)
    }

    @Test("a process whose name looks like the end of its name is read right")
    func hostileName() throws {
        let program = "\(place.path)/a) Z 1 (b"
        try FileManager.default.copyItem(atPath: "/bin/sleep", toPath: program)
        let child = try Child(program)
        let mark = try #require(ProcessMark.of(child.pid))
        #expect(mark.started >= Journal.currentProcess().started)
        #expect(mark.isAlive)
        child.kill()
        child.reap()
        #expect(!mark.isAlive)
    }
}

/// A child process that sleeps.
private struct Child {
    let pid: Int32

    init(_ program: String) throws {
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
