import CLibvirt
import Testing

@testable import Libvirt

@Suite("A migration", .timeLimit(.minutes(1)))
struct MigrationTests {
    /// libvirt wants to be initialised before any of its calls, also those that need no connection.
    init() { EventLoop.start() }

    struct Flag: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let flag: MigrationFlags
        let constant: virDomainMigrateFlags
        let number: UInt32

        init(
            _ testDescription: String, _ flag: MigrationFlags,
            _ constant: virDomainMigrateFlags, _ number: UInt32
        ) {
            self.testDescription = testDescription
            self.flag = flag
            self.constant = constant
            self.number = number
        }
    }

    @Test(
        "has the flags of the C header",
        arguments: [
            Flag("live", .live, VIR_MIGRATE_LIVE, 1 << 0),
            Flag("peer to peer", .peerToPeer, VIR_MIGRATE_PEER2PEER, 1 << 1),
            Flag("persist destination", .persistDestination, VIR_MIGRATE_PERSIST_DEST, 1 << 3),
            Flag("undefine source", .undefineSource, VIR_MIGRATE_UNDEFINE_SOURCE, 1 << 4),
            Flag("paused", .paused, VIR_MIGRATE_PAUSED, 1 << 5),
            Flag("unsafe", .unsafe, VIR_MIGRATE_UNSAFE, 1 << 9),
            Flag("compressed", .compressed, VIR_MIGRATE_COMPRESSED, 1 << 11),
            Flag("auto-converge", .autoConverge, VIR_MIGRATE_AUTO_CONVERGE, 1 << 13),
            Flag("post-copy", .postcopy, VIR_MIGRATE_POSTCOPY, 1 << 15),
            Flag("TLS", .tls, VIR_MIGRATE_TLS, 1 << 16),
            Flag("disks", .nonSharedDisk, VIR_MIGRATE_NON_SHARED_DISK, 1 << 6),
            Flag("tops of disks", .nonSharedIncrement, VIR_MIGRATE_NON_SHARED_INC, 1 << 7),
            Flag(
                "synchronous writes", .synchronousWrites, VIR_MIGRATE_NON_SHARED_SYNCHRONOUS_WRITES, 1 << 18),
            Flag("parallel", .parallel, VIR_MIGRATE_PARALLEL, 1 << 17),
            Flag("post-copy taken up again", .postCopyResume, VIR_MIGRATE_POSTCOPY_RESUME, 1 << 19),
            Flag("change protection", .changeProtection, VIR_MIGRATE_CHANGE_PROTECTION, 1 << 8),
            Flag("abort on error", .abortOnError, VIR_MIGRATE_ABORT_ON_ERROR, 1 << 12),
        ])
    func flag(row: Flag) {
        #expect(row.flag.rawValue == row.constant.rawValue)
        #expect(row.flag.rawValue == row.number)
    }

    @Test("names each disk that is copied, and the definition that stays")
    func disks() throws {
        var parameters = MigrationParameters()
        parameters.migratedDisks = ["vda", "vdb"]
        parameters.persistentXML = "<domain/>"
        let typed = try parameters.typed()
        #expect(typed.count == 3)
        let read = unsafe TypedParameters.read(typed.raw, count: typed.count)
        #expect(read == ["persistent_xml": .string("<domain/>"), "migrate_disks": .string("vdb")])
    }

    @Test("joins flags")
    func flags() {
        let flags: MigrationFlags = [.live, .undefineSource, .abortOnError]
        #expect(flags.rawValue == 0x1011)
        #expect(flags.union(.peerToPeer).subtracting(.live).rawValue == 0x1012)
    }

    struct Parameters: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let parameters: MigrationParameters
        let values: [String: TypedValue]
    }

    @Test(
        "passes what was asked for, by libvirt's names",
        arguments: [
            Parameters(testDescription: "nothing", parameters: MigrationParameters(), values: [:]),
            Parameters(
                testDescription: "everything",
                parameters: MigrationParameters(
                    migrationURI: "tcp://192.0.2.12", destinationXML: "<domain/>",
                    bandwidthMebibytesPerSecond: 800, postcopyBandwidthMebibytesPerSecond: 100,
                    parallelConnections: 4, autoConvergeInitialPercent: 20, autoConvergeIncrementPercent: 10,
                    compressionMethods: ["xbzrle"], xbzrleCacheBytes: 64 << 20,
                    tlsDestination: "beta.mig"),
                values: [
                    "migrate_uri": .string("tcp://192.0.2.12"), "destination_xml": .string("<domain/>"),
                    "bandwidth": .uint64(800), "bandwidth.postcopy": .uint64(100),
                    "parallel.connections": .int(4), "auto_converge.initial": .int(20),
                    "auto_converge.increment": .int(10), "compression": .string("xbzrle"),
                    "compression.xbzrle.cache": .uint64(64 << 20), "tls.destination": .string("beta.mig"),
                ]),
            Parameters(
                testDescription: "no limit", parameters: MigrationParameters(bandwidthMebibytesPerSecond: 0),
                values: ["bandwidth": .uint64(0)]),
        ])
    func parameters(row: Parameters) throws {
        let typed = try row.parameters.typed()
        let values = TypedParameters.read(typed.raw, count: typed.count)
        #expect(values == row.values)
    }

    @Test("passes every compression method, each under the same name")
    func compressionMethods() throws {
        let typed = try MigrationParameters(compressionMethods: ["xbzrle", "mt"]).typed()
        #expect(typed.count == 2)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var code: LibvirtError.Code = .noSupport
        let operation: String
        let call: @Sendable (borrowing DomainHandle, _ destination: Connection) throws -> Void
    }

    @Test(
        "is refused by a driver that has none",
        arguments: [
            Refusal(testDescription: "between two daemons", operation: "migrate the guest") {
                try $0.migrate(to: $1, flags: [.live], parameters: .init(destinationXML: "<domain/>"))
            },
            Refusal(
                testDescription: "from daemon to daemon", code: .argumentUnsupported,
                operation: "migrate the guest"
            ) { domain, _ in
                try domain.migrate(toURI: TestDriver.shared, flags: [.live], parameters: .init())
            },
            Refusal(testDescription: "its downtime limit", operation: "set the downtime limit") { domain, _ in
                try domain.setMaxDowntime(.milliseconds(300))
            },
            Refusal(testDescription: "that limit", operation: "read the downtime limit") { domain, _ in
                _ = try domain.maxDowntime()
            },
            Refusal(testDescription: "its bandwidth", operation: "set the migration bandwidth") { domain, _ in
                try domain.setMaxBandwidth(mebibytesPerSecond: 10)
            },
            Refusal(testDescription: "that one", operation: "read the migration bandwidth") { domain, _ in
                _ = try domain.maxBandwidthMebibytesPerSecond()
            },
            Refusal(
                testDescription: "its bandwidth in post-copy", operation: "set the bandwidth of post-copy"
            ) {
                domain, _ in try domain.setMaxBandwidth(mebibytesPerSecond: 10, postCopy: true)
            },
            Refusal(testDescription: "that one, too", operation: "read the bandwidth of post-copy") {
                domain, _ in _ = try domain.maxBandwidthMebibytesPerSecond(postCopy: true)
            },
            Refusal(testDescription: "its break", operation: "break the connection of a post-copy") {
                domain, _ in try domain.abortJob(postCopy: true)
            },
            Refusal(testDescription: "its end", operation: "abort a guest's job") { domain, _ in
                try domain.abortJob()
            },
        ])
    func refused(row: Refusal) async throws {
        let (source, destination) = (try await TestDriver.open(), try await TestDriver.open())
        let error = await #expect(throws: LibvirtError.self) {
            try await source.ask { try row.call($0, destination) }
        }
        #expect(error?.code == row.code)
        #expect(error?.operation == row.operation)
        #expect(try await source.domains().count == 3)
        #expect(try await destination.domains().count == 3)
    }
}

