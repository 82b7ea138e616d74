import Testing

@testable import Libvirt

@Suite("Storage", .timeLimit(.minutes(1)))
struct StorageTests {
    static let uuid = "dfe224cb-28fb-8dd0-c4b2-64eb3f0f4566"

    /// A host with a pool that holds one volume.
    static func open() async throws -> Connection {
        try await TestDriver.open(
            """
            <node>
              <pool type='dir'>
                <name>images</name><uuid>\(uuid)</uuid><target><path>/images</path></target>
                <volume type='file'>
                  <name>system.img</name><capacity unit='GiB'>3</capacity>
                  <allocation unit='GiB'>2</allocation>
                </volume>
              </pool>
            </node>
            """)
    }

    static let transient = """
        <pool type='dir'><name>probe</name><target><path>/probe</path></target></pool>
        """

    static func volumeDocument(_ name: String) -> String {
        "<volume><name>\(name)</name><capacity unit='bytes'>4096</capacity></volume>"
    }

    @Test("pools are listed with what they are")
    func pools() async throws {
        let pools = try await Self.open().storagePools()
        let pool = try #require(pools.first)
        #expect(pools.count == 1)
        #expect(pool.name == "images")
        #expect(pool.uuid == Self.uuid)
        #expect(pool.isActive)
        #expect(pool.isPersistent)
        #expect(pool.xml.contains("<path>/images</path>"))
    }

    @Test("space is what the pool's document said, less what its volumes take up")
    func space() async throws {
        let connection = try await Self.open()
        let before = try await connection.poolSpace(named: "images")
        #expect(before.capacityBytes == before.allocationBytes + before.availableBytes)
        _ = try await connection.createVolume(Self.volumeDocument("probe.img"), inPool: "images")
        let after = try await connection.poolSpace(named: "images")
        #expect(after.capacityBytes == before.capacityBytes)
        #expect(after.allocationBytes == before.allocationBytes + 4096)
    }

    @Test("a transient pool comes and goes without a trace")
    func transientPool() async throws {
        let connection = try await Self.open()
        let before = try await connection.storagePools()
        try await connection.createTransientPool(Self.transient)
        let probe = try #require(try await connection.storagePools().first { $0.name == "probe" })
        #expect(probe.isActive)
        #expect(!probe.isPersistent)
        try await connection.refreshPool(named: "probe")
        try await connection.destroyPool(named: "probe")
        #expect(try await connection.storagePools() == before)
    }

    @Test("a volume is found by its name, in its size")
    func volume() async throws {
        let connection = try await Self.open()
        #expect(
            try await connection.volume(named: "system.img", inPool: "images")
                == StorageVolume(
                    name: "system.img", path: "/images/system.img", capacityBytes: 3 << 30,
                    allocationBytes: 2 << 30))
        #expect(try await connection.volume(named: "ghost.img", inPool: "images") == nil)
    }

    @Test("a volume is made, seen and deleted")
    func lifeOfAVolume() async throws {
        let connection = try await Self.open()
        let made = try await connection.createVolume(Self.volumeDocument("probe.img"), inPool: "images")
        #expect(made.name == "probe.img")
        #expect(made.path == "/images/probe.img")
        #expect(made.capacityBytes == 4096)
        #expect(try await connection.volume(named: "probe.img", inPool: "images") == made)
        try await connection.deleteVolume(named: "probe.img", inPool: "images")
        #expect(try await connection.volume(named: "probe.img", inPool: "images") == nil)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: LibvirtError.Code
        let call: @Sendable (Connection) async throws -> Void
    }

    @Test(
        "says what is not there, and what is there already",
        arguments: [
            Refusal(testDescription: "no pool to stop", code: .noStoragePool) {
                try await $0.destroyPool(named: "ghost")
            },
            Refusal(testDescription: "no pool to refresh", code: .noStoragePool) {
                try await $0.refreshPool(named: "ghost")
            },
            Refusal(testDescription: "no pool with space", code: .noStoragePool) {
                _ = try await $0.poolSpace(named: "ghost")
            },
            Refusal(testDescription: "no pool to look in", code: .noStoragePool) {
                _ = try await $0.volume(named: "system.img", inPool: "ghost")
            },
            Refusal(testDescription: "no pool to create in", code: .noStoragePool) {
                _ = try await $0.createVolume(volumeDocument("probe.img"), inPool: "ghost")
            },
            Refusal(testDescription: "no volume to delete", code: .noStorageVolume) {
                try await $0.deleteVolume(named: "ghost.img", inPool: "images")
            },
            // This driver has no code of its own for it; the real ones say `.storageVolumeExists`.
            Refusal(testDescription: "a volume of that name", code: .operationFailed) {
                _ = try await $0.createVolume(volumeDocument("system.img"), inPool: "images")
            },
            Refusal(testDescription: "a pool of that name", code: .operationFailed) {
                try await $0.createTransientPool(
                    "<pool type='dir'><name>images</name><target><path>/x</path></target></pool>")
            },
            Refusal(testDescription: "not a pool", code: .xmlError) {
                try await $0.createTransientPool("<volume/>")
            },
        ])
    func refused(row: Refusal) async throws {
        let connection = try await Self.open()
        let error = await #expect(throws: LibvirtError.self) { try await row.call(connection) }
        #expect(error?.code == row.code)
        #expect(error?.message.isEmpty == false)
        #expect(try await connection.storagePools().count == 1)
    }
}
