import Testing

@testable import Libvirt

@Suite("Job statistics", .timeLimit(.minutes(1)))
struct JobStatisticsTests {
    @Test("read the fields by libvirt's names, in their units")
    func fields() {
        let statistics = JobStatistics(
            kind: .unbounded,
            values: [
                "operation": .int(5), "time_elapsed": .uint64(4_200), "downtime": .uint64(35),
                "data_processed": .uint64(1), "memory_total": .uint64(2), "memory_processed": .uint64(3),
                "memory_remaining": .uint64(4), "memory_bps": .uint64(5), "disk_remaining": .uint64(6),
                "memory_iteration": .uint64(7), "memory_dirty_rate": .uint64(1_000),
                "memory_page_size": .uint64(16_384), "a field of tomorrow": .string("stays"),
            ])
        #expect(statistics.operation == .migrationOut)
        #expect(statistics.elapsed == .milliseconds(4_200))
        #expect(statistics.downtime == .milliseconds(35))
        #expect(statistics.dataProcessedBytes == 1)
        #expect(statistics.memoryTotalBytes == 2)
        #expect(statistics.memoryProcessedBytes == 3)
        #expect(statistics.memoryRemainingBytes == 4)
        #expect(statistics.memoryBytesPerSecond == 5)
        #expect(statistics.diskRemainingBytes == 6)
        #expect(statistics.iteration == 7)
        #expect(statistics.dirtyBytesPerSecond == 16_384_000)
        #expect(statistics.values["a field of tomorrow"] == .string("stays"))
    }

    @Test("have no value for what was not reported")
    func missing() {
        let statistics = JobStatistics(kind: .bounded, values: [:])
        #expect(statistics.operation == .unknown)
        #expect(statistics.elapsed == nil)
        #expect(statistics.downtime == nil)
        #expect(statistics.dataProcessedBytes == nil)
        #expect(statistics.memoryTotalBytes == nil)
        #expect(statistics.memoryProcessedBytes == nil)
        #expect(statistics.memoryRemainingBytes == nil)
        #expect(statistics.memoryBytesPerSecond == nil)
        #expect(statistics.diskRemainingBytes == nil)
        #expect(statistics.iteration == nil)
        #expect(statistics.dirtyBytesPerSecond == nil)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let values: [String: TypedValue]
        var elapsed: Duration?
        var dirtyBytesPerSecond: UInt64?
        var iteration: Int?
    }

    @Test(
        "are robust against",
        arguments: [
            Row(
                testDescription: "a signed time", values: ["time_elapsed": .int64(90)],
                elapsed: .milliseconds(90)),
            Row(testDescription: "a negative time", values: ["time_elapsed": .int64(-90)]),
            Row(testDescription: "a time that is text", values: ["time_elapsed": .string("90")]),
            Row(
                testDescription: "an endless time", values: ["time_elapsed": .uint64(.max)],
                elapsed: .milliseconds(Int64.max)),
            Row(
                testDescription: "a dirty rate without a page size",
                values: ["memory_dirty_rate": .uint64(10)], dirtyBytesPerSecond: 40_960),
            Row(
                testDescription: "a page size without a dirty rate",
                values: ["memory_page_size": .uint64(4_096)]),
            Row(
                testDescription: "a dirty rate of nothing",
                values: ["memory_dirty_rate": .uint64(0), "memory_page_size": .uint64(4_096)],
                dirtyBytesPerSecond: 0),
            Row(testDescription: "a round beyond counting", values: ["memory_iteration": .uint64(.max)]),
            Row(testDescription: "a round of 32 bits", values: ["memory_iteration": .uint(3)], iteration: 3),
        ])
    func odd(row: Row) {
        let statistics = JobStatistics(kind: .unbounded, values: row.values)
        #expect(statistics.elapsed == row.elapsed)
        #expect(statistics.dirtyBytesPerSecond == row.dirtyBytesPerSecond)
        #expect(statistics.iteration == row.iteration)
    }

    @Test(
        "name what the job does, also when it is new",
        arguments: [
            (0, .unknown), (1, .start), (2, .save), (3, .restore), (4, .migrationIn), (5, .migrationOut),
            (6, .snapshot), (7, .snapshotRevert), (8, .dump), (9, .backup),
            (99, .other(99)), (-1, .other(-1)),
        ] as [(Int32, JobStatistics.Operation)])
    func operation(raw: Int32, operation: JobStatistics.Operation) {
        #expect(JobStatistics.Operation(raw: raw) == operation)
        #expect(JobStatistics(kind: .bounded, values: ["operation": .int(raw)]).operation == operation)
    }

    @Test(
        "name where the job stands, also when it is new",
        arguments: [
            (0, .none), (1, .bounded), (2, .unbounded), (3, .completed), (4, .failed), (5, .cancelled),
            (99, .other(99)), (-1, .other(-1)),
        ] as [(CInt, JobStatistics.Kind)])
    func kind(raw: CInt, kind: JobStatistics.Kind) {
        #expect(JobStatistics.Kind(raw: raw) == kind)
    }

    @Test("are refused, not invented, where the driver has no jobs")
    func idle() async throws {
        let connection = try await TestDriver.open()
        let running = await #expect(throws: LibvirtError.self) {
            try await connection.ask { try $0.jobStatistics() }
        }
        #expect(running?.code == .noSupport)
        #expect(running?.operation == "read a guest's job")
        let completed = await #expect(throws: LibvirtError.self) {
            try await connection.ask { try $0.completedJobStatistics() }
        }
        #expect(completed?.code == .noSupport)
    }
}
