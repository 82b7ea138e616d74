import Testing

@testable import Libvirt

@Suite("A device of a domain", .timeLimit(.minutes(1)))
struct DeviceEventTests {
    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let operation: String
        let call: @Sendable (borrowing DomainHandle) throws -> Void
    }

    /// The test driver of libvirt 9.0.0 has no hot-plugging.
    @Test(
        "is an error of the driver",
        arguments: [
            Refusal(testDescription: "plugged in", operation: "plug a device in") {
                try $0.attachDevice("<hostdev/>", .live)
            },
            Refusal(testDescription: "taken out by its element", operation: "take a device out") {
                try $0.detachDevice("<hostdev/>", .live)
            },
            Refusal(testDescription: "taken out by its alias", operation: "take the device net0 out") {
                try $0.detachDevice(alias: "net0", .live)
            },
        ])
    func refused(row: Refusal) async throws {
        let connection = try await TestDriver.open()
        let error = await #expect(throws: LibvirtError.self) {
            try await connection.ask { try row.call($0) }
        }
        #expect(error?.code == .noSupport)
        #expect(error?.operation == row.operation)
    }

    @Test("is told of once per connection, beside other events")
    func once() async throws {
        let connection = try await TestDriver.open()
        let devices = try await connection.deviceEvents()
        let error = await #expect(throws: LibvirtError.self) { try await connection.deviceEvents() }
        #expect(error?.code == .invalidArgument)
        let events = try await connection.events([.lifecycle])
        try await connection.ask { try $0.suspend() }
        #expect(await events.first { _ in true }?.change == .lifecycle(.suspended))
        let reader = Task { await devices.first { _ in true } }
        reader.cancel()
        #expect(await reader.value == nil)
    }

    @Test("can be told of again when the reader has gone")
    func again() async throws {
        let connection = try await TestDriver.open()
        var devices: AsyncStream<DeviceEvent>? = try await connection.deviceEvents()
        #expect(devices != nil)
        devices = nil
        // The registrations are given back on the connection's own queue, behind this at the latest.
        var second: AsyncStream<DeviceEvent>?
        while second == nil {
            second = try? await connection.deviceEvents()
            await Task.yield()
        }
        #expect(second != nil)
    }
}
