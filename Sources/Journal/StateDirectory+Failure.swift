internal import FleetModel
internal import GRDB
import Glibc

extension StateDirectory {
    /// What went wrong, for people: which file, why, and what to do.
    func failure(_ operation: String, _ error: any Error) -> ApusError {
        switch error {
        case let error as ApusError:
            error
        case let error as DatabaseError:
            failure(operation, error)
        case let error as UnreadableValue:
            damaged(operation, "its \(error.column) column holds a value that apus did not write")
        case let error as UnknownMove:
            damaged(operation, "it has no move \(error.id)")
        default:
            damaged(operation, "\(error)")
        }
    }

    private func failure(_ operation: String, _ error: DatabaseError) -> ApusError {
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            busy(operation)
        case .SQLITE_FULL:
            unwritable(operation, "no space left on the device")
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_IOERR, .SQLITE_PERM, .SQLITE_AUTH:
            unwritable(operation, obstacle ?? Self.words(of: error))
        case .SQLITE_CONSTRAINT, .SQLITE_NOMEM, .SQLITE_TOOBIG:
            unwritable(operation, Self.words(of: error))
        default:
            damaged(operation, Self.words(of: error))
        }
    }

    private static func words(of error: DatabaseError) -> String {
        error.message ?? error.extendedResultCode.description
    }

    /// Why the directory takes no files, where the file system says so.
    private var obstacle: String? {
        if access(path, W_OK | X_OK) != 0 { return String(cString: strerror(errno)) }
        if access(file, F_OK) == 0, access(file, R_OK | W_OK) != 0 { return String(cString: strerror(errno)) }
        var status = statvfs()
        guard statvfs(path, &status) == 0, status.f_bavail == 0 else { return nil }
        return "no space left on the device"
    }

    func unwritable(_ operation: String, _ cause: String) -> ApusError {
        ApusError(
            .journalUnwritable, operation, "\(file): \(cause)",
            hint: "Free space or give this user the right to write there, or name another directory with "
                + "--state-dir or APUS_STATE.")
    }

    func unmerged() -> ApusError {
        ApusError(
            .journalUnwritable, "read the journal",
            "\(file): its latest changes are in \(file)-wal alone, and merging them needs a place to write",
            hint: "Copy both files to a directory that can be written, and name that with --state-dir.")
    }

    func damaged(_ operation: String, _ cause: String) -> ApusError {
        ApusError(
            .journalDamaged, operation, "\(file): \(cause)",
            hint: "Move the file away together with its -wal and -shm; apus then starts a new one. "
                + "`sqlite3 apus.sqlite .recover` shows what is left in it.")
    }

    func busy(_ operation: String) -> ApusError {
        ApusError(
            .journalBusy, operation, "\(file): another process keeps it locked",
            hint: "Try again; `fuser -v \(file)` shows who has it open.")
    }

    func newer() -> ApusError {
        ApusError(
            .journalNewer, "open the journal", "\(file): a newer apus has written it",
            hint: "Update apus here, or name another directory with --state-dir or APUS_STATE.")
    }
}
