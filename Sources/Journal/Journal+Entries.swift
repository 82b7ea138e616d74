package import FleetModel
internal import GRDB

extension Journal {
    /// A move's story, in the order in which it was noted; none is no error.
    package func entries(of move: String) throws(ApusError) -> [MoveEntry] {
        try read("read the journal") { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM entry WHERE move = ? ORDER BY number", arguments: [move]
            ).map(MoveEntry.init(row:))
        }
    }
}

extension Journal {
    package func reached(_ move: String) throws(ApusError) -> Phase? {
        MoveEntry.reached(try entries(of: move))
    }
}

extension MoveEntry {
    static func append(_ entries: [MoveEntry], to move: String, in database: Database) throws {
        let last = try Int.fetchOne(
            database, sql: "SELECT max(number) FROM entry WHERE move = ?", arguments: [move])
        let statement = try database.makeStatement(
            sql: """
                INSERT INTO entry (
                    move, number, at_ns, kind, phase, step, limit_ns, text, elapsed_ns, memory_total_bytes,
                    memory_remaining_bytes, wire_bytes, throughput_bytes_per_second,
                    dirty_rate_bytes_per_second, round, downtime_ns, throttle_percent, disk_total_bytes,
                    disk_remaining_bytes)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        for (offset, entry) in entries.enumerated() {
            try statement.execute(arguments: [move, (last ?? 0) + 1 + offset] + entry.columns)
        }
    }

    private var columns: StatementArguments {
        let words: StatementArguments =
            switch event {
            case .phase(let phase): ["phase", phase.name, nil, nil, nil]
            case .decision(let decision):
                ["decision", nil, decision.step.word, decision.step.limit?.nanoseconds, decision.reason]
            case .sample: ["sample", nil, nil, nil, nil]
            case .remark(let text): ["remark", nil, nil, nil, text]
            }
        let sample: JobSample? =
            switch event {
            case .sample(let sample): sample
            // A rate has one column, whether it was seen or set.
            case .decision(let decision): decision.step.bandwidth.map { JobSample(throughput: $0) }
            case .phase, .remark: nil
            }
        return [at.nanoseconds] + words + (sample ?? JobSample()).columns
    }

    fileprivate init(row: Row) throws {
        let at: Int64 = try row.value("at_ns")
        let kind: String = try row.value("kind")
        switch kind {
        case "phase":
            let name: String = try row.value("phase")
            guard let phase = Phase.allCases.first(where: { $0.name == name }) else {
                throw UnreadableValue(column: "phase")
            }
            self.init(at: .nanoseconds(at), .phase(phase))
        case "decision":
            self.init(
                at: .nanoseconds(at),
                .decision(Decision(try Decision.Step(row: row), because: try row.value("text"))))
        case "sample":
            self.init(at: .nanoseconds(at), .sample(try JobSample(row: row)))
        case "remark":
            self.init(at: .nanoseconds(at), .remark(try row.value("text")))
        default: throw UnreadableValue(column: "kind")
        }
    }
}

extension Decision.Step {
    fileprivate var word: String {
        switch self {
        case .setDowntimeLimit: "set-downtime-limit"
        case .setBandwidth: "set-bandwidth"
        case .startPostCopy: "start-post-copy"
        case .suspend: "suspend"
        case .abort: "abort"
        case .wait: "wait"
        }
    }

    fileprivate var limit: Duration? {
        guard case .setDowntimeLimit(let limit) = self else { return nil }
        return limit
    }

    fileprivate var bandwidth: ByteRate? {
        guard case .setBandwidth(let limit) = self else { return nil }
        return limit
    }

    fileprivate init(row: Row) throws {
        let word: String = try row.value("step")
        switch word {
        case "set-downtime-limit": self = .setDowntimeLimit(.nanoseconds(try row.value("limit_ns") as Int64))
        case "set-bandwidth":
            let rate: UInt64? = try row.optional("throughput_bytes_per_second")
            self = .setBandwidth(rate.map(ByteRate.init(bytesPerSecond:)))
        case "start-post-copy": self = .startPostCopy
        case "suspend": self = .suspend
        case "abort": self = .abort
        case "wait": self = .wait
        default: throw UnreadableValue(column: "step")
        }
    }
}

extension JobSample {
    fileprivate var columns: StatementArguments {
        func bytes(_ count: ByteCount?) -> Int64? { count.map { Int64(clamping: $0.bytes) } }
        func rate(_ rate: ByteRate?) -> Int64? { rate.map { Int64(clamping: $0.bytesPerSecond) } }
        return [
            elapsed?.nanoseconds, bytes(memoryTotal), bytes(memoryRemaining), bytes(wire), rate(throughput),
            rate(dirtyRate), round, downtime?.nanoseconds, throttlePercent, bytes(diskTotal),
            bytes(diskRemaining),
        ]
    }

    fileprivate init(row: Row) throws {
        func duration(_ column: String) throws -> Duration? {
            (try row.optional(column) as Int64?).map { .nanoseconds($0) }
        }
        func bytes(_ column: String) throws -> ByteCount? {
            (try row.optional(column) as UInt64?).map(ByteCount.init)
        }
        func rate(_ column: String) throws -> ByteRate? {
            (try row.optional(column) as UInt64?).map(ByteRate.init(bytesPerSecond:))
        }
        self.init(
            elapsed: try duration("elapsed_ns"), memoryTotal: try bytes("memory_total_bytes"),
            memoryRemaining: try bytes("memory_remaining_bytes"), wire: try bytes("wire_bytes"),
            throughput: try rate("throughput_bytes_per_second"),
            dirtyRate: try rate("dirty_rate_bytes_per_second"), round: try row.optional("round"),
            downtime: try duration("downtime_ns"), throttlePercent: try row.optional("throttle_percent"),
            diskTotal: try bytes("disk_total_bytes"), diskRemaining: try bytes("disk_remaining_bytes"))
    }
}
