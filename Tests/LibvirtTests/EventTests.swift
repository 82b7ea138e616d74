import CLibvirt
import Testing

@testable import Libvirt

@Suite("A stream of events", .timeLimit(.minutes(1)))
struct EventTests {
    @Test("tells what happens to a domain, in order and by name")
    func order() async throws {
        let connection = try await TestDriver.open()
        let events = try await connection.events([.lifecycle])
        try await connection.ask { domain in
            for _ in 0..<3 {
                try domain.suspend()
                try domain.resume()
            }
            try domain.shutDown()
            try domain.start()
        }
        try await connection.ask(.name("paused")) { try $0.resume() }

        var told: [DomainEvent] = []
        for await event in events.prefix(9) { told.append(event) }
        let running: [DomainEvent.Lifecycle] = [
            .suspended, .resumed, .suspended, .resumed, .suspended, .resumed, .stopped, .started,
        ]
        #expect(told.map(\.change) == (running + [.resumed]).map { .lifecycle($0) })
        #expect(told.map(\.name) == Array(repeating: "running", count: 8) + ["paused"])
        #expect(told.map(\.uuid) == Array(repeating: TestDriver.running, count: 8) + [TestDriver.paused])
        #expect(told.map(\.received) == told.map(\.received).sorted())
    }

    @Test("reaches a reader that already waits")
    func waiting() async throws {
        let connection = try await TestDriver.open()
        let events = try await connection.events([.lifecycle, .iteration, .jobCompleted])
        async let first = events.first { _ in true }
        try await connection.ask { try $0.suspend() }
        #expect(try #require(await first).change == .lifecycle(.suspended))
    }

    @Test("is one of two connections' own, each with its own host's events")
    func separate() async throws {
        let (one, two) = (try await TestDriver.open(), try await TestDriver.open())
        let (ones, twos) = (try await one.events([.lifecycle]), try await two.events([.lifecycle]))
        try await one.ask { try $0.suspend() }
        try await two.ask(.name("paused")) { try $0.resume() }
        let (first, second) = (await ones.first { _ in true }, await twos.first { _ in true })
        #expect(first?.name == "running")
        #expect(second?.name == "paused")
    }

    @Test("is there once per kind and connection; the first one goes on")
    func twice() async throws {
        let connection = try await TestDriver.open()
        let events = try await connection.events([.lifecycle])
        let error = await #expect(throws: LibvirtError.self) { try await connection.events([.lifecycle]) }
        #expect(error?.code == .invalidArgument)
        try await connection.ask { try $0.suspend() }
        #expect(await events.first { _ in true }?.change == .lifecycle(.suspended))
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let kinds: [DomainEventKind]
        let code: LibvirtError.Code
    }

    @Test(
        "that is refused throws and leaves nothing behind",
        arguments: [
            Refusal(testDescription: "alone", kinds: [.monitor("STOP")], code: .noSupport),
            Refusal(
                testDescription: "after others were registered",
                kinds: [.lifecycle, .iteration, .jobCompleted, .monitor("STOP")], code: .noSupport),
            Refusal(
                testDescription: "before others", kinds: [.monitor("STOP"), .lifecycle], code: .noSupport),
            Refusal(
                testDescription: "twice the same", kinds: [.lifecycle, .lifecycle], code: .invalidArgument),
        ])
    func refused(row: Refusal) async throws {
        let remains = try await References { connection in
            let error = await #expect(throws: LibvirtError.self) { try await connection.events(row.kinds) }
            #expect(error?.code == row.code)
            #expect(error?.operation == "listen to the events of \(connection.uri)")
        }
        #expect(await remains.afterClosing() == 0)
    }

    @Test("that was refused can be asked for again with less")
    func again() async throws {
        let connection = try await TestDriver.open()
        await #expect(throws: LibvirtError.self) {
            try await connection.events([.lifecycle, .monitor("STOP")])
        }
        let events = try await connection.events([.lifecycle])
        try await connection.ask { try $0.suspend() }
        #expect(await events.first { _ in true }?.change == .lifecycle(.suspended))
    }
}

@Suite("The end of a stream of events", .timeLimit(.minutes(1)))
struct EventEndTests {
    @Test("lets the connection go when it was never read")
    func unread() async throws {
        let remains = try await References { connection in
            _ = try await connection.events([.lifecycle, .iteration, .jobCompleted])
        }
        #expect(await remains.afterClosing() == 0)
    }

    @Test("lets the connection go when its reader is cancelled")
    func cancelled() async throws {
        let remains = try await References { connection in
            let events = try await connection.events([.lifecycle, .jobCompleted])
            let reader = Task { await events.reduce(into: 0) { count, _ in count += 1 } }
            reader.cancel()
            #expect(await reader.value == 0)
        }
        #expect(await remains.afterClosing() == 0)
    }

    @Test("lets the connection go when its reader has heard enough")
    func enough() async throws {
        weak var witness: Connection?
        let closed: AsyncStream<CloseReason>
        do {
            let connection = try await TestDriver.open()
            witness = connection
            closed = connection.closed
            let events = try await connection.events([.lifecycle])
            try await connection.ask { domain in
                try domain.suspend()
                try domain.resume()
            }
            for await event in events {
                #expect(event.change == .lifecycle(.suspended))
                break
            }
        }
        for await _ in closed {}
        #expect(witness == nil)
    }

    @Test("is up to the reader: until then the stream keeps the connection open")
    func kept() async throws {
        weak var witness: Connection?
        func listen() async throws -> (AsyncStream<DomainEvent>, AsyncStream<CloseReason>) {
            let connection = try await TestDriver.open()
            witness = connection
            return (try await connection.events([.lifecycle]), connection.closed)
        }
        let closed: AsyncStream<CloseReason>
        do {
            let events: AsyncStream<DomainEvent>
            (events, closed) = try await listen()
            try await #require(witness).ask { try $0.suspend() }
            #expect(await events.first { _ in true }?.change == .lifecycle(.suspended))
        }
        for await _ in closed {}
        #expect(witness == nil)
    }
}

@Suite("What an event says", .timeLimit(.minutes(1)))
struct EventNameTests {
    @Test(
        "is named after the C constant, and stays visible when it is new",
        arguments: [
            (0, .defined), (1, .undefined), (2, .started), (3, .suspended), (4, .resumed), (5, .stopped),
            (6, .shutdown), (7, .suspendedByGuest), (8, .crashed), (99, .other(99)), (-1, .other(-1)),
        ] as [(CInt, DomainEvent.Lifecycle)])
    func lifecycle(raw: CInt, event: DomainEvent.Lifecycle) {
        #expect(DomainEvent.Lifecycle(raw: raw) == event)
    }
}

/// Watches libvirt's own count of references to a connection, which callbacks add to.
///
/// Holds one of them, so that the connection can still be asked when the actor is gone.
private struct References {
    private let raw: virConnectPtr
    private let closed: AsyncStream<CloseReason>
    private weak let witness: Connection?

    init(after body: (Connection) async throws -> Void) async throws {
        let connection = try await TestDriver.open()
        raw = connection.handle.raw
        virConnectRef(raw)
        closed = connection.closed
        witness = connection
        try await body(connection)
    }

    /// Waits until the actor is gone and gives our reference back.
    ///
    /// - Returns: how many others are left; 0 means that libvirt has closed the connection.
    func afterClosing() async -> CInt {
        for await _ in closed {}
        #expect(witness == nil)
        return virConnectClose(raw)
    }
}
