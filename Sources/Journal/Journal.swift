package import FleetModel
internal import GRDB

/// What Apus remembers on this machine: moves with their sealed forecasts and their stories, who holds which guest,
/// measurements, undo records.
///
/// One SQLite file that several processes share. Each call is one short transaction on the calling thread; it
/// waits up to ten seconds for another process that writes. What a write returned from is on the disk: it
/// outlives the process and a power cut.
///
/// Every call that throws names one of `journal-unwritable`, `journal-damaged` and `journal-busy`.
package struct Journal: Sendable {
    /// How long a process waits for another, unless told.
    static let patience = Duration.seconds(10)

    private let directory: StateDirectory
    private let queue: DatabaseQueue

    /// Where it lies.
    package var path: String { directory.file }

    /// Opens the journal for reading and writing; makes the directory (mode 0700) and the file where they are
    /// missing, and brings an older file up to date.
    ///
    /// - Throws: `ApusError`; `journal-newer` when a newer Apus has been here.
    package static func open(directory: String) throws(ApusError) -> Journal {
        try open(StateDirectory(directory), schema: .current, patience: patience)
    }

    /// Opens the journal for reading only, on a read-only file system too.
    ///
    /// - Parameters:
    ///   - directory: where it lies.
    ///   - patience: how long another process is waited for that makes the journal or brings it up to date.
    /// - Returns: `nil` when there is none yet.
    /// - Throws: `ApusError`; `journal-newer` when a newer Apus has been here.
    package static func openReadOnly(
        directory: String, patience: Duration = Journal.patience
    ) throws(ApusError) -> Journal? {
        try openReadOnly(StateDirectory(directory), schema: .current, patience: patience)
    }

    static func open(
        _ directory: StateDirectory, schema: Schema, patience: Duration
    ) throws(ApusError) -> Journal {
        try directory.prepare()
        let journal = try Journal(directory, .writing(patience))
        if try journal.age(by: schema) == .current { return journal }
        // One process at a time brings the file up to date; the others find it done.
        let lock = try directory.lock(patience: patience)
        switch try journal.age(by: schema) {
        case .current: return journal
        case .older: break
        case .none: directory.makePrivate()
        }
        try journal.translating("bring the journal up to date") { queue in try schema.apply(to: queue) }
        lock.syncDirectory()
        return journal
    }

    static func openReadOnly(
        _ directory: StateDirectory, schema: Schema, patience: Duration
    ) throws(ApusError) -> Journal? {
        guard try directory.hasJournal() else { return nil }
        let journal = try Journal(directory, .reading(patience))
        switch try journal.age(by: schema) {
        case .none: return nil
        case .current: return journal
        case .older:
            _ = try open(directory, schema: schema, patience: patience)
            return journal
        }
    }

    private init(_ directory: StateDirectory, _ configuration: Configuration) throws(ApusError) {
        self.directory = directory
        do {
            queue = try DatabaseQueue(path: directory.file, configuration: configuration)
        } catch {
            // SQLite needs a log and an index beside the file, and here none can be made. A file without a log
            // is complete, and is read as it stands.
            guard configuration.readonly, directory.takesNoFiles else {
                throw directory.failure("open the journal", error)
            }
            guard !directory.hasLog else { throw directory.unmerged() }
            guard let queue = try? DatabaseQueue(path: directory.immutableURI, configuration: configuration)
            else { throw directory.failure("open the journal", error) }
            self.queue = queue
        }
    }

    private func age(by schema: Schema) throws(ApusError) -> Schema.Age? {
        switch try read("open the journal", { database in try schema.reading(database) }) {
        case .empty: nil
        case .ours(let age): age
        case .newer: throw directory.newer()
        case .foreign: throw directory.damaged("open the journal", "it is another program's database")
        }
    }

    /// Runs one transaction that only reads.
    func read<Value>(
        _ operation: String, _ body: (Database) throws -> Value
    ) throws(ApusError) -> Value {
        try translating(operation) { queue in try queue.read(body) }
    }

    /// Runs one transaction that takes the write lock at its start, so that it never has to give up halfway.
    func write<Value>(
        _ operation: String, _ body: (Database) throws -> Value
    ) throws(ApusError) -> Value {
        try translating(operation) { queue in try queue.write(body) }
    }

    private func translating<Value>(
        _ operation: String, _ body: (DatabaseQueue) throws -> Value
    ) throws(ApusError) -> Value {
        do {
            return try body(queue)
        } catch {
            throw directory.failure(operation, error)
        }
    }
}

extension Configuration {
    fileprivate static func writing(_ patience: Duration) -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(patience.seconds)
        configuration.foreignKeysEnabled = false
        configuration.prepareDatabase { database in
            // FULL: a commit is on the disk before the call returns. A process that just ends leaves its log
            // for the next to read, so it is merged after 400 KiB instead of 4 MiB. Snapshots on their way have
            // passwords in them: what is deleted is written over.
            try database.execute(
                sql: "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 100; PRAGMA secure_delete = ON")
        }
        return configuration
    }

    fileprivate static func reading(_ patience: Duration) -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(patience.seconds)
        configuration.foreignKeysEnabled = false
        configuration.readonly = true
        return configuration
    }
}

extension Row {
    /// A column's value; a value of another type than was written there is an error, not a crash.
    func value<Value: DatabaseValueConvertible>(_ column: String) throws -> Value {
        let stored: DatabaseValue = self[column]
        guard let value = Value.fromDatabaseValue(stored) else { throw UnreadableValue(column: column) }
        return value
    }

    /// Likewise, of a column that may be empty.
    func optional<Value: DatabaseValueConvertible>(_ column: String) throws -> Value? {
        let stored: DatabaseValue = self[column]
        return stored.isNull ? nil : try value(column)
    }
}

extension Duration {
    /// In whole nanoseconds; at the ends of the range, the nearest that fits.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, beyond) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard overflow || beyond else { return sum }
        return seconds < 0 ? .min : .max
    }
}

/// A value in the file that no Apus wrote.
struct UnreadableValue: Error {
    let column: String
}
