import CLibvirt
import Glibc
import Testing

@testable import Libvirt

@Suite("A libvirt error", .timeLimit(.minutes(1)))
struct LibvirtErrorTests {
    /// libvirt wants to be initialised before any of its calls, also those that need no connection.
    init() { EventLoop.start() }

    @Test(
        "has the code of the C header",
        arguments: [
            (.noError, VIR_ERR_OK, 0), (.internalError, VIR_ERR_INTERNAL_ERROR, 1),
            (.noSupport, VIR_ERR_NO_SUPPORT, 3), (.noConnection, VIR_ERR_NO_CONNECT, 5),
            (.invalidArgument, VIR_ERR_INVALID_ARG, 8), (.operationFailed, VIR_ERR_OPERATION_FAILED, 9),
            (.domainExists, VIR_ERR_DOM_EXIST, 28), (.systemError, VIR_ERR_SYSTEM_ERROR, 38),
            (.remoteFailure, VIR_ERR_RPC, 39), (.noDomain, VIR_ERR_NO_DOMAIN, 42),
            (.authenticationFailed, VIR_ERR_AUTH_FAILED, 45),
            (.operationInvalid, VIR_ERR_OPERATION_INVALID, 55),
            (.configUnsupported, VIR_ERR_CONFIG_UNSUPPORTED, 67),
            (.operationTimeout, VIR_ERR_OPERATION_TIMEOUT, 68),
            (.migratePersistFailed, VIR_ERR_MIGRATE_PERSIST_FAILED, 69),
            (.argumentUnsupported, VIR_ERR_ARGUMENT_UNSUPPORTED, 74),
            (.operationAborted, VIR_ERR_OPERATION_ABORTED, 78), (.migrateUnsafe, VIR_ERR_MIGRATE_UNSAFE, 81),
            (.operationUnsupported, VIR_ERR_OPERATION_UNSUPPORTED, 84),
            (.xmlError, VIR_ERR_XML_ERROR, 27), (.operationDenied, VIR_ERR_OPERATION_DENIED, 29),
            (.noNetwork, VIR_ERR_NO_NETWORK, 43), (.noStoragePool, VIR_ERR_NO_STORAGE_POOL, 49),
            (.noStorageVolume, VIR_ERR_NO_STORAGE_VOL, 50), (.noSecret, VIR_ERR_NO_SECRET, 66),
            (.noSnapshot, VIR_ERR_NO_DOMAIN_SNAPSHOT, 72),
            (.storageVolumeExists, VIR_ERR_STORAGE_VOL_EXIST, 90),
            (.accessDenied, VIR_ERR_ACCESS_DENIED, 88), (.cpuIncompatible, VIR_ERR_CPU_INCOMPATIBLE, 91),
        ] as [(LibvirtError.Code, virErrorNumber, UInt32)])
    func code(code: LibvirtError.Code, constant: virErrorNumber, number: UInt32) {
        #expect(code.rawValue == constant.rawValue)
        #expect(code.rawValue == number)
    }

    @Test("is copied once and leaves the slot empty")
    func last() {
        #expect(virConnectOpen("qemu+pigeon://beta/system") == nil)
        let error = LibvirtError.last("look")
        #expect(error.operation == "look")
        #expect(error.code == .invalidArgument)
        #expect(virGetLastError() == nil)
    }

    @Test("is still one when libvirt has nothing to say")
    func silent() {
        virResetLastError()
        let error = LibvirtError.last("look")
        #expect(error.code == .internalError)
        #expect(error.message.isEmpty == false)
    }

    @Test("is a negative status; any other is the answer", arguments: [0, 1, 42] as [CInt])
    func status(answer: CInt) throws {
        #expect(try check("count", answer) == answer)
        virResetLastError()
        #expect(throws: LibvirtError.self) { try check("count", -1 - answer) }
    }

    @Test("is the missing string; any other is copied")
    func string() throws {
        virResetLastError()
        #expect(try adopt("read", strdup("answer")) == "answer")
        #expect(throws: LibvirtError.self) { try adopt("read", nil) }
    }

    @Test("belongs to the call that failed, on eight connections at once")
    func ownThread() async throws {
        try await withThrowingTaskGroup { group in
            for index in 0..<8 {
                group.addTask {
                    let connection = try await TestDriver.open()
                    for round in 0..<50 {
                        try await Self.fail(on: connection, as: "ghost-\(index)-\(round)")
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Fails in three ways, each with its own code; libvirt puts `name` into the sentence of one of them.
    private static func fail(on connection: Connection, as name: String) async throws {
        let snapshot = await #expect(throws: LibvirtError.self) {
            try await connection.ask { domain in
                let found = virDomainSnapshotLookupByName(domain.raw, name, 0)
                guard let found else { throw LibvirtError.last("look for \(name)") }
                virDomainSnapshotFree(found)
            }
        }
        #expect(snapshot?.code.rawValue == VIR_ERR_NO_DOMAIN_SNAPSHOT.rawValue)
        #expect(snapshot?.operation == "look for \(name)")
        #expect(snapshot?.message.contains("'\(name)'") == true)

        let domain = await #expect(throws: LibvirtError.self) {
            try await connection.ask(.name(name)) { try $0.name() }
        }
        #expect(domain?.code == .noDomain)
        #expect(domain?.operation == "find the guest \(name) on \(connection.uri)")

        let change = await #expect(throws: LibvirtError.self) {
            try await connection.ask(.name("shut-off")) { try $0.destroy() }
        }
        #expect(change?.code == .operationInvalid)
    }

    @Test("of opening is about the document that was opened, also when eight fail at once")
    func opening() async {
        await withTaskGroup { group in
            for index in 0..<8 {
                group.addTask {
                    let error = await #expect(throws: LibvirtError.self) {
                        try await TestDriver.open("<ghost-\(index)/>")
                    }
                    #expect(error?.message.contains("ghost-\(index)") == true)
                }
            }
        }
    }
}
