import FleetModel
import Foundation
import Glibc
import Testing

@testable import Journal

/// Other processes here are copies of the test's own: exit tests.
@Suite("Processes that want the same guest", .timeLimit(.minutes(2)))
struct RivalTests {
    private static let guests = 12

    /// Tries to begin a move of each guest, together with the other processes.
    private static func rush(_ directory: String) throws {
        let journal = try Journal.open(directory: directory)
        try Gate.pass(in: directory)
        for number in 0..<guests {
            let move = MoveRecord.sample("\(getpid())-\(number)", guest: "guest\(number)")
            do throws(ApusError) {
                try journal.begin(move, .sample(move))
            } catch {
                try #require(error.code == .guestBusy, "\(error)")
            }
        }
    }

    @Test("are one each: every guest is held by exactly one move, and no other was noted")
    func processes() async throws {
        let place = try Place()
        _ = try place.open()
        let gate = try Gate(place.path)
        let directory = place.path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    await #expect(processExitsWith: .success) { [directory = directory as String] in
                        try RivalTests.rush(directory)
                    }
                }
            }
            group.addTask { @concurrent in try gate.open(for: 4) }
            try await group.waitForAll()
        }
        let journal = try place.open()
        let held = try journal.reservations(on: "beta").map(\.guest.name)
        #expect(Set(held) == Set((0..<Self.guests).map { "guest\($0)" }))
        #expect(held.count == Self.guests)
        #expect(try journal.moves(guest: nil, limit: 1000).count == Self.guests)
        #expect(try journal.unfinished().allSatisfy { !$0.isHeld })
    }

    @Test("so are many at once within one process")
    func tasks() async throws {
        let place = try Place()
        let path = place.path
        let begun = try await withThrowingTaskGroup(of: Int.self) { group in
            for rival in 0..<8 {
                group.addTask { @concurrent in
                    let journal = try Journal.open(directory: path)
                    var begun = 0
                    for number in 0..<Self.guests {
                        let move = MoveRecord.sample("\(rival)-\(number)", guest: "guest\(number)")
                        do throws(ApusError) {
                            try journal.begin(move, .sample(move))
                            begun += 1
                        } catch {
                            #expect(error.code == .guestBusy)
                        }
                    }
                    return begun
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(begun == Self.guests)
        #expect(try place.open().unfinished().filter(\.isHeld).count == Self.guests)
    }

    @Test("one that is killed leaves the guest held, its story told, and one heir")
    func killed() async throws {
        let place = try Place()
        let directory = place.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [directory = directory as String] in
            let journal = try Journal.open(directory: directory)
            let move = MoveRecord.sample("a1")
            try journal.begin(move, .sample(move))
            try journal.note([MoveEntry(at: .seconds(1), .phase(.preCopy))], of: "a1")
            kill(getpid(), SIGKILL)
        }
        let journal = try place.open()
        let left = try #require(try journal.unfinished().first)
        #expect(left.move == .sample("a1") && !left.isHeld)
        #expect(try journal.entries(of: "a1") == [MoveEntry(at: .seconds(1), .phase(.preCopy))])
        let move = MoveRecord.sample("b1")
        let error = #expect(throws: ApusError.self) { try journal.begin(move, .sample(move)) }
        #expect(error?.code == .guestBusy)
        #expect(error?.hint?.hasPrefix("apus repair web01") == true)

        let heirs = try (0..<3).map { _ in try Child() }
        defer { heirs.forEach { $0.reap() } }
        defer { heirs.forEach { $0.kill() } }
        let marks = try heirs.map { try #require(ProcessMark.of($0.pid)) }
        let taken = await withTaskGroup(of: ProcessMark?.self) { group in
            for mark in marks {
                group.addTask { @concurrent in
                    guard let journal = try? Journal.open(directory: directory) else { return nil }
                    return (try? journal.adopt("a1", by: mark)).map { mark }
                }
            }
            return await group.reduce(into: [ProcessMark]()) { taken, mark in
                taken += [mark].compactMap(\.self)
            }
        }
        #expect(taken.count == 1)
        #expect(try journal.reservations(on: "beta").map(\.owner) == taken)
    }
}

/// Lets processes go on together: a pipe that says who has come, and a lock that keeps them until all have.
private struct Gate {
    private let arrivals: String
    private let bar: Int32

    /// Makes a gate, closed.
    init(_ directory: String) throws {
        arrivals = "\(directory)/arrivals"
        try #require(mkfifo(arrivals, 0o600) == 0)
        bar = Glibc.open("\(directory)/bar", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        try #require(flock(bar, LOCK_EX) == 0)
    }

    /// Opens it when so many are there; waits for each half a minute at the most.
    func open(for count: Int) throws {
        defer { close(bar) }
        let arrived = Glibc.open(arrivals, O_RDWR | O_CLOEXEC)
        defer { close(arrived) }
        var byte: UInt8 = 0
        for _ in 0..<count {
            var ready = pollfd(fd: arrived, events: Int16(POLLIN), revents: 0)
            try #require(poll(&ready, 1, 30_000) == 1, "not all processes came up")
            try #require(read(arrived, &byte, 1) == 1)
        }
    }

    /// Waits at the gate that another process made in that directory.
    static func pass(in directory: String) throws {
        let arrival = Glibc.open("\(directory)/arrivals", O_WRONLY | O_CLOEXEC)
        try #require(write(arrival, [1] as [UInt8], 1) == 1)
        close(arrival)
        let bar = Glibc.open("\(directory)/bar", O_RDWR | O_CLOEXEC)
        defer { close(bar) }
        try #require(flock(bar, LOCK_SH) == 0)
    }
}
