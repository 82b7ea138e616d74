import CLibvirt
import Testing

@testable import Libvirt

@Suite("A guest's facts", .timeLimit(.minutes(1)))
struct GuestFactsTests {
    /// A guest with a disk and a balloon.
    static let furnished = """
        <node>
          <domain type='test'>
            <name>running</name><memory unit='GiB'>2</memory><vcpu>1</vcpu><os><type>hvm</type></os>
            <devices>
              <disk type='file'><source file='/images/a.img'/><target dev='vda' bus='virtio'/></disk>
              <memballoon model='virtio'/>
            </devices>
          </domain>
        </node>
        """

    @Test("count its snapshots and its checkpoints")
    func snapshots() async throws {
        let connection = try await TestDriver.open()
        #expect(try await connection.ask { try $0.snapshotCount() } == 0)
        #expect(try await connection.ask { try $0.checkpointCount() } == 0)
        try await connection.ask { domain in
            let snapshot = virDomainSnapshotCreateXML(domain.raw, "<domainsnapshot/>", 0)
            #expect(virDomainSnapshotFree(snapshot) == 0)
        }
        #expect(try await connection.ask { try $0.snapshotCount() } == 1)
    }

    @Test("hold the size of a disk")
    func blockInformation() async throws {
        let connection = try await TestDriver.open(Self.furnished)
        let size = try await connection.ask { try $0.blockInformation(disk: "vda") }
        #expect(size.capacityBytes > 0)
        #expect(size.physicalBytes >= size.capacityBytes)
        let error = await #expect(throws: LibvirtError.self) {
            try await connection.ask { try $0.blockInformation(disk: "vdz") }
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.operation == "read the size of the disk vdz")
    }

    @Test("count what went to a disk")
    func blockStatistics() async throws {
        let connection = try await TestDriver.open(Self.furnished)
        let first = try await connection.ask { try $0.blockStatistics(disk: "vda") }
        let second = try await connection.ask { try $0.blockStatistics(disk: "vda") }
        #expect(second.writtenBytes >= first.writtenBytes && second.readBytes >= first.readBytes)
        let error = await #expect(throws: LibvirtError.self) {
            try await connection.ask { try $0.blockStatistics(disk: "vdz") }
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.operation == "read the counters of the disk vdz")
    }

    @Test("hold its memory in bytes")
    func memory() async throws {
        let furnished = try await TestDriver.open(Self.furnished)
        let memory = try await furnished.ask { try $0.memoryStatistics() }
        // The driver says that half of what the balloon leaves is used.
        #expect(memory.actualBytes == 2 << 30)
        #expect(memory.residentBytes == 1 << 30)
        #expect(memory.unusedBytes == 1 << 30)
        #expect(memory.usableBytes == 1 << 30)

        let bare = try await TestDriver.open()
        let untold = try await bare.ask { try $0.memoryStatistics() }
        #expect(untold.actualBytes == nil)
        let error = await #expect(throws: LibvirtError.self) {
            try await bare.ask(.name("shut-off")) { try $0.memoryStatistics() }
        }
        #expect(error?.code == .operationInvalid)
    }

    @Test(
        "name a block job by the C constant",
        arguments: [
            (VIR_DOMAIN_BLOCK_JOB_TYPE_PULL, .pull), (VIR_DOMAIN_BLOCK_JOB_TYPE_COPY, .copy),
            (VIR_DOMAIN_BLOCK_JOB_TYPE_COMMIT, .commit),
            (VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT, .activeCommit),
            (VIR_DOMAIN_BLOCK_JOB_TYPE_BACKUP, .backup), (VIR_DOMAIN_BLOCK_JOB_TYPE_UNKNOWN, .other(0)),
            (virDomainBlockJobType(99), .other(99)),
        ] as [(virDomainBlockJobType, BlockJob.Kind)])
    func blockJobKind(constant: virDomainBlockJobType, kind: BlockJob.Kind) {
        #expect(BlockJob.Kind(raw: CInt(bitPattern: constant.rawValue)) == kind)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var code: LibvirtError.Code = .noSupport
        let operation: String
        let call: @Sendable (borrowing DomainHandle) throws -> Void
    }

    @Test(
        "that its driver has not are an error",
        arguments: [
            Refusal(testDescription: "block job", operation: "read the job on the disk vda") {
                _ = try $0.blockJob(disk: "vda")
            },
            Refusal(testDescription: "a disk's copy", operation: "copy the disk vda") {
                try $0.beginBlockCopy(
                    disk: "vda", to: "<disk/>", onlyTop: true, bandwidthBytesPerSecond: 1 << 20)
            },
            Refusal(testDescription: "its end", operation: "end the copy of the disk vda") {
                try $0.endBlockCopy(disk: "vda", changesOver: false)
            },
            Refusal(testDescription: "its use", operation: "change over to the copy of the disk vda") {
                try $0.endBlockCopy(disk: "vda", changesOver: true)
            },
            Refusal(
                testDescription: "measuring", operation: "measure how fast a guest writes to its memory"
            ) {
                try $0.startDirtyRate(period: .seconds(1), mode: .pageSampling)
            },
            Refusal(
                testDescription: "what was measured", code: .argumentUnsupported,
                operation: "read how fast a guest writes to its memory"
            ) {
                _ = try $0.dirtyRate()
            },
            Refusal(testDescription: "post-copy", operation: "switch the migration to post-copy") {
                try $0.startPostCopy()
            },
        ])
    func refused(row: Refusal) async throws {
        let connection = try await TestDriver.open()
        let error = await #expect(throws: LibvirtError.self) { try await connection.ask { try row.call($0) } }
        #expect(error?.code == row.code)
        #expect(error?.operation == row.operation)
    }
}

