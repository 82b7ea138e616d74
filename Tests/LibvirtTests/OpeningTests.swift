import Testing

@testable import Libvirt

@Suite("An opened connection", .timeLimit(.minutes(1)))
struct OpeningTests {
    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let uri: String
        let code: LibvirtError.Code
    }

    @Test(
        "is refused with libvirt's code and sentence",
        arguments: [
            Refusal(
                testDescription: "a socket that is not there", uri: "qemu+unix:///system?socket=/nonexistent",
                code: .systemError),
            Refusal(
                testDescription: "a transport that nobody knows", uri: "qemu+pigeon://beta/system",
                code: .invalidArgument),
        ])
    func refused(row: Refusal) async throws {
        let error = await #expect(throws: LibvirtError.self) { try await Connection.open(row.uri) }
        #expect(error?.code == row.code)
        #expect(error?.operation == "connect to \(row.uri)")
        #expect(error?.message.isEmpty == false)
        #expect(error?.domain != 0)
    }

    @Test("knows what it was asked for")
    func uri() async throws {
        #expect(try await Connection.open(TestDriver.shared).uri == TestDriver.shared)
    }

    @Test("names its host")
    func hostname() async throws {
        #expect(try await Connection.open(TestDriver.shared).hostname().isEmpty == false)
    }

    @Test("hands the capabilities document over")
    func capabilities() async throws {
        let document = try await Connection.open(TestDriver.shared).capabilities()
        #expect(document.hasPrefix("<capabilities>"))
        #expect(document.contains("<arch>i686</arch>"))
    }

    @Test("counts processors and memory in bytes")
    func node() async throws {
        let node = try await TestDriver.open().node()
        #expect(node.processors == 8)
        #expect(node.memoryBytes == 8_192_000 * 1024)
    }

    @Test("has no free memory to tell where the host has no cells, and some where it has")
    func freeMemory() async throws {
        #expect(try await TestDriver.open().node().freeMemoryBytes == nil)
        let free = try #require(try await Connection.open(TestDriver.shared).node().freeMemoryBytes)
        #expect(free > 0)
    }

    @Test("tells libvirt's version and the hypervisor's")
    func versions() async throws {
        let connection = try await Connection.open(TestDriver.shared)
        #expect(try await connection.libvirtVersion() >= LibraryVersion(9, 0, 0))
        #expect(try await connection.hypervisorVersion() == LibraryVersion(0, 0, 2))
    }

    @Test("ends its closed stream without a reason when nobody holds it any more")
    func closed() async throws {
        weak var witness: Connection?
        let closed: AsyncStream<CloseReason>
        do {
            let connection = try await TestDriver.open()
            witness = connection
            closed = connection.closed
            #expect(witness != nil)
        }
        var reasons: [CloseReason] = []
        for await reason in closed { reasons.append(reason) }
        #expect(reasons.isEmpty)
        #expect(witness == nil)
    }

    @Test(
        "keeps the reason of its end, also one that is new",
        arguments: [
            (0, .error), (1, .endOfFile), (2, .keepalive), (3, .client), (17, .other(17)), (-1, .other(-1)),
        ] as [(CInt, CloseReason)])
    func reason(raw: CInt, reason: CloseReason) {
        #expect(CloseReason(raw: raw) == reason)
    }
}
