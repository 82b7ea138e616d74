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
        _ id: String, of purpose: UndoRecord.Purpose = .probe, on host: String = "alpha",
        trace: UndoRecord.Trace = .file("/images/probe"), owner: ProcessMark = .gone
    ) -> UndoRecord {
        UndoRecord(
            id: id, run: "run", purpose: purpose, host: host, uri: "qemu+ssh://alpha/system", trace: trace,
            owner: owner)
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

    @Test("what a move has to put back is its own: no check is told of it, whoever is gone")
    func moves() throws {
        let log = try place.open()
        let records = [
            Self.record("a", of: .move, trace: .downtimeLimit(guest: "web01", .nanoseconds(300_000_001))),
            Self.record("b", of: .move, on: "beta", trace: .volume(pool: "p", path: "/images/web01.qcow2")),
            Self.record("c", of: .move, on: "beta", owner: Journal.currentProcess()),
            Self.record(
                "d", of: .move,
                trace: .snapshots(
                    guest: "web01",
                    [
                        CarriedSnapshot(
                            name: "it's ü", parent: nil, isCurrent: true,
                            document: "<domainsnapshot a='\"'/>\n")
                    ], .kept)),
            Self.record(
                "e", of: .move,
                trace: .device(
                    guest: "web01",
                    CarriedDevice(
                        alias: "hostdev0", name: "0000:3b:00.0", replacement: .element("<hostdev/>"),
                        element: "<hostdev mode='subsystem'/>"))),
            Self.record("f", of: .move, trace: .bandwidth(guest: "web01", nil)),
            Self.record("h", of: .move, trace: .arriving("/images/web01.qcow2", replaces: true)),
            Self.record("i", of: .move, trace: .arriving("/images/it's b.raw", replaces: false)),
            Self.record("j", of: .move, trace: .sealed(source: "a 1 2.3\n", destination: "")),
            Self.record("k", of: .move, trace: .saved(guest: "web01")),
            Self.record(
                "l", of: .move,
                trace: .relay(RelayPlan(of: GuestIdentity(name: "web01", uuid: "u"), copiesDisks: true))),
            Self.record(
                "g", of: .move, trace: .bandwidth(guest: "web01", ByteRate(bytesPerSecond: 8_388_608))),
        ]
        for record in records + [Self.record("probe", on: "beta")] { try log.note(record) }
        #expect(try log.undoable(by: "run") == records.reversed())
        #expect(try log.undoable(by: "another").isEmpty)
        #expect(try log.left(on: "alpha").isEmpty)
        #expect(try log.left(on: "beta") == [Self.record("probe", on: "beta")])
        try log.clear("b")
        #expect(
            try log.undoable(by: "run").map(\.id) == ["g", "l", "k", "j", "i", "h", "f", "e", "d", "c", "a"])
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
        let child = try Child()
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