@Suite("A span of time", .timeLimit(.minutes(1)))
struct WholeMillisecondsTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let span: Duration
        let milliseconds: UInt64
        var testDescription: String { "\(span)" }

        init(_ span: Duration, _ milliseconds: UInt64) {
            self.span = span
            self.milliseconds = milliseconds
        }
    }

    @Test(
        "is rounded to milliseconds and stays within libvirt's range",
        arguments: [
            Row(.zero, 0), Row(.nanoseconds(1), 1), Row(.microseconds(499), 1), Row(.microseconds(1_499), 1),
            Row(.microseconds(1_500), 2), Row(.milliseconds(300), 300), Row(.microseconds(999_500), 1_000),
            Row(.seconds(2), 2_000), Row(.seconds(3_600) + .milliseconds(7), 3_600_007),
            Row(.milliseconds(-1), 0), Row(.seconds(-5), 0), Row(.seconds(Int64.min), 0),
            Row(.seconds(Int64.max), UInt64(Int64.max)), Row(.milliseconds(Int64.max), UInt64(Int64.max)),
            Row(.seconds(9_000_000_000_000_000), 9_000_000_000_000_000_000),
        ])
    func rounding(row: Row) {
        #expect(row.span.wholeMilliseconds == row.milliseconds)
    }
}