@Suite("A dirty rate", .timeLimit(.minutes(1)))
struct DirtyRateTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let values: [String: TypedValue]
        let rate: DirtyRate
    }

    @Test(
        "is read from the daemon's fields",
        arguments: [
            Row(
                testDescription: "nothing told", values: [:],
                rate: DirtyRate(status: .unstarted, mode: nil, period: nil, mebibytesPerSecond: nil)),
            Row(
                testDescription: "measuring",
                values: [
                    "dirtyrate.calc_status": .int(1), "dirtyrate.calc_start_time": .int64(7),
                    "dirtyrate.calc_period": .int(3), "dirtyrate.calc_mode": .string("dirty-bitmap"),
                ],
                rate: DirtyRate(
                    status: .measuring, mode: .dirtyBitmap, period: .seconds(3), mebibytesPerSecond: nil)),
            Row(
                testDescription: "measured",
                values: [
                    "dirtyrate.calc_status": .int(2), "dirtyrate.calc_period": .int(1),
                    "dirtyrate.calc_mode": .string("page-sampling"),
                    "dirtyrate.megabytes_per_second": .int64(2560),
                ],
                rate: DirtyRate(
                    status: .measured, mode: .pageSampling, period: .seconds(1), mebibytesPerSecond: 2560)),
            Row(
                testDescription: "a mode that is new",
                values: [
                    "dirtyrate.calc_status": .int(2), "dirtyrate.calc_mode": .string("crystal-ball"),
                    "dirtyrate.megabytes_per_second": .int64(-1),
                ],
                rate: DirtyRate(status: .measured, mode: nil, period: nil, mebibytesPerSecond: nil)),
        ])
    func read(row: Row) throws {
        #expect(try DirtyRate(row.values, during: "read") == row.rate)
    }

    @Test("with a status that is new is an error that names it")
    func newStatus() {
        let error = #expect(throws: LibvirtError.self) {
            try DirtyRate(["dirtyrate.calc_status": .int(9)], during: "read")
        }
        #expect(error?.message == "the daemon reports the status 9, which is unknown here")
    }

    @Test("is measured in a way that libvirt has", arguments: DirtyRate.Mode.allCases)
    func flags(mode: DirtyRate.Mode) {
        let flags: [DirtyRate.Mode: UInt32] = [.pageSampling: 0, .dirtyBitmap: 1, .dirtyRing: 2]
        #expect(mode.flags == flags[mode])
    }
}
