import CLibvirt
import Testing

@testable import Libvirt

@Suite("A domain's state", .timeLimit(.minutes(1)))
struct DomainStateTests {
    /// A state that a test can write down; the module's own comes from libvirt only.
    struct Expected: Equatable {
        let kind: DomainState.Kind
        let reason: String

        init(_ kind: DomainState.Kind, _ reason: String) {
            self.kind = kind
            self.reason = reason
        }

        init(_ state: DomainState) { self.init(state.kind, state.reason) }
    }

    @Test("follows the domain from one to the next")
    func life() async throws {
        let connection = try await TestDriver.open()
        func state(
            after change: @Sendable (borrowing DomainHandle) throws -> Void
        ) async throws -> Expected {
            try await connection.ask { try change($0) }
            return Expected(try await connection.ask { try $0.state() })
        }
        #expect(try await state { _ in } == Expected(.running, "unknown"))
        #expect(try await state { try $0.suspend() } == Expected(.paused, "user"))
        #expect(try await state { try $0.resume() } == Expected(.running, "unpaused"))
        #expect(try await state { try $0.shutDown() } == Expected(.shutOff, "shutdown"))
        #expect(try await state { try $0.start() } == Expected(.running, "booted"))
        #expect(try await state { try $0.destroy() } == Expected(.shutOff, "destroyed"))
    }

    @Test("refuses a change that it does not allow")
    func refused() async throws {
        let connection = try await TestDriver.open()
        let error = await #expect(throws: LibvirtError.self) {
            try await connection.ask(.name("shut-off")) { try $0.suspend() }
        }
        #expect(error?.operation == "pause a guest")
        #expect(try await connection.ask(.name("shut-off")) { try $0.state() }.kind == .shutOff)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let state: CInt
        let reason: CInt
        let kind: DomainState.Kind
        let name: String
        var testDescription: String { "\(state)/\(reason)" }

        init(_ state: CInt, _ reason: CInt, _ kind: DomainState.Kind, _ name: String) {
            self.state = state
            self.reason = reason
            self.kind = kind
            self.name = name
        }
    }

    @Test(
        "is named after the C constant",
        arguments: [
            Row(0, 0, .noState, "unknown"), Row(2, 0, .blocked, "unknown"),
            Row(4, 0, .shuttingDown, "unknown"), Row(6, 0, .crashed, "unknown"),
            Row(7, 0, .suspendedByGuest, "unknown"),

            Row(1, 0, .running, "unknown"), Row(1, 1, .running, "booted"), Row(1, 2, .running, "migrated"),
            Row(1, 3, .running, "restored"), Row(1, 4, .running, "from-snapshot"),
            Row(1, 5, .running, "unpaused"), Row(1, 6, .running, "migration-canceled"),
            Row(1, 7, .running, "save-canceled"),
            Row(1, 8, .running, "wakeup"), Row(1, 9, .running, "crashed"), Row(1, 10, .running, "postcopy"),
            Row(1, 11, .running, "postcopy-failed"),

            Row(3, 0, .paused, "unknown"), Row(3, 1, .paused, "user"), Row(3, 2, .paused, "migration"),
            Row(3, 3, .paused, "save"), Row(3, 4, .paused, "dump"), Row(3, 5, .paused, "ioerror"),
            Row(3, 6, .paused, "watchdog"), Row(3, 7, .paused, "from-snapshot"),
            Row(3, 8, .paused, "shutting-down"), Row(3, 9, .paused, "snapshot"),
            Row(3, 10, .paused, "crashed"),
            Row(3, 11, .paused, "starting-up"), Row(3, 12, .paused, "postcopy"),
            Row(3, 13, .paused, "postcopy-failed"), Row(3, 14, .paused, "api-error"),

            Row(5, 0, .shutOff, "unknown"), Row(5, 1, .shutOff, "shutdown"), Row(5, 2, .shutOff, "destroyed"),
            Row(5, 3, .shutOff, "crashed"), Row(5, 4, .shutOff, "migrated"), Row(5, 5, .shutOff, "saved"),
            Row(5, 6, .shutOff, "failed"), Row(5, 7, .shutOff, "from-snapshot"),
            Row(5, 8, .shutOff, "daemon"),
        ])
    func name(row: Row) {
        let state = DomainState(raw: row.state, reason: row.reason)
        #expect(Expected(state) == Expected(row.kind, row.name))
    }

    @Test(
        "stays visible when it is new",
        arguments: [
            Row(99, 0, .other(99), "unknown"), Row(99, 5, .other(99), "other-5"),
            Row(-1, 0, .other(-1), "unknown"),
            Row(1, 99, .running, "other-99"), Row(3, 99, .paused, "other-99"),
            Row(5, 99, .shutOff, "other-99"),
            Row(0, 99, .noState, "other-99"), Row(7, 99, .suspendedByGuest, "other-99"),
        ])
    func unknown(row: Row) {
        let state = DomainState(raw: row.state, reason: row.reason)
        #expect(Expected(state) == Expected(row.kind, row.name))
    }
}

extension DomainHandle {
    /// Asks the guest to shut down; the test driver's guests obey at once.
    borrowing func shutDown() throws(LibvirtError) {
        try check("shut a guest down", virDomainShutdown(raw))
    }

    borrowing func destroy() throws(LibvirtError) {
        try check("stop a guest", virDomainDestroy(raw))
    }
}
