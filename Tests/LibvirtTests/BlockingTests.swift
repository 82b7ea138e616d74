import Dispatch
import Synchronization
import Testing

@testable import Libvirt

@Suite("A call that blocks", .timeLimit(.minutes(1)))
struct BlockingTests {
    @Test("holds up none of 32 others, on however few processors")
    func gathering() async throws {
        let gathering = Gathering(of: 32)
        let gathered = try await withThrowingTaskGroup { group in
            for _ in 0..<32 {
                group.addTask {
                    let connection = try await TestDriver.open()
                    return try await connection.ask { _ in gathering.join() }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(gathered == Array(repeating: true, count: 32))
    }

    @Test("can be ended from another connection: that one answers meanwhile")
    func abort() async throws {
        let (busy, watcher) = (try await TestDriver.open(), try await TestDriver.open())
        let (began, released) = (AsyncStream.makeStream(of: Void.self), DispatchSemaphore(value: 0))
        async let ended = busy.ask { _ in
            began.continuation.finish()
            return released.wait(timeout: .now() + Gathering.patience) == .success
        }
        for await _ in began.stream {}
        #expect(try await watcher.ask { try $0.name() } == "running")
        released.signal()
        #expect(try await ended)
    }

    @Test("has its connection to itself")
    func serial() async throws {
        let connection = try await TestDriver.open()
        let (inside, most) = (Counter(), Counter())
        try await withThrowingTaskGroup { group in
            for _ in 0..<64 {
                group.addTask {
                    try await connection.ask { domain in
                        most.raise(to: inside.add(1))
                        _ = try domain.xml(.live)
                        inside.add(-1)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(inside.add(0) == 0)
        #expect(most.add(0) == 1)
    }
}

/// Holds whoever joins until everybody is there.
private final class Gathering: Sendable {
    /// When to give up, in seconds: threads that wait for ever would keep a failing test from ending.
    static let patience = 20.0

    private let expected: Int
    private let deadline = DispatchTime.now() + patience
    private let arrived = Counter()
    private let complete = DispatchSemaphore(value: 0)

    init(of expected: Int) { self.expected = expected }

    /// Whether everybody came in time.
    func join() -> Bool {
        guard arrived.add(1) < expected else {
            for _ in 1..<expected { complete.signal() }
            return true
        }
        return complete.wait(timeout: deadline) == .success
    }
}

private final class Counter: Sendable {
    private let count = Atomic(0)

    @discardableResult
    func add(_ change: Int) -> Int {
        count.add(change, ordering: .sequentiallyConsistent).newValue
    }

    func raise(to floor: Int) {
        count.max(floor, ordering: .sequentiallyConsistent)
    }
}
