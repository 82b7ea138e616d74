import FleetModel
import Libvirt
import Migration
import Testing

@testable import LibvirtFleet

@Suite("What libvirt says, in our words", .timeLimit(.minutes(1)))
struct LibvirtFleetTests {
    private let alpha = Host(name: "alpha", uri: "qemu+ssh://alpha/system")
    private let beta = Host(name: "beta", uri: "qemu+ssh://beta/system", migrationAddress: "192.0.2.12")

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let error: LibvirtError
        let code: ApusError.Code
    }

    private static func error(
        _ operation: String, _ code: LibvirtError.Code, _ message: String
    ) -> LibvirtError {
        LibvirtError(operation: operation, code: code, domain: 7, message: message)
    }

    @Test(
        "an error about a host becomes",
        arguments: [
            Row(
                testDescription: "permission denied",
                error: error("connect to x", .systemError, "Failed to connect socket: Permission denied"),
                code: .permissionDenied),
            Row(
                testDescription: "a key that is not accepted",
                error: error("connect to x", .systemError, "Host key verification failed: authentication"),
                code: .permissionDenied),
            Row(
                testDescription: "host unreachable",
                error: error("connect to x", .systemError, "unable to connect to server: Connection refused"),
                code: .hostUnreachable),
            Row(
                testDescription: "connection lost",
                error: error("read a guest's state", .internalError, "client socket is closed"),
                code: .connectionLost),
            Row(
                testDescription: "libvirt failed",
                error: error("define a guest", .invalidArgument, "no"), code: .libvirtFailed),
        ])
    func hostErrors(row: Row) {
        let translated = ApusError(row.error, host: alpha)
        #expect(translated.code == row.code)
        #expect(translated.detail.hasPrefix("alpha: "))
        #expect(translated.hint?.isEmpty == false)
    }

    @Test(
        "a failed migration becomes",
        arguments: [
            Row(
                testDescription: "aborted", error: error("migrate", .operationAborted, "aborted: by client"),
                code: .migrationAborted),
            Row(
                testDescription: "unsafe storage",
                error: error("migrate", .migrateUnsafe, "Unsafe migration"),
                code: .migrationFailed),
            Row(
                testDescription: "a processor that does not fit",
                error: error("migrate", .cpuIncompatible, "svm"),
                code: .migrationFailed),
            Row(
                testDescription: "libvirt too old",
                error: error("migrate", .argumentUnsupported, "parameter"),
                code: .migrationFailed),
            Row(
                testDescription: "no way to the destination",
                error: error(
                    "migrate", .operationFailed, "unable to connect to server at '192.0.2.12:49152'"),
                code: .migrationFailed),
            Row(
                testDescription: "anything else", error: error("migrate", .operationFailed, "QEMU died"),
                code: .migrationFailed),
        ])
    func migrationErrors(row: Row) {
        let translated = ApusError(
            migration: row.error, guest: GuestIdentity(name: "web01", uuid: "u"), source: alpha,
            destination: beta)
        #expect(translated.code == row.code)
        #expect(translated.operation == "move web01 from alpha to beta")
        #expect(row.code == .migrationAborted || translated.hint?.isEmpty == false)
    }

    @Test("work that is done in time never loses to the limit")
    func inTime() async {
        for number in 0..<2000 {
            #expect(await withFirst(of: .seconds(30)) { number } == number)
        }
    }

    @Test("work that takes too long is not waited for")
    func tooLong() async {
        let (forever, continuation) = AsyncStream.makeStream(of: Void.self)
        let value = await withFirst(of: .milliseconds(1)) { () -> Int in
            for await _ in forever { break }
            return 1
        }
        #expect(value == nil)
        continuation.finish()
    }

    @Test("a host that is not there says so, with its name")
    func unreachable() async {
        let host = Host(name: "gamma", uri: "qemu+unix:///system?socket=/nonexistent")
        let readings = await FleetReader().guests(of: [host])
        #expect(throws: ApusError.self) { try readings[0].value.get() }
        guard case .failure(let error) = readings[0].value else { return }
        #expect(error.code == .hostUnreachable)
        #expect(error.detail.contains("gamma"))
    }

    @Test("reads hosts and guests of libvirt's own test driver")
    func testDriver() async throws {
        let host = Host(name: "test", uri: "test:///default")
        let guests = try await FleetReader().guests(of: [host])[0].value.get()
        #expect(guests.map(\.identity.name) == ["test"])
        #expect(guests[0].state.kind == .running)
        #expect(guests[0].host == "test")
        let facts = try await FleetReader().hosts([host])[0].value.get()
        #expect(facts.processors > 0)
        #expect(facts.libvirtVersion > SoftwareVersion(1, 0, 0))
    }

    @Test(
        "tells a UUID from a name",
        arguments: [
            ("3dd592b0-9a62-4b91-a32f-c699ea20ce47", true), ("3DD592B0-9A62-4B91-A32F-C699EA20CE47", true),
            ("web01", false), ("3dd592b0-9a62-4b91-a32f", false),
            ("zdd592b0-9a62-4b91-a32f-c699ea20ce47", false),
        ])
    func uuids(text: String, isUUID: Bool) {
        #expect(GuestLocator.isUUID(text) == isUUID)
    }
}
